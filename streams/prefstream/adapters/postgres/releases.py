"""Releases in the database: what a cut reads of the archive, and the rows of what was cut."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.opening import fetch_opened, stream_opened
from prefstream.domain.people import Permission, Role, may
from prefstream.domain.releases.exclusions import Exclusion
from prefstream.domain.releases.formats import AnsweredTask
from prefstream.domain.releases.history import PairHistory, history_of
from prefstream.domain.releases.position import Position
from prefstream.domain.releases.tasks import answered
from prefstream.schemas import topics
from prefstream.schemas.codec import decode
from prefstream.schemas.demonstrations import TaskKind, TaskProposed
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import BadInput, Erased
from prefstream.schemas.people import GoldAnswered
from prefstream.schemas.policies import Policy, PolicyPublished
from prefstream.schemas.topics import TopicSpec

#: Records fetched at a time.
_AHEAD: Final = 1000
_OF_PAIRS: Final = (
    topics.PAIRS_PROPOSED,
    topics.PAIRS_JUDGED,
    topics.PAIRS_ROUTED,
    topics.LABELS_SUBMITTED,
    topics.LABELS_RESOLVED,
    topics.PAIRS_VALIDATED,
    topics.PAIRS_REJECTED,
    topics.GOLD_CHOSEN,
)
_OF_TASKS: Final = (topics.TASKS_PROPOSED, topics.DEMONSTRATIONS_SUBMITTED)
_PINNED: Final = "select topic, partition, next_offset from sink_offsets where next_offset > 0"
# In the order of keys alone: within a key, event time and id decide, which are the same in every log.
_BELOW: Final = """
select a.subject, a.value
from archive a
join unnest($1::text[], $2::int[], $3::bigint[]) as p (topic, partition, below)
  on a.topic = p.topic and a.partition = p.partition and a.log_offset < p.below
