"""What those who watch see now: the latest figures of slices and alerts, and what changed since."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.following import State, Watched, shown
from prefstream.schemas.codec import decode, encode
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.metrics import AlertCleared, AlertRaised, MetricsUpdated
from prefstream.schemas.records import LogRecord
from prefstream.schemas.topics import ALERTS_RAISED

#: Wakes those who follow; what they are told is only that there is something.
CHANNEL = "prefstream_live"
#: Key of the lock under which versions are given until the transaction ends.
LOCK_KEY = 0x707265666C697665
#: States that one look takes.
MOST_AT_ONCE = 2000

# An event that is older than the one that is there says nothing new.
_ANNOUNCE = """
insert into live_states as s (type, subject, window_name, version, occurred_at, over, event)
select u.t, u.s, u.w, nextval('live_versions'), u.o, u.v, u.e
from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[],
            $5::boolean[], $6::bytea[]) as u (t, s, w, o, v, e)
on conflict (type, subject, window_name) do update
set version = excluded.version, occurred_at = excluded.occurred_at,
    over = excluded.over, event = excluded.event
where s.occurred_at <= excluded.occurred_at and s.event <> excluded.event
"""
_SINCE = """
select version, type, subject, window_name, over, event from live_states
where version > $1 order by version limit $2
"""
# A server that crashed may give the same versions to other states; one that was restored certainly does.
_EPOCH = "select (extract(epoch from pg_postmaster_start_time()) * 1000)::bigint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What changed since a version."""

    #: Versions of another run of the server compare with none of this one.
    epoch: int
    states: Sequence[State]
    #: Whether there was more than one look takes.
    more: bool


async def announce(connection: Connection, events: Sequence[Watched]) -> None:
    """Show these events to those who watch, from the moment the transaction ends.

    Args:
        connection: In a transaction; this must be the last that it does, for others wait for its end.
        events: The latest last, where several are about the same.
    """
    if not events:
        return
    rows = {_place(event): _row(event) for event in events}
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
    columns += [list(column) for column in zip(*rows.values(), strict=True)]
    await connection.execute("select pg_advisory_xact_lock($1)", LOCK_KEY)
    await connection.execute(_ANNOUNCE, *columns)
    await connection.execute("select pg_notify($1, '')", CHANNEL)


def alerts_in(records: Sequence[LogRecord]) -> list[Watched]:
    """Return the alerts that records raise and clear, in order; what cannot be read is none."""
    found: list[Watched] = []
    for record in records:
        if record.topic == ALERTS_RAISED.name:
            with suppress(Undecodable):
                event = decode(record.value)
                found += [event] if isinstance(event, (AlertRaised, AlertCleared)) else []
    return found


async def changed_since(pool: asyncpg.Pool, epoch: int, version: int) -> Changed:
    """Return what changed since a version of an epoch; everything where the server has a new one."""
    async with pool.acquire() as connection:
        now = await connection.fetchval(_EPOCH)
        since = version if now == epoch else 0
        rows = await connection.fetch(_SINCE, since, MOST_AT_ONCE)
    states = [_state(*row) for row in rows]
    return Changed(epoch=now, states=states, more=len(rows) == MOST_AT_ONCE)


def _place(event: Watched) -> tuple[str, str, str]:
    if isinstance(event, MetricsUpdated):
        return "metrics", event.slice, event.window
    return "alert", event.alert_id, ""


def _row(event: Watched) -> tuple[datetime, bool, bytes]:
    return event.occurred_at, isinstance(event, AlertCleared), encode(shown(event))


def _state(version: int, kind: str, subject: str, window: str, over: bool, event: bytes) -> State:
    return State(key=(kind, subject, window), version=version, over=over, event=event)
