"""Rows of pairs: a prompt with two responses that exist already."""

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError

from prefstream.agents.ingestion.cells import Cells
from prefstream.agents.ingestion.defaults import Defaults, Findings
from prefstream.agents.ingestion.identities import Content, chosen_is_a, content_of, pair_id_of, prompt_id_of
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.ids import derived_id
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Response, Stakes

_DEFAULT_SLICE: Final[str] = Constitution.model_fields["default_slice"].default
#: Who wrote a response when nobody says.
_UNKNOWN = "unknown"


def pair_event(row: Mapping[str, object], defaults: Defaults) -> PairProposed | Findings:
    """Return the proposal of the pair that a row holds, or why it is refused."""
    cells = Cells("pairs", row, defaults)
    try:
        content = content_of(cells)
        if content is None:
            return cells.findings
        event = _proposed(cells, content)
    except ValidationError as error:
        return cells.refused(error)
    return cells.findings if cells.reasons else event


def _proposed(cells: Cells, content: Content) -> PairProposed:
    pair_id = pair_id_of(cells, content)
    prompt_id = prompt_id_of(cells, content.messages)
    response_a, response_b = _sides(cells, content, pair_id)
    return PairProposed(
        event_id=derived_id("ingest", "pairs", pair_id),
        occurred_at=cells.instant(),
        source=cells.defaults.source,
        subject=pair_id,
        correlation_id=pair_id,
        pair_id=pair_id,
        prompt_id=prompt_id,
        messages=content.messages,
        response_a=response_a,
        response_b=response_b,
        other_messages=content.other_messages,
        strategy=cells.identifier("strategy") or "ready_made",
        group_id=cells.named("group_id") or prompt_id,
        slice=cells.identifier("slice") or _DEFAULT_SLICE,
        stakes=cells.choice("stakes", Stakes, Stakes.LOW),
        tags=cells.identifiers("tags"),
        provenance=cells.defaults.provenance,
    )


def _sides(cells: Cells, content: Content, pair_id: str) -> tuple[Response, Response]:
    names = ("chosen_model", "rejected_model") if content.ranked else ("model_a", "model_b")
    first, second = (
        Response(text=text, model=cells.identifier(name) or _UNKNOWN, provenance=cells.defaults.provenance)
        for text, name in zip((content.first, content.second), names, strict=True)
    )
    if content.ranked and not chosen_is_a(pair_id):
        return second, first
    return first, second
