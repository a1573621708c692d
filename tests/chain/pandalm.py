"""PandaLM's test set through the chain: 999 rows, three annotators each, a recorded judge."""

import os
from pathlib import Path

from tests.chain.running import Running

#: No wall clock in the rows, so that two runs can be compared.
OCCURRED_AT = "2026-01-05T12:00:00+00:00"
ENVIRONMENT = {"PREFSTREAM_OVERLAP": "3", "PREFSTREAM_JUDGE__PANEL": '["recorded:gpt-3.5-turbo"]'}
ANNOTATORS = ("annotator1", "annotator2", "annotator3")


def shared_data() -> Path:
    """Return the folder of real labelled data beside the checkout."""
    return Path(os.environ.get("PREFSTREAM_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")


def folder() -> Path:
    return shared_data() / "pandalm"


def ingest_verdicts(running: Running) -> None:
    running.command(
        "ingest",
        "verdicts",
        str(folder() / "gpt-3.5-turbo-testset-v1.json"),
        *("--map", "pair_id=idx", "--map", "verdict=gpt_result", "--map", "rationale=gpt_reason"),
        *("--set", "judge=gpt-3.5-turbo"),
    )


def pairs_command() -> tuple[str, ...]:
    columns = ("pair_id=idx", "slice=motivation_app", "response_a=response1", "response_b=response2")
    return (
        "ingest",
        "pairs",
        str(folder() / "testset-v1.json"),
        *(word for column in columns for word in ("--map", column)),
        *("--occurred-at", OCCURRED_AT, "--json"),
    )


def labels_command(annotator: str) -> tuple[str, ...]:
    return (
        "ingest",
        "labels",
        str(folder() / "testset-v1.json"),
        *("--map", "pair_id=idx", "--map", f"verdict={annotator}", "--set", f"annotator={annotator}"),
        *("--occurred-at", OCCURRED_AT),
    )
