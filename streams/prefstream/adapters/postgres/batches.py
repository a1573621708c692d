"""Calls that wait for a batch, and the batches under way, each step of them durable before the next."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.journal import record_all
from prefstream.schemas.calls import About, Call, Failure, Reply

#: What a failure says of a call that came back without an answer too often.
FAILED = "batch_failed"
#: Calls that are read at once.
_SLICE = 200
_COLUMNS: Mapping[str, str] = {
    "request_id": "text",
    "provider": "text",
    "request": "bytea",
    "size": "int",
    "purpose": "text",
    "subject": "text",
    "slice": "text",
    "asked_by": "text",
    "queued_ms": "bigint",
}
# In the order of their ids, so that two processes that queue the same calls never wait in a circle.
_QUEUE = f"""
insert into batch_calls ({", ".join(_COLUMNS)})
select * from unnest({", ".join(f"${at}::{kind}[]" for at, kind in enumerate(_COLUMNS.values(), 1))})
  as queued ({", ".join(_COLUMNS)}) order by request_id
on conflict (request_id) do nothing
"""  # noqa: S608  names of our own
_PEEK = """
select request_id from (
  select request_id, queued_ms, size, sum(size) over (order by queued_ms, request_id) as size_so_far
  from batch_calls where state = 'queued' order by queued_ms, request_id limit $1
) as oldest where size_so_far <= $2 or size_so_far = size order by queued_ms, request_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The calls that wait for the next batch."""

    calls: int
    #: Bytes of their requests.
    size: int
    #: When the one that waits longest was queued; 0 where none waits.
    oldest_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBatch:
    """A batch that is not done; without a vendor's id it is not known whether the vendor has it."""

    batch_id: str
    vendor_id: str | None
    calls: int
    claimed_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of some calls of a batch; one transaction takes all of it or none."""

    answered: Sequence[tuple[Call, Reply]] = ()
    #: Ids of calls to be sent once more, and why they came back.
    again: Mapping[str, str] | None = None
    #: Ids of calls that no answer will come to, and why.
    failed: Mapping[str, str] | None = None


async def enqueue(pool: asyncpg.Pool, calls: Sequence[Call], *, now_ms: int) -> Sequence[Failure | None]:
    """Queue calls that are not queued yet and return, in their order, why no answer will come.

    A failure is told once: asked again after it, the call is queued anew.
    """
    rows = [_row(call, now_ms) for call in {call.request_id: call for call in calls}.values()]
    ids = [call.request_id for call in calls]
    failed = await pool.fetch(
        "delete from batch_calls where request_id = any($1) and state = 'failed'"
        " returning request_id, last_reason",
        ids,
    )
    told = {row["request_id"]: _failure(row["last_reason"]) for row in failed}
    if fresh := [row for row in rows if row[0] not in told]:
        # It need not wait for the disk: who asked asks again.
        await pool.execute(_QUEUE, *(list(column) for column in zip(*fresh, strict=True)))
    return [told.get(request_id) for request_id in ids]


async def pending(pool: asyncpg.Pool, subjects: Collection[str]) -> frozenset[str]:
    """Return those of these subjects that an answer is still to come for."""
    rows = await pool.fetch(
        "select distinct subject from batch_calls where subject = any($1) and state in ('queued', 'sent')",
        list(subjects),
    )
    return frozenset(row["subject"] for row in rows)


async def progress(pool: asyncpg.Pool) -> int:
    """Return a number that moves on whenever answers are in."""
    return int(await pool.fetchval("select last_value + is_called::int from batch_progress"))


class Batches:
    """The batches and their calls, for the one process that sends them."""

    def __init__(self, connection: Connection) -> None:
        """Take the connection whose lock makes this process the one; when it is lost, so is the place."""
        self._connection = connection

    async def queue(self) -> Queue:
        """Return how much waits."""
        row = await self._connection.fetchrow(
            "select count(*) as calls, coalesce(sum(size), 0)::bigint as size,"
            " coalesce(min(queued_ms), 0) as oldest_ms from batch_calls where state = 'queued'"
        )
        assert row is not None
        return Queue(calls=row["calls"], size=row["size"], oldest_ms=row["oldest_ms"])

    async def oldest(self, *, calls: int, size: int) -> Sequence[str]:
        """Return the ids of the calls that wait longest: so many and so many bytes at most, but one."""
        return [row["request_id"] for row in await self._connection.fetch(_PEEK, calls, size)]

    async def asked(self, request_ids: Sequence[str]) -> AsyncIterator[Sequence[Call]]:
        """Yield the calls of these ids in their order, some at a time: together they may be many bytes."""
        for start in range(0, len(request_ids), _SLICE):
            some = request_ids[start : start + _SLICE]
            rows = await self._connection.fetch(
                "select request_id, provider, request, purpose, subject, slice, asked_by from batch_calls"
                " where request_id = any($1)",
                some,
            )
            found = {row["request_id"]: _call(row) for row in rows}
            yield [found[request_id] for request_id in some if request_id in found]

    async def claim(self, batch_id: str, request_ids: Sequence[str], *, now_ms: int) -> None:
        """Put calls into a new batch, before the vendor is asked for it."""
        async with self._connection.transaction():
            await self._connection.execute(
                "insert into batches (batch_id, calls, claimed_ms) values ($1, $2, $3)",
                batch_id,
                len(request_ids),
                now_ms,
            )
            await self._connection.execute(
                "update batch_calls set batch_id = $1, state = 'sent', tries = tries + 1"
                " where request_id = any($2) and state = 'queued'",
                batch_id,
                list(request_ids),
            )

    async def created(self, batch_id: str, vendor_id: str, *, now_ms: int) -> None:
        """Note under which id the vendor has a batch."""
        await self._connection.execute(
            "update batches set vendor_id = $2, state = 'under_way', created_ms = $3 where batch_id = $1",
            batch_id,
            vendor_id,
            now_ms,
        )

    async def withdraw(self, batch_id: str, *, now_ms: int) -> None:
        """Let the calls of a batch that the vendor does not have wait for the next one."""
        async with self._connection.transaction():
            await self._connection.execute(
                "update batch_calls set batch_id = null, state = 'queued', tries = tries - 1"
                " where batch_id = $1 and state = 'sent'",
                batch_id,
            )
            await self._connection.execute(
                "update batches set state = 'withdrawn', done_ms = $2 where batch_id = $1", batch_id, now_ms
            )

    async def open(self) -> Sequence[OpenBatch]:
        """Return the batches that are not done, the oldest first."""
        rows = await self._connection.fetch(
            "select batch_id, vendor_id, calls, claimed_ms from batches"
            " where state in ('creating', 'under_way') order by claimed_ms"
        )
        return [OpenBatch(**row) for row in rows]

    async def known(self, vendor_ids: Collection[str]) -> frozenset[str]:
        """Return those of the vendor's batches that have a row here."""
        rows = await self._connection.fetch(
            "select vendor_id from batches where vendor_id = any($1)", list(vendor_ids)
        )
        return frozenset(row["vendor_id"] for row in rows)

    async def members(self, batch_id: str) -> Sequence[str]:
        """Return the ids of the calls of a batch that are not settled."""
        rows = await self._connection.fetch(
            "select request_id from batch_calls where batch_id = $1 and state = 'sent'", batch_id
        )
        return [row["request_id"] for row in rows]

    async def calls(self, batch_id: str, request_ids: Collection[str]) -> Mapping[str, tuple[Call, int]]:
        """Return those of these calls of a batch that are not settled, with how often each was sent."""
        rows = await self._connection.fetch(
            "select request_id, provider, request, purpose, subject, slice, asked_by, tries from batch_calls"
            " where batch_id = $1 and state = 'sent' and request_id = any($2)",
            batch_id,
            list(request_ids),
        )
        return {row["request_id"]: (_call(row), row["tries"]) for row in rows}

    async def settle(self, settlement: Settlement) -> None:
        """Record answers and mark their calls, in one transaction: no answer is had twice or lost."""
        async with self._connection.transaction():
            if settlement.answered:
                await record_all(self._connection, settlement.answered)
                await self._connection.execute(
                    "update batch_calls set state = 'answered', request = '' where request_id = any($1)",
                    [call.request_id for call, _ in settlement.answered],
                )
            for state, reasons in (("queued", settlement.again), ("failed", settlement.failed)):
                if reasons:
                    await self._connection.execute(
                        "update batch_calls b set batch_id = null, state = $3, last_reason = u.reason"
                        " from unnest($1::text[], $2::text[]) as u (id, reason) where b.request_id = u.id",
                        [*reasons],
                        [*reasons.values()],
                        state,
                    )
        await self._move_on()

    async def done(self, batch_id: str, *, now_ms: int) -> None:
        """Note that nothing more comes of a batch."""
        await self._connection.execute(
            "update batches set state = 'done', done_ms = $2 where batch_id = $1", batch_id, now_ms
        )
        await self._move_on()

    async def forget(self, *, before_ms: int) -> None:
        """Take away the answered calls of batches that were done before a moment."""
        await self._connection.execute(
            "delete from batch_calls c using batches b where c.batch_id = b.batch_id"
            " and c.state = 'answered' and b.done_ms < $1",
            before_ms,
        )

    async def _move_on(self) -> None:
        # After the commit: a sequence shows at once, and who looks then must find the answers.
        await self._connection.execute("select nextval('batch_progress')")


def _row(call: Call, now_ms: int) -> tuple[Any, ...]:
    request = orjson.dumps(dict(call.request))
    about = call.about
    # A call that does not say what it is for wakes nobody: its record comes back by itself.
    subject = about.subject or call.request_id
    texts = (about.purpose, subject, about.slice, about.asked_by)
    return (
        call.request_id,
        call.provider,
        request,
        len(request),
        *(text.replace("\0", "\N{REPLACEMENT CHARACTER}") for text in texts),
        now_ms,
    )


def _call(row: asyncpg.Record) -> Call:
    about = About(
        purpose=row["purpose"], subject=row["subject"], slice=row["slice"], asked_by=row["asked_by"]
    )
    return Call(provider=row["provider"], request=orjson.loads(row["request"]), about=about)


def _failure(reason: str) -> Failure:
    return Failure(reason=FAILED, detail=f"no answer came of a batch: {reason}", transient=False)
