"""Rows of labels: what a person said of a pair."""

from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Any

import orjson
from pydantic import ValidationError

from prefstream.agents.ingestion.cells import Cells
from prefstream.agents.ingestion.defaults import Defaults, Findings
from prefstream.agents.ingestion.identities import chosen_is_a, pair_id_of
from prefstream.agents.ingestion.notations import verdict_of
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelSubmitted, Round
from prefstream.schemas.values import Verdict


class Sides(StrEnum):
    """Which response stood on the left, or was read first."""

    AB = "ab"
    BA = "ba"


class Rounds(StrEnum):
    """The rounds in which people label."""

    ANNOTATE = "annotate"
    REVIEW = "review"
    ADJUDICATE = "adjudicate"


def label_event(row: Mapping[str, object], defaults: Defaults) -> LabelSubmitted | Findings:
    """Return the submission of the label that a row holds, or why it is refused."""
    cells = Cells("labels", row, defaults)
    try:
        pair_id, annotator = pair_id_of(cells), cells.required("annotator")
        verdict = _verdict(cells, pair_id)
        if verdict is None or cells.reasons:
            return cells.findings
        event = _submitted(cells, pair_id, annotator, verdict)
    except ValidationError as error:
        return cells.refused(error)
    return cells.findings if cells.reasons else event


def _submitted(cells: Cells, pair_id: str, annotator: str, verdict: Verdict) -> LabelSubmitted:
    round_: Round = cells.choice("round", Rounds, Rounds.ANNOTATE).value
    return LabelSubmitted(
        event_id=derived_id("ingest", "labels", pair_id, annotator, round_),
        occurred_at=cells.instant(),
        source=cells.defaults.source,
        subject=pair_id,
        correlation_id=pair_id,
        pair_id=pair_id,
        annotator=annotator,
        verdict=verdict,
        dimensions=_dimensions(cells),
        rationale=cells.text("rationale") or "",
        clauses=cells.identifiers("clauses"),
        seconds=cells.number("seconds"),
        sides=cells.choice("sides", Sides, Sides.AB).value,
        task_id=cells.identifier("task_id"),
        round=round_,
        provenance=cells.defaults.provenance,
    )


def _verdict(cells: Cells, pair_id: str) -> Verdict | None:
    if not cells.has("verdict") and cells.has("chosen"):
        return Verdict.A_BETTER if chosen_is_a(pair_id) else Verdict.B_BETTER
    value = cells.raw("verdict")
    verdict = verdict_of(value)
    if verdict is None:
        empty = value is None or value == ""
        cells.note("verdict", "is missing" if empty else "is no verdict that can be read")
    return verdict


def _dimensions(cells: Cells) -> dict[str, Any]:
    value = cells.raw("dimensions")
    if isinstance(value, str):
        with suppress(orjson.JSONDecodeError):  # what is not JSON stays text, and that is the finding
            value = orjson.loads(value) if value else None
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    cells.unfit("dimensions", "an object")
    return {}
