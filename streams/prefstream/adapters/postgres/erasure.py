"""Erasing: keys are destroyed, and copies of content that stand elsewhere are blanked, in one transaction.

Everything here may be done again: a second time finds what has come since.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.erasure_statements import (
    DETOURS,
    ERASE_DETOURS,
    LEFT,
    NAMING,
    NO_ANSWER,
    OF_PERSON,
    OF_PROMPT,
    bound,
)
from prefstream.adapters.postgres.keys import ALONE, destroy
from prefstream.adapters.postgres.log import unpacked
from prefstream.adapters.postgres.opening import stream_opened
from prefstream.domain.erasure.owners import key_owner
from prefstream.schemas.codec import ERASED

What = Literal["prompt", "person"]

_PAIRS: Final = "select pair_id from pairs where prompt_id = $1 order by pair_id"
_TASKS: Final = """
select t.pair_id as task_id, a.value from tasks t join archive a on a.event_id = t.proposed_id
order by t.pair_id
"""
_PROMPT_KNOWN: Final = """
select exists (select from prompts where prompt_id = $1) or exists (select from pairs where prompt_id = $1)
  or exists (select from content_keys where owner = 'prompt:' || $1)
  or exists (select from erasures where what = 'prompt' and id = $1)
"""
_PERSON_KNOWN: Final = """
select exists (select from people where person_id = $1) or exists (select from labels where annotator = $1)
  or exists (select from task_answers where annotator = $1)
  or exists (select from content_keys where owner = 'person:' || $1)
  or exists (select from erasures where what = 'person' and id = $1)
"""
_PAIRS_OF_PERSON: Final = "select distinct pair_id from labels where annotator = $1 order by pair_id"
_TASKS_OF_PERSON: Final = "select distinct task_id from task_answers where annotator = $1 order by task_id"
_RELEASES: Final = """
select distinct release_id from release_rows where pair_id = any($1::text[]) order by release_id
"""
_MARK: Final = """
update releases r set erased_rows = h.n from (
  select release_id, count(*) as n from release_rows
  where release_id = any($1::text[])
    and pair_id = any(select unnest(pairs || tasks) from erasures) group by release_id
) h where h.release_id = r.release_id and r.erased_rows <> h.n
"""
_SAY: Final = """
insert into erasures (what, id, event_id, reason, by_whom, at, pairs, tasks, releases, erased)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (what, id) do update set event_id = excluded.event_id, pairs = excluded.pairs,
  tasks = excluded.tasks, releases = excluded.releases
"""
_SAID: Final = "select * from erasures where $1::text is null or id = $1 order by at, what, id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What an erasure reaches."""

    what: What
    id: str
    pairs: tuple[str, ...]
    tasks: tuple[str, ...]
    #: Releases that hold some of it.
    releases: tuple[str, ...]

    @property
    def owners(self) -> set[str]:
        """Return whose keys go: a person's labels are sealed under that person's key besides the pair's."""
        if self.what == "person":
            return {f"person:{self.id}"}
        pairs, tasks = (f"pair:{one}" for one in self.pairs), (f"task:{one}" for one in self.tasks)
        return {f"prompt:{self.id}", *pairs, *tasks}

    @property
    def ids(self) -> Mapping[str, Sequence[str]]:
        """Return the ids by which its rows are found, by the field that names them."""
        if self.what == "person":
            return {"prompt_id": (), "pair_id": (), "task_id": (), "annotator": (self.id,)}
        return {"prompt_id": (self.id,), "pair_id": self.pairs, "task_id": self.tasks, "annotator": ()}


async def is_known(connection: Connection, what: What, id_: str) -> bool:
    """Return whether the database holds anything of a prompt or a person."""
    return bool(await connection.fetchval(_PROMPT_KNOWN if what == "prompt" else _PERSON_KNOWN, id_))


async def extent_of(connection: Connection, what: What, id_: str) -> Extent:
    """Return what erasing a prompt or a person reaches; the connection is in a transaction."""
    if what == "prompt":
        pairs = [row["pair_id"] for row in await connection.fetch(_PAIRS, id_)]
        tasks = await _tasks_of(connection, id_)
    else:
        pairs = [row["pair_id"] for row in await connection.fetch(_PAIRS_OF_PERSON, id_)]
        tasks = [row["task_id"] for row in await connection.fetch(_TASKS_OF_PERSON, id_)]
    before = await connection.fetchrow(
        "select pairs, tasks from erasures where what = $1 and id = $2", what, id_
    )
    known_pairs, known_tasks = (before["pairs"], before["tasks"]) if before else ([], [])
    pairs, tasks = sorted({*pairs, *known_pairs}), sorted({*tasks, *known_tasks})
    releases = await connection.fetch(_RELEASES, [*pairs, *tasks])
    return Extent(
        what=what,
        id=id_,
        pairs=tuple(pairs),
        tasks=tuple(tasks),
        releases=tuple(row["release_id"] for row in releases),
    )


