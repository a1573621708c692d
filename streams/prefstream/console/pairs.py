"""A pair over HTTP: its texts and where it stands, for services and those who may read."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from prefstream.adapters.postgres.console.history import at_work_on
from prefstream.adapters.postgres.console.pairs import PairRow, pair_row
from prefstream.adapters.postgres.console.texts import proposed_pair
from prefstream.console.documents import problems
from prefstream.console.parts import TheParts
from prefstream.console.principals import Reads
from prefstream.console.problems import Problem

router = APIRouter(prefix="/api/v1/pairs", tags=["pairs"])


class TurnShown(BaseModel):
    """One turn of the conversation."""

    role: str
    content: str


class ResponseShown(BaseModel):
    """A response and who wrote it."""

    text: str
    model: str


class PairShown(BaseModel):
    """A pair, as those see it who do not label it."""

    pair_id: str
    prompt_id: str
    slice: str
    status: str | None
    provenance: str
    messages: list[TurnShown]
    response_a: ResponseShown
    response_b: ResponseShown
    #: The judge's label and how sure it is; `None` until it has judged.
    judge_label: str | None
    confidence: float | None
    route: str | None
    #: The label that stands, how it came about and when; `None` until there is one.
    label: str | None
    soft_label: float | None
    method: str | None
    resolved_at: datetime | None


@router.get("/{pair_id:path}", responses=problems(404, 409))
async def pair(parts: TheParts, principal: Reads, pair_id: str) -> PairShown:
    """Return a pair; not to somebody who is labelling it just now."""
    proposed = None if "\0" in pair_id else await proposed_pair(parts.pool, pair_id)
    if proposed is None:
        raise Problem(404, "there is no such pair")
    if await at_work_on(parts.pool, pair_id, person_id=principal.person_id):
        raise Problem(
            409, "you are labelling this pair just now; submit or release it first", kind="at_work_on_it"
        )
    row = await pair_row(parts.pool, pair_id) or PairRow()
    return PairShown(
        pair_id=pair_id,
        prompt_id=proposed.prompt_id,
        slice=proposed.slice,
        provenance=proposed.provenance.value,
        messages=[TurnShown(role=turn.role, content=turn.content) for turn in proposed.messages],
        response_a=ResponseShown(text=proposed.response_a.text, model=proposed.response_a.model),
        response_b=ResponseShown(text=proposed.response_b.text, model=proposed.response_b.model),
        status=row.status,
        judge_label=row.judge_label,
        confidence=row.confidence,
        route=row.route,
        label=row.label,
        soft_label=row.soft_label,
        method=row.method,
        resolved_at=row.resolved_at,
    )
