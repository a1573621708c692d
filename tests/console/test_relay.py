"""The relay: what is in the outbox reaches the log, in order, once it is due and by one relay at a time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio

from prefstream.adapters.log import LogWriter
from prefstream.adapters.postgres.console import outbox
from prefstream.agents.tasks import record_of
from prefstream.console import relay
from prefstream.console.parts import Parts
from prefstream.console.relay import Relay
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.records import OutRecord
from tests import factories as make
from tests.console.running import RunningConsole, running_console
from tests.console.working import Work, events_of, next_task, submit, until

pytestmark = pytest.mark.postgres


class Unsteady:
    """A log that is away now and then, in front of a real one."""

    def __init__(self, writer: LogWriter, *, away: int = 0, dies_after: bool = False) -> None:
        self._writer = writer
        self.away = away
        self._dies_after = dies_after
        self.appended: list[int] = []

    async def append(self, records: Sequence[OutRecord]) -> None:
        if self.away:
            self.away -= 1
            raise Unavailable("the log is away")
        await self._writer.append(records)
        self.appended.append(len(records))
        if self._dies_after:
            raise ConnectionResetError("killed")

    async def close(self) -> None:
        await self._writer.close()


async def put(pool: asyncpg.Pool, *names: str, not_before: datetime | None = None) -> None:
    events = [make.a_label_submitted(pair_id=name) for name in names]
    async with pool.acquire() as connection, connection.transaction():
        records = [(event.event_id, record_of(event)) for event in events]
        await outbox.put(connection, records, not_before=not_before)


async def pairs_in(work: Work) -> list[str]:
    return [one["pair_id"] for one in events_of(await work.in_log())]


@pytest_asyncio.fixture
async def still(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningConsole]:
    """Give a console whose own relay does nothing."""

    async def idle(_parts: Parts, stop: asyncio.Event) -> None:
        await stop.wait()

    monkeypatch.setattr("prefstream.console.app.WORKS", (idle,))
    async with running_console(postgres_dsn) as console:
        yield console


async def test_what_is_due_is_passed_on_in_order_and_let_go_of(still: RunningConsole) -> None:
    work = Work(still.pool, still.log)
    await put(still.pool, "p1", "p1-b")
    await put(still.pool, "p2")
    later = await still.pool.fetchval("select now() + interval '1 hour'")
    await put(still.pool, "p3", not_before=later)

    async with still.pool.acquire() as connection:
        one = Relay(connection=connection, writer=still.parts.writer, batch=2)
        assert [await one.pass_on() for _ in range(3)] == [2, 1, 0]

    assert sorted(await pairs_in(work)) == ["p1", "p1-b", "p2"]
    assert (await outbox.depth(still.pool)).records == 1


async def test_headers_arrive_as_they_were(still: RunningConsole) -> None:
    event = make.a_label_submitted()
    await put(still.pool, event.pair_id)

    async with still.pool.acquire() as connection, connection.transaction():
        due = await outbox.due(connection, limit=10)

    assert due.records[0] == record_of(event)


async def test_a_crash_between_append_and_letting_go_repeats_the_same_event(still: RunningConsole) -> None:
    work = Work(still.pool, still.log)
    await put(still.pool, "p1")
    dying = Unsteady(still.parts.writer, dies_after=True)

    async with still.pool.acquire() as connection:
        with pytest.raises(ConnectionResetError):
            await Relay(connection=connection, writer=dying).pass_on()
        await Relay(connection=connection, writer=still.parts.writer).pass_on()

    first, second = events_of(await work.in_log())
    assert first == second
    assert (await outbox.depth(still.pool)).records == 0


async def test_while_the_log_is_away_people_go_on_and_nothing_is_lost(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "FIRST_WAIT_S", 0.01)
    async with running_console(postgres_dsn, undo_s=0) as plain:
        away = Unsteady(await plain.log.writer(), away=5)
        async with running_console(postgres_dsn, writer=away, undo_s=0) as console:
            work = Work(console.pool, console.log)
            await work.pairs(3)
            client = console.client(await console.person("annotator"))
            for _ in range(3):
                assert (await submit(client, await next_task(client))).status_code == 200

            await until(lambda: _all_in(work, 3))


async def test_one_relay_works_at_a_time_and_the_next_takes_over(still: RunningConsole) -> None:
    stops = [asyncio.Event(), asyncio.Event()]
    works = [asyncio.create_task(relay.work(still.parts, stop)) for stop in stops]
    work = Work(still.pool, still.log)
    await until(lambda: _holders(still.pool, 1))

    await put(still.pool, "p1")
    await until(lambda: _all_in(work, 1))
    assert await _holders(still.pool, 1)
    for place, stop in enumerate(stops):
        stop.set()
        await works[place]
        await put(still.pool, f"p{place + 2}")
        if place == 0:
            await until(lambda: _all_in(work, 2))

    assert await _holders(still.pool, 0), "a connection that is given back holds no lock"
    assert (await outbox.depth(still.pool)).records == 1


async def test_what_is_due_at_the_end_still_goes_out(still: RunningConsole) -> None:
    stop = asyncio.Event()
    stop.set()
    await put(still.pool, "p1")

    async with still.pool.acquire() as connection:
        await Relay(connection=connection, writer=still.parts.writer).run(stop)

    assert await pairs_in(Work(still.pool, still.log)) == ["p1"]


async def test_a_relay_whose_connection_is_killed_begins_again(postgres_dsn: str) -> None:
    async with running_console(postgres_dsn, undo_s=0) as console:
        work = Work(console.pool, console.log)
        await until(lambda: _holders(console.pool, 1))
        await console.pool.execute(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted"
        )
        await put(console.pool, "p1")

        await until(lambda: _all_in(work, 1))


async def test_the_age_of_the_outbox_is_that_of_what_was_due_first(still: RunningConsole) -> None:
    before = await still.pool.fetchval("select now() - interval '100 s'")
    await put(still.pool, "p1", not_before=before)
    await put(still.pool, "p2", not_before=before + timedelta(seconds=50))

    depth = await outbox.depth(still.pool)

    assert depth.records == 2
    assert 100 <= depth.age_s < 160


async def _all_in(work: Work, count: int) -> bool:
    return len({one["event_id"] for one in events_of(await work.in_log())}) == count


async def _holders(pool: asyncpg.Pool, count: int) -> bool:
    held: int = await pool.fetchval(
        "select count(*) from pg_locks where locktype = 'advisory' and granted and objid = $1 and database ="
        " (select oid from pg_database where datname = current_database())",
        relay.LOCK_KEY & 0xFFFFFFFF,
    )
    return held == count


async def test_figures_say_what_waits_and_what_was_passed_on(console: RunningConsole) -> None:
    later = await console.pool.fetchval("select now() + interval '1 hour'")
    await put(console.pool, "held back", not_before=later)
    client = console.client(await console.person("viewer"))

    async def told() -> bool:
        return "prefstream_outbox_records 1.0" in (await client.get("/metrics")).text

    await until(told)
    assert "prefstream_relay_records_total" in (await client.get("/metrics")).text