async def hold(connection: Connection) -> None:
    """Wait for the batches that sinks are writing, and keep others back until the transaction ends."""
    await connection.execute(ALONE)


async def erase(connection: Connection, extent: Extent) -> dict[str, int]:
    """Destroy the keys and blank the copies; return how many rows lost something, by table.

    Args:
        connection: In a transaction that holds everybody else back.
        extent: What to erase.
    """
    counts = {"content_keys": await destroy(connection, extent.owners)}
    values = _values(extent)
    statements = OF_PROMPT if extent.what == "prompt" else OF_PERSON
    for table, statement in (*statements, *NAMING):
        query, arguments = bound(statement, values)
        counts[table] = counts.get(table, 0) + _count(await connection.execute(query, *arguments))
    counts["archive"] += await _erase_detours(connection, extent, values["named"])
    return {table: count for table, count in counts.items() if count}


async def note(
    connection: Connection,
    extent: Extent,
    *,
    event_id: str,
    reason: str,
    by: str,
    at: datetime,
    erased: Mapping[str, int],
) -> None:
    """Remember what was erased, and mark the releases that hold it."""
    await connection.execute(
        _SAY,
        extent.what,
        extent.id,
        event_id,
        reason,
        by,
        at,
        list(extent.pairs),
        list(extent.tasks),
        list(extent.releases),
        orjson.dumps(dict(erased)).decode(),
    )
    await connection.execute(_MARK, list(extent.releases))


async def erasures(source: Connection | asyncpg.Pool, id_: str | None = None) -> list[dict[str, Any]]:
    """Return what was erased, the first first; of one id, or all."""
    rows = await source.fetch(_SAID, id_)
    return [dict(row) | {"erased": orjson.loads(row["erased"])} for row in rows]


async def records_left(connection: Connection, extent: Extent) -> dict[str, int]:
    """Return how many records of it the Postgres log still holds, by topic."""
    query, arguments = bound(LEFT, _values(extent))
    return {row["topic"]: row["n"] for row in await connection.fetch(query, *arguments)}


async def _erase_detours(connection: Connection, extent: Extent, named: Sequence[bytes]) -> int:
    """Erase original bytes that belong to the prompt by their key, or name what is erased."""
    owners = extent.owners
    found = [
        row["event_id"]
        async for row in stream_opened(connection, DETOURS)
        if key_owner(_first_topic(row), row["key"]) in owners or any(one in row["value"] for one in named)
    ]
    return _count(await connection.execute(ERASE_DETOURS, found))


def _first_topic(row: Mapping[str, Any]) -> str:
    told = dict(unpacked(row["headers"])).get("ps_topic")
    return str(row["topic"]) if told is None else told.decode(errors="replace")


async def _tasks_of(connection: Connection, prompt_id: str) -> list[str]:
    return [
        row["task_id"]
        async for row in stream_opened(connection, _TASKS)
        if row["value"] != ERASED and orjson.loads(row["value"]).get("prompt_id") == prompt_id
    ]


def _values(extent: Extent) -> dict[str, Any]:
    ids = extent.ids
    names = {"prompt_id": "prompt", "pair_id": "pair", "task_id": "task", "annotator": "person"}
    keys = {f"{names[field]}_keys": [one.encode() for one in some] for field, some in ids.items()}
    return keys | {
        "prompts": list(ids["prompt_id"]),
        "pairs": list(ids["pair_id"]),
        "tasks": list(ids["task_id"]),
        "people": list(ids["annotator"]),
        "named": [named for field, some in ids.items() for one in some for named in _named(field, one)],
        "answer": NO_ANSWER,
    }


def _named(field: str, id_: str) -> list[bytes]:
    """Return how JSON names it, with blanks as others write them and without.

    >>> _named("pair_id", "p-1")
    [b'"pair_id":"p-1"', b'"pair_id": "p-1"']
    """
    said = orjson.dumps(id_)
    return [b'"' + field.encode() + between + said for between in (b'":', b'": ')]


def _count(said: str) -> int:
    return int(said.rsplit(maxsplit=1)[-1])


async def vacuum(connection: Connection, tables: Sequence[str], *, scrub: bool) -> None:
    """Let go of the old versions of rows; `scrub` writes the table of keys anew, so that no page has them."""
    for table in sorted({"content_keys", *tables}):
        full = "full " if scrub and table == "content_keys" else ""
        await connection.execute(f"vacuum {full}{table}", timeout=3600)
