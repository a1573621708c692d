"""The demonstration's sample: prompts, ready-made pairs and, apart from them, the truth."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

import orjson

from prefstream.schemas.ids import derived_id
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.prompts import PromptSubmitted
from prefstream.schemas.values import Preference

__all__ = ["SOURCE", "Truth", "demo_pairs", "demo_prompts", "demo_truths"]

#: Who says the events of the sample.
SOURCE = "prefstream/demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is known to be right of a pair; for simulated annotators and tests alone."""

    slice: str
    preference: Preference


def demo_prompts(occurred_at: datetime) -> list[PromptSubmitted]:
    """Return the prompts that come without responses, as submitted at an instant."""
    return [
        PromptSubmitted.model_validate_json(_said(row, row["prompt_id"], occurred_at))
        for row in _rows("demo_prompts.jsonl")
    ]


def demo_pairs(occurred_at: datetime) -> list[PairProposed]:
    """Return the ready-made pairs, as proposed at an instant."""
    return [
        PairProposed.model_validate_json(_said(row, row["pair_id"], occurred_at))
        for row in _rows("demo_pairs.jsonl")
    ]


def demo_truths() -> Mapping[str, Truth]:
    """Return the truth by pair id, for ready-made pairs and for those the offline writers make."""
    return {
        row["pair_id"]: Truth(slice=row["slice"], preference=Preference(row["truth"]))
        for row in _rows("demo_truth.jsonl")
    }


def _rows(name: str) -> Iterator[dict[str, Any]]:
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    # Only "\n" ends a row: a text may hold other characters that Python takes for line ends.
    return (orjson.loads(line) for line in text.split("\n") if line)


def _said(row: Mapping[str, Any], subject: str, occurred_at: datetime) -> bytes:
    envelope = {
        "event_id": derived_id("demo", subject),
        "occurred_at": occurred_at,
        "source": SOURCE,
        "subject": subject,
        "correlation_id": subject,
    }
    return orjson.dumps({**envelope, **row})
