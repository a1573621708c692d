"""Rows of verdicts that a judge gave before, to be read back by the recorded judge."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from pydantic import TypeAdapter, ValidationError

from prefstream.agents.ingestion.cells import Cells
from prefstream.agents.ingestion.defaults import Defaults, Findings
from prefstream.agents.ingestion.identities import pair_id_of
from prefstream.agents.ingestion.labels import Sides
from prefstream.agents.ingestion.notations import verdict_of
from prefstream.schemas.ids import Identifier
from prefstream.schemas.values import Provenance, Vote

_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedVerdict:
    """One vote of one judge on one pair, given before."""

    judge: str
    pair_id: str
    vote: Vote


def recorded_verdict(row: Mapping[str, object], defaults: Defaults) -> RecordedVerdict | Findings:
    """Return the vote that a row holds, or why it is refused.

    A verdict that is empty or cannot be read is a vote without a verdict, never a tie; a row
    without any column for it is refused, for that is a mistake in the mapping.
    """
    cells = Cells("verdicts", row, defaults)
    try:
        pair_id, judge = pair_id_of(cells), cells.required("judge")
        if not cells.has("verdict"):
            cells.note("verdict", "is missing")
        if cells.reasons:
            return cells.findings
        recorded = RecordedVerdict(
            judge=_IDENTIFIER.validate_python(judge),
            pair_id=_IDENTIFIER.validate_python(pair_id),
            vote=_vote(cells, judge),
        )
    except ValidationError as error:
        return cells.refused(error)
    return cells.findings if cells.reasons else recorded


def _vote(cells: Cells, judge: str) -> Vote:
    value = cells.raw("verdict")
    return Vote(
        judge=judge,
        provenance=Provenance.RECORDED,
        order=cells.choice("order", Sides, Sides.AB).value,
        variant=cells.identifier("variant") or "recorded",
        raw=_storable(cells, "verdict", _as_given(value)),
        verdict=verdict_of(value),
        p_a=cells.number("p_a"),
        rationale=_storable(cells, "rationale", cells.text("rationale")) or "",
    )


def _as_given(value: object) -> str | None:
    """Return the verdict as the judge gave it, which need not be text."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value, default=str).decode()


def _storable(cells: Cells, name: str, text: str | None) -> str | None:
    if text is not None and "\x00" in text:
        cells.note(name, "holds a NUL character, which the database cannot keep")
    return text
