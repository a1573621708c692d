"""What people see of a task: its texts, the constitution in force, and what was said of it before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.opening import fetch_opened, opened_one
from prefstream.schemas.codec import decode
from prefstream.schemas.constitutions import Constitution, ConstitutionPublished
from prefstream.schemas.demonstrations import TaskProposed
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.judgements import PairJudged
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.pairs import PairProposed

E = TypeVar("E", bound=Event)

_PAIR = "select a.value from pairs p join archive a on a.event_id = p.proposed_id where p.pair_id = $1"
_TASK = """
select a.value from tasks t join archive a on a.event_id = t.proposed_id where t.pair_id = $1 and t.round = $2
"""
_IN_FORCE = """
select event_id from archive where topic = 'constitutions.published.v1' and type = 'ConstitutionPublished'
order by log_offset desc limit 1
"""
_BOTH = f"""
select ({_PAIR}) as value, ({_IN_FORCE}) as event_id
"""
_EVENT = "select value from archive where event_id = $1"
_LABELS = """
select a.value, p.name from labels l join archive a using (event_id)
left join people p on p.person_id = l.annotator
where l.pair_id = $1 and l.withdrawn_at is null order by l.occurred_at, l.event_id
"""
_JUDGEMENT = "select a.value from pairs p join archive a on a.event_id = p.judgement_id where p.pair_id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A label that stands, and who gave it."""

    label: LabelSubmitted
    #: `None`: nobody whom the console knows.
    name: str | None


async def proposed_pair(source: Connection | asyncpg.Pool, pair_id: str) -> PairProposed | None:
    """Return the proposal of a pair, with its texts."""
    return _read(await _value(source, _PAIR, pair_id), PairProposed)


async def proposed_task(source: Connection | asyncpg.Pool, task_id: str, kind: str) -> TaskProposed | None:
    """Return the proposal of a task of another kind."""
    return _read(await _value(source, _TASK, task_id, kind), TaskProposed)


async def pair_and_constitution(
    connection: Connection, pair_id: str
) -> tuple[PairProposed | None, Constitution | None]:
    """Return the proposal of a pair and the constitution in force, by one question."""
    row = await connection.fetchrow(_BOTH, pair_id)
    assert row is not None
    value = await opened_one(connection, row["value"])
    return _read(value, PairProposed), await _constitution(connection, row["event_id"])


async def constitution_in_force(source: Connection | asyncpg.Pool) -> Constitution | None:
    """Return the constitution that was published last; it is read once, and looked after at every call."""
    return await _constitution(source, await source.fetchval(_IN_FORCE))


async def _constitution(source: Connection | asyncpg.Pool, event_id: UUID | None) -> Constitution | None:
    if event_id is None:
        return None
    if event_id not in _KEPT:
        published = _read(await source.fetchval(_EVENT, event_id), ConstitutionPublished)
        _KEPT[event_id] = published.constitution if published else None
        while len(_KEPT) > _MOST_KEPT:
            del _KEPT[next(iter(_KEPT))]
    return _KEPT.get(event_id)


async def standing_labels(source: Connection | asyncpg.Pool, pair_id: str) -> Sequence[Said]:
    """Return the labels of a pair that stand, the oldest first."""
    rows = await fetch_opened(source, _LABELS, pair_id)
    read = [(_read(row["value"], LabelSubmitted), row["name"]) for row in rows]
    return [Said(label=label, name=name) for label, name in read if label is not None]


async def judgement_of(source: Connection | asyncpg.Pool, pair_id: str) -> PairJudged | None:
    """Return what the judges said of a pair."""
    return _read(await _value(source, _JUDGEMENT, pair_id), PairJudged)


#: Constitutions by the event that published them: reading one costs more than all the rest of a turn.
_KEPT: dict[UUID, Constitution | None] = {}
_MOST_KEPT = 4


async def _value(source: Connection | asyncpg.Pool, query: str, *arguments: str) -> bytes | None:
    return await opened_one(source, await source.fetchval(query, *arguments))


def _read(value: bytes | None, kind: type[E]) -> E | None:
    if value is None:
        return None
    try:
        event = decode(value)
    except Undecodable:
        return None
    return event if isinstance(event, kind) else None
