"""Routes of the queue: the next task, what happens to its lease, and what waits."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from prefstream.adapters.postgres.console import outbox
from prefstream.adapters.postgres.console.waiting import waiting
from prefstream.console import answers, holding, lending
from prefstream.console.parts import TheParts
from prefstream.console.principals import Labels, Reads
from prefstream.console.problems import Problem
from prefstream.domain.tasks import known_rounds

router = APIRouter(prefix="/api/v1", tags=["queue"])

_Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=256)]], Field(max_length=200)]
_Fence = Annotated[int, Field(ge=0, lt=2**63)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NextTask(_Said):
    """What a person asks for."""

    #: In the order in which they are looked for; null: whatever is most urgent.
    rounds: _Names | None = None
    #: Null: all that the person may label.
    slices: _Names | None = None
    #: One more although one is held, to have it ready.
    ahead: bool = False


class Fenced(_Said):
    """Which hold of a lease is meant."""

    fence: _Fence


class Draft(Fenced):
    """What a person has written so far."""

    draft: dict[str, Any]


class Submit(Fenced):
    """An answer."""

    #: Seconds from showing the task to submitting, as the page measured them.
    seconds: Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False)] | None = None
    #: Of a pair: verdict (with the sides as shown), dimensions, rationale, clauses, quotes, needs_specialist,
    #: error_category, refinement, and in review blind_verdict. Of another kind: as the kind has it.
    answer: dict[str, Any]


class Text(BaseModel):
    """A text."""

    text: str


class Turn(BaseModel):
    """A turn of a conversation."""

    role: str
    content: str


class Before(BaseModel):
    """What was said of a pair before, with the sides as they are shown now."""

    labels: list[dict[str, Any]]
    judge: dict[str, Any] | None


class LeasedTask(BaseModel):
    """A task lent to a person."""

    model_config = ConfigDict(extra="allow")

    lease_id: UUID
    fence: int
    expires_at: datetime
    heartbeat_s: float
    #: "pair", or the kind of another task.
    kind: str
    round: str
    slice: str
    task_id: str
    messages: list[Turn]
    left: Text | None = None
    right: Text | None = None
    candidates: list[Text] | None = None
    draft: dict[str, Any] | None
    shown: Before | None
    rubric_id: str | None
    #: A word to the person, e.g. a warning.
    notice: str | None
    #: Why a break would be good now.
    rest: dict[str, Any] | None


class Submitted(BaseModel):
    """An answer was taken."""

    submission_id: UUID
    undo_until: datetime
    #: What the person is told at once, e.g. while training.
    feedback: dict[str, Any] | None


class Extended(BaseModel):
    """A lease goes on."""

    expires_at: datetime


class Waits(BaseModel):
    """Tasks of one slice and round."""

    slice: str
    round: str
    tasks: int
    labels: int
    oldest: datetime | None
    priority: int | None
    leases: int
    answers: int


class Queue(BaseModel):
    """What waits for people, and what they said that is on its way to the log."""

    waiting: list[Waits]
    outbox_records: int
    #: Seconds since the first of them was due; negative while it is held back.
    outbox_age_s: float


_PROBLEM: dict[str, Any] = {"content": {"application/problem+json": {"schema": {"type": "object"}}}}
_GONE: dict[int | str, dict[str, Any]] = {
    404: _PROBLEM | {"description": "Not a lease or a submission of yours."},
    409: _PROBLEM | {"description": "lease_expired, stale_fence, already_submitted or too_late."},
}


@router.post(
    "/tasks/next",
    responses={
        200: {"model": LeasedTask, "description": "A task, lent."},
        204: {"description": "Nothing to do."},
        403: _PROBLEM | {"description": "paused: with the reason."},
    },
)
async def next_task(parts: TheParts, principal: Labels, wanted: NextTask) -> Response:
    """Lend the next task, or give back the one that is held."""
    unknown = [one for one in wanted.rounds or () if one not in known_rounds()]
    if unknown:
        known = ", ".join(known_rounds())
        raise Problem(
            422, f"there is no round {unknown[0][:100]!r}; rounds are: {known}", kind="unknown_round"
        )
    order = lending.Order(rounds=wanted.rounds, slices=wanted.slices, ahead=wanted.ahead)
    found = await lending.next_task(parts, principal, order)
    return Response(status_code=204) if found is None else _json(found)


@router.post("/leases/{lease_id}/shown", status_code=204, responses=_GONE)
async def shown(parts: TheParts, principal: Labels, lease_id: UUID, said: Fenced) -> Response:
    """Say that the task is before the person's eyes: the clock starts, once."""
    await holding.shown(parts, principal, str(lease_id), said.fence)
    return Response(status_code=204)


@router.post(
    "/leases/{lease_id}/heartbeat", responses=_GONE | {200: {"model": Extended, "description": "It goes on."}}
)
async def heartbeat(parts: TheParts, principal: Labels, lease_id: UUID, said: Fenced) -> Response:
    """Say that the person is still at it."""
    return _json(await holding.alive(parts, principal, str(lease_id), said.fence))


@router.post("/leases/{lease_id}/release", status_code=204, responses=_GONE)
async def release(parts: TheParts, principal: Labels, lease_id: UUID, said: Fenced) -> Response:
    """Give a task back."""
    await holding.released(parts, principal, str(lease_id), said.fence)
    return Response(status_code=204)


@router.put("/leases/{lease_id}/draft", status_code=204, responses=_GONE)
async def draft(parts: TheParts, principal: Labels, lease_id: UUID, said: Draft) -> Response:
    """Keep what the person has written so far."""
    await holding.drafted(parts, principal, str(lease_id), said.fence, said.draft)
    return Response(status_code=204)


@router.post(
    "/leases/{lease_id}/submit", responses=_GONE | {200: {"model": Submitted, "description": "It was taken."}}
)
async def submit(parts: TheParts, principal: Labels, lease_id: UUID, said: Submit) -> Response:
    """Submit an answer; the same again is answered the same."""
    brought = answers.Brought(
        lease_id=str(lease_id),
        fence=said.fence,
        seconds=said.seconds,
        answer=said.answer,
        canonical=answers.canonical(said.answer),
    )
    taken = await answers.submitted(parts, principal, brought)
    return _json(
        {
            "submission_id": taken.submission_id,
            "undo_until": taken.undo_until,
            "feedback": taken.feedback,
        }
    )


@router.post(
    "/submissions/{submission_id}/undo",
    responses=_GONE | {200: {"model": LeasedTask, "description": "Its task, yours again."}},
)
async def undo(parts: TheParts, principal: Labels, submission_id: UUID) -> Response:
    """Take an answer back while nothing was said of it."""
    return _json(await answers.undone(parts, principal, str(submission_id)))


@router.get("/queue", responses={200: {"model": Queue, "description": "What waits."}})
async def queue(parts: TheParts, principal: Reads) -> Response:  # noqa: ARG001
    """Return what waits for people."""
    async with parts.pool.acquire() as connection:
        found = await waiting(connection)
        depth = await outbox.depth(connection)
    return _json(
        {
            "waiting": [asdict(one) for one in found],
            "outbox_records": depth.records,
            "outbox_age_s": depth.age_s,
        }
    )


def _json(document: dict[str, Any]) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
