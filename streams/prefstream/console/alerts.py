"""Alerts over HTTP: who may read sees them, a QA lead takes them in hand or silences them for a while."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from prefstream.adapters.postgres import alerts
from prefstream.console.documents import problems
from prefstream.console.parts import TheParts
from prefstream.console.principals import LeadsQuality, Reads
from prefstream.console.problems import Problem
from prefstream.domain.alerts import DEFAULTS, UNDEFINED
from prefstream.schemas.errors import BadInput
from prefstream.schemas.ids import Identifier

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"], responses=problems(404, 422))

_Id = Annotated[str, Path(min_length=1, max_length=256)]
_Why = Annotated[str, Field(min_length=1, max_length=2000)]
_RULES = frozenset(one.name + ending for one in DEFAULTS for ending in ("", UNDEFINED))


class Acknowledgement(BaseModel):
    """What is being done about an alert."""

    model_config = ConfigDict(extra="forbid")

    why: _Why


class WantedSilence(BaseModel):
    """What nobody is to be told of for a while, and why."""

    model_config = ConfigDict(extra="forbid")

    #: A rule, a slice, or both.
    rule: Identifier | None = None
    slice: Identifier | None = None
    hours: Annotated[float, Field(gt=0, le=24 * 90)]
    why: _Why


@router.get("", summary="List alerts")
async def listed(
    parts: TheParts,
    _reader: Reads,
    slice_name: Annotated[str | None, Query(max_length=256, alias="slice")] = None,
    cleared: bool = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:
    """Return open alerts, the gravest first, those too that are over where asked for, and the silences."""
    found = await alerts.alerts(parts.pool, slice_name=slice_name, cleared=cleared, limit=limit)
    return {"alerts": found, "silences": await alerts.silences(parts.pool)}


@router.get("/{alert_id}", summary="Show an alert and what is behind it")
async def shown(alert_id: _Id, parts: TheParts, _reader: Reads) -> dict[str, Any]:
    """Return an alert with the pairs behind it and the clauses that their labels cite most."""
    try:
        return await alerts.alert(parts.pool, alert_id)
    except BadInput as error:
        raise Problem(404, str(error)) from error


@router.post("/{alert_id}/acknowledge", summary="Take an alert in hand")
async def acknowledge(
    alert_id: _Id, done: Acknowledgement, parts: TheParts, lead: LeadsQuality
) -> dict[str, Any]:
    """Note that somebody looks after it; of several the first stays. It clears when its cause is over."""
    async with parts.pool.acquire() as connection, connection.transaction():
        try:
            return await alerts.acknowledge(connection, alert_id, by=lead.person_id, why=done.why)
        except BadInput as error:
            raise Problem(404, str(error)) from error


@router.post("/silences", status_code=HTTPStatus.CREATED, summary="Silence alerts for a while")
async def silence(wanted: WantedSilence, parts: TheParts, lead: LeadsQuality) -> dict[str, Any]:
    """Tell nobody of a rule's alerts, a slice's, or both; they are raised and listed all the same."""
    if wanted.rule is not None and wanted.rule not in _RULES:
        raise Problem(422, f"there is no alert rule {wanted.rule!r}", kind="unknown_rule")
    async with parts.pool.acquire() as connection, connection.transaction():
        try:
            return await alerts.silence(
                connection,
                rule=wanted.rule,
                slice_name=wanted.slice,
                hours=wanted.hours,
                by=lead.person_id,
                why=wanted.why,
            )
        except BadInput as error:
            raise Problem(422, str(error), kind="nothing_named") from error


@router.delete("/silences/{n}", status_code=HTTPStatus.NO_CONTENT, summary="End a silence")
async def end_silence(n: Annotated[int, Path(ge=1, le=2**62)], parts: TheParts, lead: LeadsQuality) -> None:
    """End a silence before its time."""
    async with parts.pool.acquire() as connection, connection.transaction():
        try:
            await alerts.end_silence(connection, n, by=lead.person_id)
        except BadInput as error:
            raise Problem(404, str(error)) from error