where a.topic = any($1::text[]) and a.type is not null and ($4::text[] is null or a.type = any($4::text[]))
order by a.subject collate "C"
"""
# Sorting a million pairs fits on the disk; in memory it takes this much at most.
_WORK_MEM: Final = "set local work_mem = '64MB'"
_ROWS: Final = ("release_id", "row_id", "pair_id", "config", "split")
_RELEASE: Final = "select * from releases where release_id = $1 and cut_id is not null"
_RELEASES: Final = "select * from releases where cut_id is not null order by cut_at desc, release_id"
_LATEST: Final = """
select release_id from releases where name = $1 and cut_id is not null and withdrawn_id is null
order by cut_at desc, release_id limit 1
"""
_HOLDING: Final = "select release_id, row_id, pair_id, config, split from release_rows where row_id = $1"
_OF_PAIR: Final = "select release_id, row_id, pair_id, config, split from release_rows where pair_id = $1"
# The list of topics is that of the index `archive_pairs`, word for word: it is only used for the same.
_ABOUT_PAIR: Final = """
select value from archive
where subject = $1 and topic in (
  'pairs.proposed.v1', 'pairs.judged.v1', 'pairs.routed.v1', 'labels.submitted.v1', 'labels.resolved.v1',
  'pairs.validated.v1', 'pairs.rejected.v1'
)
"""
_ABOUT_TASK: Final = """
select value from archive where event_id in (
  select proposed_id from tasks where pair_id = $1
  union all select event_id from task_answers where task_id = $1
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRow:
    """Which row of which release holds a pair or a task."""

    release_id: str
    row_id: str
    pair_id: str
    config: str
    split: str


async def sink_position(connection: Connection) -> Position:
    """Return up to where the archive holds the log."""
    return {(row["topic"], row["partition"]): row["next_offset"] for row in await connection.fetch(_PINNED)}


async def histories(connection: Connection, position: Position) -> AsyncIterator[PairHistory]:
    """Yield the history of every pair below a position, in the order of their ids.

    Args:
        connection: In a transaction, best at REPEATABLE READ.
        position: Up to where to read.
    """
    async for pair_id, values in _by_subject(connection, position, _OF_PAIRS):
        events, erased = _events(values)
        yield history_of(pair_id, events, erased=erased)


async def tasks_of(
    connection: Connection, position: Position, kinds: Collection[TaskKind]
) -> AsyncIterator[tuple[str, AnsweredTask | Exclusion]]:
    """Yield every task of some kinds that is no pair, by slice, in the order of their ids."""
    if not kinds:
        return
    async for _, values in _by_subject(connection, position, _OF_TASKS):
        events, erased = _events(values)
        proposed = [event for event in events if isinstance(event, TaskProposed)]
        if proposed and proposed[0].kind in kinds:
            yield proposed[0].slice, answered(events, erased=erased)


async def gold_answers(connection: Connection, position: Position) -> AsyncIterator[GoldAnswered]:
    """Yield the answers to gold questions as of a position."""
    of_gold = (topics.ANNOTATORS_ASSESSED,)
    async for _, values in _by_subject(connection, position, of_gold, types=(GoldAnswered.__name__,)):
        for event in _events(values)[0]:
            if isinstance(event, GoldAnswered):
                yield event


async def policies_of(connection: Connection, position: Position) -> dict[str, Policy]:
    """Return the policies that were published below a position, by id."""
    types = (PolicyPublished.__name__,)
    found: dict[str, Policy] = {}
    async for _, values in _by_subject(connection, position, (topics.POLICIES_PUBLISHED,), types=types):
        said = [event for event in _events(values)[0] if isinstance(event, PolicyPublished)]
        found.update((event.policy_id, event.policy) for event in said)
    return found


async def add_rows(connection: Connection, rows: Iterable[ReleaseRow]) -> None:
    """Note which rows a release has, once: a release that has its rows keeps them.

    Args:
        connection: In the caller's transaction.
        rows: All of one release.
    """
    await connection.execute("create temp table fresh_rows (like release_rows) on commit drop")
    await connection.copy_records_to_table("fresh_rows", records=map(_columns, rows), columns=_ROWS)
    await connection.execute("insert into release_rows select * from fresh_rows on conflict do nothing")
    await connection.execute("drop table fresh_rows")


async def release(source: Connection | asyncpg.Pool, release_id: str) -> dict[str, Any] | None:
    """Return what was said of a release; `None`: nothing was."""
    row = await source.fetchrow(_RELEASE, release_id)
    return _said(row) if row else None


async def releases(source: Connection | asyncpg.Pool) -> list[dict[str, Any]]:
    """Return what was said of all releases, the newest first."""
    return [_said(row) for row in await source.fetch(_RELEASES)]


async def latest_release(source: Connection | asyncpg.Pool, name: str) -> str | None:
    """Return the id of the newest release of a name that was not withdrawn."""
    found: str | None = await source.fetchval(_LATEST, name)
    return found


async def rows_with(connection: Connection, named: str) -> list[ReleaseRow]:
    """Return the rows of this id, else those that hold the pair or task of this id."""
    rows = await connection.fetch(_HOLDING, named) or await connection.fetch(_OF_PAIR, named)
    return [ReleaseRow(**row) for row in rows]


async def events_about(connection: Connection, subject: str) -> list[Event]:
    """Return the events about a pair, or about a task, that can still be read."""
    rows = await fetch_opened(connection, _ABOUT_PAIR, subject)
    rows = rows or await fetch_opened(connection, _ABOUT_TASK, subject)
    return _events([row["value"] for row in rows])[0]


async def check_lead(connection: Connection, person_id: str) -> None:
    """Make sure that somebody may answer for a release.

    Raises:
        BadInput: It is nobody, or somebody who is neither QA lead nor administrator.
    """
    query = "select role, disabled_at from people where person_id = $1"
    row = await connection.fetchrow(query, person_id)
    if row is None or row["disabled_at"] is not None:
        raise BadInput(
            f"nobody called {person_id!r} may use the console; --by names a QA lead or an administrator"
            " (prefstream people list)"
        )
    if not may(Role(row["role"]), Permission.LEAD_QUALITY):
        raise BadInput(f"{person_id} is {row['role']}; only a QA lead or an administrator may do this")


async def now_of(connection: Connection) -> datetime:
    """Return the time on the database's clock."""
    moment: datetime = await connection.fetchval("select now()")
    return moment


async def _by_subject(
    connection: Connection,
    position: Position,
    specs: Sequence[TopicSpec],
    *,
    types: Sequence[str] | None = None,
) -> AsyncIterator[tuple[str, list[bytes]]]:
    names = {spec.name for spec in specs}
    places = [(topic, partition, below) for (topic, partition), below in position.items() if topic in names]
    columns = [list(column) for column in zip(*places, strict=True)] or [[], [], []]
    await connection.execute(_WORK_MEM)
    subject, values = "", list[bytes]()
    async for row in stream_opened(connection, _BELOW, *columns, types, at_once=_AHEAD):
        if row["subject"] != subject:
            if values:
                yield subject, values
            subject, values = row["subject"], []
        values.append(row["value"])
    if values:
        yield subject, values


def _events(values: Iterable[bytes]) -> tuple[list[Event], bool]:
    """Return the events that the archive's values say, and whether one can be read no more."""
    events: list[Event] = []
    erased = False
    for value in values:
        try:
            events.append(decode(value))
        except Erased:
            erased = True
    return events, erased


def _columns(row: ReleaseRow) -> tuple[str, ...]:
    return row.release_id, row.row_id, row.pair_id, row.config, row.split


def _said(row: asyncpg.Record) -> dict[str, Any]:
    documents = ("plan", "position", "rows", "files", "gates", "overrides")
    said: Mapping[str, Any] = dict(row)
    return {name: orjson.loads(value) if name in documents else value for name, value in said.items()}
