"""Erasing on demand: what the command does to a running deployment, in one transaction."""

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from prefstream.adapters.postgres import erasure
from prefstream.adapters.postgres.connection import Connection, connect
from prefstream.adapters.postgres.console import audit
from prefstream.adapters.postgres.erasure import Extent, What
from prefstream.adapters.settings import Settings
from prefstream.domain.erasure.owners import CONTENT_TOPICS
from prefstream.schemas import topics
from prefstream.schemas.errors import BadInput
from prefstream.schemas.ids import EventId, derived_id
from prefstream.schemas.releases import ContentErased
from prefstream.streams.calibration_sets import queue
from prefstream.streams.places import Places, find_places

#: Who erases where nobody is named.
COMMAND_LINE: Final = "command-line"


async def erased(
    what: What, id_: str, *, reason: str, by: str | None, dry_run: bool = False, scrub: bool = False
) -> dict[str, Any]:
    """Erase a prompt or a person and return what went, and what still holds it.

    Keys, copies, the event and the note in the audit trail go together or not at all; a second time finds
    what has come since.

    Args:
        what: A prompt, with its pairs and tasks, or a person.
        id_: Its id.
        reason: Why, for the record.
        by: Who, for the record.
        dry_run: Only say what would go.
        scrub: Write the table of keys anew, so that no page of it has the old ones.

    Raises:
        BadInput: Nothing is known of it.
    """
    places = find_places(Settings())
    connection = await connect(places.dsn.get_secret_value())
    try:
        transaction = connection.transaction()
        await transaction.start()
        try:
            told = await erase_in(connection, what, id_, reason=reason, by=by)
        except BaseException:
            await transaction.rollback()
            raise
        if dry_run:
            await transaction.rollback()
        else:
            await transaction.commit()
            await erasure.vacuum(connection, list(told["erased"]), scrub=scrub)
        held = await _held(connection, places, what, id_, told)
        return told | {"dry_run": dry_run, "log": held}
    finally:
        await connection.close()


async def erase_in(
    connection: Connection, what: What, id_: str, *, reason: str, by: str | None
) -> dict[str, Any]:
    """Erase within the caller's transaction; the event goes into the outbox.

    Raises:
        BadInput: Nothing is known of it, or no reason is given.
    """
    if not reason.strip():
        raise BadInput("say why it is erased: --reason 'asked for by its author on 3 May'")
    if not await erasure.is_known(connection, what, id_):
        raise BadInput(f"nothing is known of a {what} {id_!r}; is the id right, and has the sink taken it?")
    await erasure.hold(connection)
    extent = await erasure.extent_of(connection, what, id_)
    counts = await erasure.erase(connection, extent)
    now: datetime = await connection.fetchval("select now()")
    before = next((one for one in await erasure.erasures(connection, id_) if one["what"] == what), None)
    event = _event(extent, reason=reason, by=by or COMMAND_LINE, at=now)
    fresh = before is None or str(before["event_id"]) != event.event_id
    if fresh:
        await queue(connection, [event])
    if fresh or counts:
        await erasure.note(
            connection, extent, event_id=event.event_id, reason=reason, by=event.by, at=now, erased=counts
        )
        await audit.note(connection, by, f"{what}.erased", id_, {"reason": reason, "rows": counts})
    return {
        "what": what,
        "id": id_,
        "pairs": list(extent.pairs),
        "tasks": list(extent.tasks),
        "releases": list(extent.releases),
        "erased": counts,
        "before": None if before is None else before["at"].isoformat(),
        "at": now.isoformat(),
    }


async def shown(id_: str | None) -> list[dict[str, Any]]:
    """Return what was erased, of one id or all."""
    connection = await connect(find_places(Settings()).dsn.get_secret_value())
    try:
        return [
            one | {"event_id": str(one["event_id"]), "at": one["at"].isoformat()}
            for one in await erasure.erasures(connection, id_)
        ]
    finally:
        await connection.close()


def log_until(now: datetime) -> dict[str, str | None]:
    """Return until when each topic may hold content that was written up to now; `None`: for ever."""
    return {
        spec.name: None
        if spec.retention_ms < 0
        else (now + timedelta(milliseconds=spec.retention_ms)).isoformat()
        for spec in topics.TOPICS
        if spec.name in CONTENT_TOPICS
    }


async def _held(
    connection: Connection, places: Places, what: What, id_: str, told: dict[str, Any]
) -> dict[str, Any]:
    """Return what the log itself still holds, which nobody can change but time."""
    if places.log == "kafka":
        return {"kind": "kafka", "until": log_until(datetime.fromisoformat(told["at"]))}
    extent = Extent(what=what, id=id_, pairs=tuple(told["pairs"]), tasks=tuple(told["tasks"]), releases=())
    return {"kind": "postgres", "records": await erasure.records_left(connection, extent)}


def _event(extent: Extent, *, reason: str, by: str, at: datetime) -> ContentErased:
    return ContentErased(
        event_id=_event_id(extent),
        occurred_at=at,
        source="prefstream/erasure",
        subject=extent.id,
        correlation_id=extent.id,
        what=extent.what,
        id=extent.id,
        pairs=extent.pairs,
        releases=extent.releases,
        reason=reason,
        by=by,
        at=at,
    )


def _event_id(extent: Extent) -> EventId:
    """Return the id: erasing the same again says nothing new, erasing what has come since does."""
    reached = orjson.dumps([extent.pairs, extent.tasks, extent.releases])
    return derived_id("erasure", extent.what, extent.id, hashlib.sha256(reached).hexdigest())
