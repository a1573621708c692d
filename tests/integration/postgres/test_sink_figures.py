"""Figures that a sink kept up to date are those of a recount from scratch, whatever it left unwritten."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg
import pytest
from tests import factories as make
from tests.unit.streams.scripted import MemoryIntake, MemoryWriter

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.projections import Remembered, project, refresh
from prefstream.domain.agreement import Cell, UnitLabel, contributions, figures, kappas, window
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelSubmitted, LabelWithdrawn
from prefstream.schemas.metrics import MetricsUpdated
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.records import LogRecord
from prefstream.schemas.topics import TOPIC_OF
from prefstream.schemas.values import Verdict
from prefstream.streams.sink import Claims, Sink

pytestmark = pytest.mark.postgres

SLICES = ("arithmetic", "law", "safety")
PEOPLE = ("ann", "bob", "cyd", "dan")
END = make.NOON
LENGTHS_MIN = {"1h": 60, "24h": 1440, "7d": 10_080, "all": None}
PATIENCE_S = 60
_FIGURES = "select slice, window_name, statistic, subject, value, low, high, standard_error, reason, n"
_STATISTICS = {"alpha_nominal", "alpha_ordinal", "fleiss_kappa", "gwet_ac1", "percent_agreement"}


@dataclass
class Waiting(MemoryIntake):
    """Hands out a batch now and then only when the figures of those before are written."""

    pool: asyncpg.Pool = field(kw_only=True)
    dice: random.Random = field(kw_only=True)

    async def poll(self) -> Sequence[LogRecord]:
        if self.dice.random() < 0.5:
            async with asyncio.timeout(PATIENCE_S):
                while await self.pool.fetchval("select exists (select from slices_to_refresh)"):
                    await asyncio.sleep(0.01)
        return await super().poll()


def happened(dice: random.Random, pairs: int) -> list[Event]:
    """Return proposals, labels and withdrawals in no order: late ones, early ones, moves, repetitions."""
    events: list[Event] = []
    for number in range(pairs):
        pair_id = f"pair-{number}"
        at = END - timedelta(minutes=dice.choice([5, 70, 1500, 11_000]) * dice.random())
        names = dice.sample(SLICES, 2 if dice.random() < 0.2 else 1)
        for turn, name in enumerate(names):
            proposed = at - timedelta(hours=2 - turn)
            event_id = derived_id("test", pair_id, str(turn))
            events.append(
                make.a_pair_proposed(pair_id=pair_id, slice=name, occurred_at=proposed, event_id=event_id)
            )
        events.append(make.a_pair_judged(pair_id=pair_id, slice=names[0], occurred_at=at))
        for place, who in enumerate(dice.sample(PEOPLE, dice.randrange(4))):
            label = make.a_label_submitted(
                pair_id=pair_id,
                annotator=who,
                verdict=dice.choice(list(Verdict)),
                occurred_at=at + timedelta(minutes=2 * place),
                clauses=("P1",) if dice.random() < 0.5 else (),
                event_id=derived_id("test", pair_id, who),
            )
            events.append(label)
            if dice.random() < 0.25:
                events.append(
                    make.a_label_withdrawn(
                        pair_id=pair_id,
                        label_id=label.event_id,
                        annotator=who,
                        occurred_at=at + timedelta(minutes=9),
                    )
                )
    dice.shuffle(events)
    return events + dice.sample(events, len(events) // 5)


def batches_of(events: Sequence[Event], dice: random.Random, share: int) -> list[Sequence[LogRecord]]:
    """Return the events as records of one partition, in batches of any size."""
    records = [
        make.a_record(event, offset=offset, partition=share, timestamp_ms=make.NOON_MS)
        for offset, event in enumerate(events)
    ]
    batches = list[Sequence[LogRecord]]()
    while records:
        size = dice.randrange(1, 40)
        batches.append(records[:size])
        records = records[size:]
    return batches


async def taken(log: PostgresLog, events: Sequence[Event], dice: random.Random, sinks: int) -> MemoryWriter:
    """Let sinks take the events, each a share of them, and refresh figures meanwhile."""
    writer, running = MemoryWriter(), []
    for share in range(sinks):
        claims = Claims(log.pool)
        await claims.claim([(topic.name, share) for topic in {TOPIC_OF[type(event)] for event in events}])
        stop = asyncio.Event()
        intake = Waiting(batches_of(events[share::sinks], dice, share), stop, pool=log.pool, dice=dice)
        sink = Sink(pool=log.pool, claims=claims, intake=intake, writer=writer, refresh_s=0.01)
        running.append(sink.run(stop))
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*running)
    return writer


async def table(connection: Connection) -> dict[tuple[str, ...], tuple[object, ...]]:
    """Return the figures; kappas of two people in the window that time does not move."""
    query = f"{_FIGURES} from slice_metrics where statistic <> 'cohen_kappa' or window_name = 'all'"
    return {tuple(row)[:4]: tuple(row)[4:] for row in await connection.fetch(query)}


def counted(events: Sequence[Event]) -> dict[str, list[tuple[Cell, int]]]:
    """Return the cells of each slice, from the labels that stand."""
    slices: dict[str, tuple[datetime, str, str]] = {}
    labels: dict[str, dict[str, LabelSubmitted]] = {}
    gone = {event.label_id for event in events if isinstance(event, LabelWithdrawn)}
    for event in events:
        if isinstance(event, PairProposed):
            latest = (event.occurred_at, event.event_id, event.slice)
            slices[event.pair_id] = max(slices.get(event.pair_id, latest), latest)
        elif isinstance(event, LabelSubmitted) and event.event_id not in gone:
            labels.setdefault(event.pair_id, {})[event.event_id] = event
    found: dict[str, list[tuple[Cell, int]]] = {name: [] for name in SLICES}
    for pair_id, some in labels.items():
        found[slices[pair_id][2]] += contributions(map(_unit_label, some.values())).items()
    return found


def _unit_label(event: LabelSubmitted) -> UnitLabel:
    at_us = round(event.occurred_at.timestamp() * 1_000_000)
    return UnitLabel(
        annotator=event.annotator,
        category=event.verdict,
        minute=at_us // 60_000_000,
        order=(at_us, event.event_id),
    )


def recounted(events: Sequence[Event], ends: Mapping[str, datetime]) -> dict[tuple[str, ...], float | None]:
    """Return agreement among people from all events at once, without a bucket or a database."""
    found: dict[tuple[str, ...], float | None] = {}
    for name, cells in counted(events).items():
        until = int(ends[name].timestamp()) // 60 + 1
        for window_name, length in LENGTHS_MIN.items():
            some = window(
                cells,
                since_minute=None if length is None else until - length,
                until_minute=None if length is None else until,
            )
            found |= {(name, window_name, key, ""): one.value for key, one in figures(some).items()}
            if length is None:
                found |= {
                    (name, window_name, "cohen_kappa", f"{first}|{second}"): one.value
                    for (first, second), one in kappas(some).items()
                }
    return found


@pytest.mark.parametrize("sinks", [1, 2])
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_figures_kept_up_to_date_are_those_of_a_recount(
    log: PostgresLog, seed: int, sinks: int
) -> None:
    dice = random.Random(seed)
    events = happened(dice, 60)

    await taken(log, events, dice, sinks)

    async with log.pool.acquire() as connection:
        kept = await table(connection)
        refreshed = await connection.fetch("select slice, as_of from slice_refreshes")
        ends = {row["slice"]: row["as_of"] for row in refreshed}
        await connection.execute("truncate slice_metrics, slice_refreshes")
        for name, as_of in ends.items():
            await refresh(connection, [name], as_of)
        anew = await table(connection)
    assert kept == anew
    agreement = {key: row[0] for key, row in kept.items() if key[2] in _STATISTICS or key[2] == "cohen_kappa"}
    assert agreement == recounted(events, ends)


async def test_figures_that_stand_still_are_not_said_again_until_a_minute_has_passed(
    log: PostgresLog,
) -> None:
    remembered, moment = Remembered(), make.NOON
    async with log.pool.acquire() as connection, connection.transaction():
        events = [make.a_pair_proposed(), make.a_label_submitted()]
        await project(connection, [make.a_record(event) for event in events])

        async def windows(after_s: float) -> list[str]:
            as_of = moment + timedelta(seconds=after_s)
            said: list[MetricsUpdated] = await refresh(
                connection, ["arithmetic"], as_of, people=[], remembered=remembered
            )
            return [event.window for event in said]

        assert await windows(0) == ["1h", "24h", "7d", "all"]
        assert await windows(0) == []
        assert await windows(59) == []
        assert await windows(60) == ["1h", "24h", "7d", "all"]


async def test_what_a_rollback_undid_is_written_again(log: PostgresLog) -> None:
    remembered = Remembered()
    async with log.pool.acquire() as connection:
        async with connection.transaction():
            await project(connection, [make.a_record(make.a_pair_proposed())])
        undone = connection.transaction()
        await undone.start()
        await refresh(connection, ["arithmetic"], make.NOON, remembered=remembered)
        await undone.rollback()

        said = await refresh(connection, ["arithmetic"], make.NOON, remembered=remembered)

        assert len(said) == 4
        assert await connection.fetchval("select count(distinct window_name) from slice_metrics") == 4


async def test_what_another_sink_wrote_in_between_is_written_over(log: PostgresLog) -> None:
    mine, other = Remembered(), Remembered()
    async with log.pool.acquire() as connection:

        async def told(minute: int, by: Remembered) -> None:
            as_of = make.NOON + timedelta(minutes=minute)
            async with connection.transaction():
                await refresh(connection, ["arithmetic"], as_of, people=[], remembered=by)

        async def labelled(number: int, verdict: Verdict) -> None:
            pair_id = f"pair-{number}"
            events: list[Event] = [make.a_pair_proposed(pair_id=pair_id)]
            events += [
                make.a_label_submitted(pair_id=pair_id, annotator=who, verdict=verdict) for who in PEOPLE[:2]
            ]
            async with connection.transaction():
                await project(connection, [make.a_record(event) for event in events])

        await labelled(1, Verdict.TIE)
        await told(0, mine)
        before = await table(connection)
        await labelled(2, Verdict.A_BETTER)
        await told(1, other)
        between = await table(connection)
        await told(2, mine)
        after = await table(connection)

    assert before != between
    assert after == between
