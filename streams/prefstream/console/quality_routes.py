"""Routes of quality, for QA leads: people's records, acts about them, gold questions, weekly sets."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import (
    outbox,
    quality_acts,
    quality_figures,
    quality_gold,
    quality_people,
    quality_sets,
)
from prefstream.adapters.postgres.console.quality_acts import WantedAct
from prefstream.agents.tasks import record_of
from prefstream.console.documents import problems
from prefstream.console.parts import TheParts
from prefstream.console.principals import LeadsQuality
from prefstream.console.problems import Problem
from prefstream.schemas.envelope import Event, Instant
from prefstream.schemas.ids import Identifier
from prefstream.schemas.values import Verdict

router = APIRouter(prefix="/api/v1/quality", tags=["quality"], responses=problems(404, 409))

_Id = Annotated[str, Path(max_length=256)]
_Slice = Annotated[str | None, Query(max_length=256, alias="slice")]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ActToDo(_Said):
    """What is to be done about somebody, and why."""

    action: Literal["warn", "pause", "resume", "retrain", "withdraw"]
    #: The person is told so when warned or paused; the audit trail always is.
    why: Annotated[str, Field(min_length=1, max_length=2000)]
    #: Until when a pause lasts; null: until somebody resumes.
    until: Instant | None = None
    #: The finding it answers, as a proposal names it.
    cause: Annotated[str, Field(max_length=500)] = ""
    #: Withdraw: labels given after this; a finding says so itself.
    after: Instant | None = None
    #: Withdraw: all labels of the person.
    everything: bool = False


class ActDone(BaseModel):
    """What was done."""

    action: str
    #: False: it was done before, for the same finding.
    done: bool
    #: Labels that are withdrawn.
    labels: int


class GoldToChoose(_Said):
    """A pair that is to be a gold question."""

    pair_id: Annotated[str, Field(min_length=1, max_length=256)]
    #: The right answer; null: the label that the pair has.
    expected: Verdict | None = None
    #: What people are told where they are told whether they were right.
    why: Annotated[str, Field(max_length=5000)] = ""
    clauses: Annotated[list[Identifier], Field(max_length=100)] = []


class GoldChosenToo(BaseModel):
    """Which pair it is about."""

    pair_id: str


@router.get("/annotators", summary="List who labels, and how")
async def annotators(parts: TheParts, _lead: LeadsQuality) -> dict[str, Any]:
    """Return everybody by name, with reliability, gold record, habits and what is proposed to be done."""
    return {"annotators": await quality_figures.people(parts.pool)}


@router.get("/annotators/{person_id}", summary="Show how somebody labels")
async def annotator(person_id: _Id, parts: TheParts, _lead: LeadsQuality) -> dict[str, Any]:
    """Return one person, with all that was done about them."""
    return await quality_figures.person(parts.pool, person_id)


@router.post("/annotators/{person_id}/actions", summary="Do something about how somebody labels")
async def act(person_id: _Id, wanted: ActToDo, parts: TheParts, lead: LeadsQuality) -> ActDone:
    """Warn, pause, resume, retrain, or withdraw labels: as events that revise, nothing is deleted."""
    said = WantedAct(
        person_id=person_id,
        action=wanted.action,
        why=wanted.why,
        by=lead.person_id,
        until=wanted.until,
        cause=wanted.cause,
        after=wanted.after,
        everything=wanted.everything,
    )
    questions = parts.settings.quality.training_questions
    async with parts.pool.acquire() as connection, connection.transaction():
        events = await quality_acts.act(connection, said, questions=questions, now=await _now(connection))
        await _queue(connection, events)
    labels = sum(event.type == "LabelWithdrawn" for event in events)
    return ActDone(action=wanted.action, done=bool(events), labels=labels)


@router.get("/reliability", summary="Show how people label, by slice")
async def reliability(parts: TheParts, _lead: LeadsQuality, slice_name: _Slice = None) -> dict[str, Any]:
    """Return accuracy and confusion of each person in each slice, as the model of crowds has them."""
    return {"reliability": await quality_people.reliability_of(parts.pool, slice_name=slice_name)}


@router.get("/gold", summary="List gold questions")
async def gold(
    parts: TheParts, _lead: LeadsQuality, slice_name: _Slice = None, active: bool | None = None
) -> dict[str, Any]:
    """Return the pool, each question with how often it was answered and how often rightly."""
    return {"gold": await quality_gold.items(parts.pool, slice_name=slice_name, active=active)}


@router.get("/gold/suggestions", summary="Suggest gold questions")
async def gold_suggestions(
    parts: TheParts,
    _lead: LeadsQuality,
    slice_name: _Slice = None,
    most: Annotated[int, Query(ge=1, le=1000)] = 20,
) -> dict[str, Any]:
    """Return pairs that would make gold questions: adjudicated ones first."""
    found = await quality_gold.suggested(parts.pool, slice_name=slice_name, most=most)
    return {"suggestions": found}


@router.post("/gold", status_code=HTTPStatus.CREATED, summary="Choose a gold question")
async def choose_gold(chosen: GoldToChoose, parts: TheParts, lead: LeadsQuality) -> GoldChosenToo:
    """Make a pair a gold question; from now on no release takes it and nobody labels it as work."""
    async with parts.pool.acquire() as connection, connection.transaction():
        events = await quality_acts.choose_gold(
            connection,
            chosen.pair_id,
            by=lead.person_id,
            now=await _now(connection),
            expected=chosen.expected,
            why=chosen.why,
            clauses=chosen.clauses,
        )
        await _queue(connection, events)
    return GoldChosenToo(pair_id=chosen.pair_id)


@router.delete("/gold/{pair_id}", summary="Retire a gold question")
async def retire_gold(pair_id: _Id, parts: TheParts, lead: LeadsQuality) -> GoldChosenToo:
    """Ask a pair no more; it stays out of releases."""
    async with parts.pool.acquire() as connection, connection.transaction():
        now = await _now(connection)
        events = await quality_acts.retire_gold(connection, pair_id, by=lead.person_id, now=now)
        await _queue(connection, events)
    return GoldChosenToo(pair_id=pair_id)


@router.get("/calibration", summary="List weekly sets")
async def calibration(parts: TheParts, _lead: LeadsQuality) -> dict[str, Any]:
    """Return the sets there are, the latest first."""
    return {"weeks": await quality_sets.weeks(parts.pool)}


@router.get("/calibration/{week}", summary="Show a week's set and its drift")
async def calibration_week(
    week: Annotated[str, Path(pattern=r"^\d{4}-W\d{2}$")], parts: TheParts, _lead: LeadsQuality
) -> dict[str, Any]:
    """Return the set and, by person and judge, how they did against others and against themselves."""
    found = await quality_figures.week(parts.pool, week)
    if found is None:
        raise Problem(404, f"the week {week} has no set")
    return found


async def _now(connection: Connection) -> datetime:
    """Return the time of the database: clocks of consoles may differ."""
    now: datetime = await connection.fetchval("select now()")
    return now


async def _queue(connection: Connection, events: Sequence[Event]) -> None:
    await outbox.put(connection, [(one.event_id, record_of(one)) for one in events])
