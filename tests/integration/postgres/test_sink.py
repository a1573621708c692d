"""The sink on a real server: fenced, exact, and stopped by no record."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
import pytest
from tests import factories as make
from tests.unit.streams.scripted import MemoryIntake, MemoryWriter

from prefstream.adapters.postgres.log import PostgresLog
from prefstream.schemas.codec import decode
from prefstream.schemas.errors import Fenced, Unavailable
from prefstream.schemas.ids import derived_id
from prefstream.schemas.metrics import MetricsUpdated
from prefstream.schemas.records import LogRecord
from prefstream.streams.sink import Claims, Sink

pytestmark = pytest.mark.postgres

PLACE = ("pairs.proposed.v1", 0)
LABELS = ("labels.submitted.v1", 0)
SUBMITTED = ("prompts.submitted.v1", 0)


def proposals(count: int, *, first: int = 0) -> list[LogRecord]:
    return [
        make.a_record(make.a_pair_proposed(pair_id=f"pair-{number}"), offset=number)
        for number in range(first, first + count)
    ]


def labels(count: int) -> list[LogRecord]:
    return [
        make.a_record(
            make.a_label_submitted(
                pair_id=f"pair-{number // 2}",
                annotator=f"ann-{number % 2}",
                event_id=derived_id("test", "label", str(number)),
            ),
            offset=number,
        )
        for number in range(count)
    ]


def refused(offset: int) -> LogRecord:
    """Return a record that is a good event and holds a character the database cannot keep in a text."""
    event = make.a_pair_proposed(pair_id=f"pair-{offset}", slice="a\x00b")
    return make.a_record(event, offset=offset, headers=(("h", b"\xff\x00"),))


@dataclass
class Bench:
    """A sink on the given batches."""

    log: PostgresLog
    claims: Claims
    writer: MemoryWriter = field(default_factory=MemoryWriter)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    async def claimed(cls, log: PostgresLog) -> "Bench":
        bench = cls(log, Claims(log.pool))
        await bench.claims.claim([PLACE, LABELS, SUBMITTED])
        return bench

    async def take(self, *batches: Sequence[LogRecord]) -> Sink:
        self.stop.clear()
        self.intake = MemoryIntake(list(batches), self.stop)
        sink = Sink(
            pool=self.log.pool, claims=self.claims, intake=self.intake, writer=self.writer, refresh_s=0.05
        )
        async with asyncio.timeout(60):
            await sink.run(self.stop)
        return sink

    async def count(self, table: str) -> int:
        return int(await self.log.pool.fetchval(f"select count(*) from {table}"))

    async def stands_at(self, place: tuple[str, int]) -> int:
        query = "select next_offset from sink_offsets where topic = $1 and partition = $2"
        return int(await self.log.pool.fetchval(query, *place))


async def test_rows_and_offsets_move_together(log: PostgresLog) -> None:
    bench = await Bench.claimed(log)

    sink = await bench.take(proposals(20), proposals(5, first=20))

    assert (await bench.count("pairs"), await bench.count("archive")) == (25, 25)
    assert await bench.stands_at(PLACE) == 25
    assert (sink.tally.received, sink.tally.done, sink.tally.dead, sink.tally.in_flight) == (25, 25, 0, 0)


async def test_a_claim_tells_where_to_go_on(log: PostgresLog) -> None:
    await (await Bench.claimed(log)).take(proposals(20))

    assert (await Claims(log.pool).claim([PLACE, LABELS])) == {PLACE: 20, LABELS: 0}


async def test_a_sink_that_was_replaced_writes_nothing(log: PostgresLog) -> None:
    zombie = await Bench.claimed(log)
    await zombie.take(proposals(3))
    heir = await Bench.claimed(log)

    with pytest.raises(Fenced, match="taken over"):
        await zombie.take(proposals(3, first=3))

    assert (await zombie.count("pairs"), await zombie.count("archive")) == (3, 3)
    assert await zombie.stands_at(PLACE) == 3
    await heir.take(proposals(4, first=3))
    assert await heir.count("pairs") == 7


async def test_a_replaced_sink_writes_nothing_even_in_a_batch_with_partitions_it_kept(
    log: PostgresLog,
) -> None:
    zombie = await Bench.claimed(log)
    await Claims(log.pool).claim([LABELS])

    with pytest.raises(Fenced):
        await zombie.take([*proposals(3), *labels(2)])

    assert (await zombie.count("archive"), await zombie.stands_at(PLACE)) == (0, 0)


async def test_a_partition_that_was_released_takes_nothing(log: PostgresLog) -> None:
    bench = await Bench.claimed(log)
    await bench.claims.release([PLACE])

    with pytest.raises(Fenced):
        await bench.take(proposals(1))

    assert await bench.count("archive") == 0


async def test_a_batch_that_was_written_before_is_fenced_not_doubled(log: PostgresLog) -> None:
    """Whoever lost the answer of a commit claims again and goes on where the rows stand."""
    bench = await Bench.claimed(log)
    await bench.take(proposals(5))

    with pytest.raises(Fenced):
        await bench.take(proposals(5))

    assert (await bench.count("archive"), await bench.stands_at(PLACE)) == (5, 5)


async def test_an_event_said_twice_is_one_row(log: PostgresLog) -> None:
    bench = await Bench.claimed(log)
    again = [make.a_record(make.a_pair_proposed(pair_id="pair-0"), offset=5)]

    await bench.take(proposals(5), again)

    assert (await bench.count("archive"), await bench.count("pairs"), await bench.stands_at(PLACE)) == (
        5,
        5,
        6,
    )


@pytest.mark.parametrize("bad", [{0}, {7}, {15}, {3, 4, 11}])
async def test_what_the_database_refuses_is_set_aside_alone_with_its_bytes(
    log: PostgresLog, bad: set[int]
) -> None:
    bench = await Bench.claimed(log)
    batch = [refused(n) if n in bad else record for n, record in enumerate(proposals(16))]

    sink = await bench.take(batch)

    rows = await log.pool.fetch("select * from dead_letters order by log_offset")
    assert [row["log_offset"] for row in rows] == sorted(bad)
    assert {row["stage"] for row in rows} == {"sink"}
    assert [bytes(row["value"]) for row in rows] == [batch[n].value for n in sorted(bad)]
    assert await bench.count("pairs") == 16 - len(bad)
    assert await bench.stands_at(PLACE) == 16
    assert (sink.tally.done, sink.tally.dead, sink.tally.in_flight) == (16 - len(bad), len(bad), 0)


async def test_undecodable_bytes_do_not_stop_the_sink_and_are_archived(log: PostgresLog) -> None:
    bench = await Bench.claimed(log)
    batch = proposals(3)
    batch[1] = make.a_record(make.a_pair_proposed(), offset=1, value=b"\xff{not json")

    await bench.take(batch)

    archived = await log.pool.fetch("select value from archive where log_offset = 1 and topic = $1", PLACE[0])
    assert [bytes(row["value"]) for row in archived] == [b"\xff{not json"]
    assert (await bench.count("pairs"), await bench.stands_at(PLACE)) == (2, 3)


async def test_figures_of_slices_that_changed_are_published(log: PostgresLog) -> None:
    bench = await Bench.claimed(log)

    await bench.take(proposals(10), labels(20))

    said = [decode(record.value) for record in bench.writer.appended]
    assert {event.slice for event in said if isinstance(event, MetricsUpdated)} == {"arithmetic"}
    assert {event.window for event in said if isinstance(event, MetricsUpdated)} == {"1h", "24h", "7d", "all"}
    assert await bench.count("slices_to_refresh") == 0


async def test_figures_that_could_not_be_said_are_said_after_a_restart(log: PostgresLog) -> None:
    bench = await Bench.claimed(log)
    bench.writer.failures.append(Unavailable("the log is away"))
    with pytest.raises(Unavailable, match="the log is away"):
        await bench.take(proposals(10), labels(20))
    assert bench.writer.appended == []
    assert await bench.count("slices_to_refresh") == 1

    await (heir := await Bench.claimed(log)).take()

    assert len(heir.writer.appended) == 4
    assert await heir.count("slices_to_refresh") == 0


async def test_a_sink_without_its_database_is_unavailable(log: PostgresLog) -> None:
    bench = await Bench.claimed(log)
    await log.close()

    with pytest.raises(Unavailable):
        await bench.take(proposals(1))


async def test_two_sinks_on_partitions_of_their_own_do_not_disturb_each_other(log: PostgresLog) -> None:
    one, other = Bench(log, Claims(log.pool)), Bench(log, Claims(log.pool))
    await one.claims.claim([PLACE])
    await other.claims.claim([LABELS])

    await asyncio.gather(
        one.take(*(proposals(10, first=n) for n in range(0, 100, 10))),
        other.take(*(labels(200)[n : n + 20] for n in range(0, 200, 20))),
    )

    assert (await one.count("archive"), await one.count("labels")) == (300, 200)
    assert await log.pool.fetchval("select count(*) from labels where slice is null") == 0


async def test_a_crash_between_rows_and_commit_leaves_neither(log: PostgresLog) -> None:
    bench = await Bench.claimed(log)
    await log.pool.execute(
        "create function stumble() returns trigger language plpgsql as"
        " $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$"
    )
    await log.pool.execute(
        "create constraint trigger at_commit after insert on archive deferrable initially deferred"
        " for each row execute function stumble()"
    )

    with pytest.raises((Unavailable, asyncpg.PostgresError, ExceptionGroup)) as ended:
        await bench.take(proposals(3))

    assert ended.type is Unavailable
    assert (await bench.count("archive"), await bench.count("pairs"), await bench.stands_at(PLACE)) == (
        0,
        0,
        0,
    )
