"""Weeks of labelling as the sink has them: slices that do well, badly, hardly anything."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from prefstream.adapters.postgres.projections import project, refresh
from prefstream.adapters.postgres.watching import announce
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.values import Preference, Verdict
from tests import factories as make
from tests.console.telling import _OFFSETS

_NAMES = ("ann", "bob", "cleo")
_OPPOSITE = {Verdict.A_BETTER: Verdict.B_BETTER, Verdict.B_BETTER: Verdict.A_BETTER}
#: The last instant of the world: a Saturday, six days into its ISO week.
END = make.NOON


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceWorld:
    """How a slice does."""

    name: str
    #: How often people, and judges, are right.
    people: float
    judges: float
    pairs_per_hour: int = 6
    #: From this many hours before the end people are right this often instead.
    worse_from_h: int = 0
    worse: float = 0.0


WORLD = (
    SliceWorld(name="arithmetic", people=0.985, judges=0.97),
    SliceWorld(name="creative writing", people=0.82, judges=0.80, pairs_per_hour=3),
    SliceWorld(name="law/de", people=0.97, judges=0.9, pairs_per_hour=4, worse_from_h=9, worse=0.72),
    SliceWorld(name="medical", people=0.94, judges=0.88, pairs_per_hour=5),
    SliceWorld(name="safety", people=0.96, judges=0.93, pairs_per_hour=1),
)


async def live_through(
    pool: asyncpg.Pool, *, hours: int, world: Sequence[SliceWorld] = WORLD, seed: int = 7, end: datetime = END
) -> None:
    """Let hours pass up to the end of the world, as the sink would write them."""
    chance = random.Random(seed)
    records = [
        make.a_record(event, offset=next(_OFFSETS))
        for one in world
        for event in happened(one, chance, hours=hours, end=end, batch=f"{one.name}-{seed}")
    ]
    async with pool.acquire() as connection:
        for first in range(0, len(records), 1000):
            async with connection.transaction():
                await project(connection, records[first : first + 1000])
        async with connection.transaction():
            said = await refresh(connection, [one.name for one in world], end)
            await announce(connection, said)


def happened(
    world: SliceWorld, chance: random.Random, *, hours: int, end: datetime, batch: str
) -> Iterator[Event]:
    """Yield what happened in a slice."""
    for hour in range(hours):
        left = hours - hour
        people = world.worse if left <= world.worse_from_h else world.people
        for n in range(world.pairs_per_hour):
            at = end - timedelta(hours=left) + timedelta(minutes=chance.randrange(60))
            yield from _pair(world, f"{batch}-{hour}-{n}", people, at, chance)


def _pair(
    world: SliceWorld, pair_id: str, people: float, at: datetime, chance: random.Random
) -> Iterator[Event]:
    truth = chance.choice([Verdict.A_BETTER, Verdict.B_BETTER])
    judged = truth if chance.random() < world.judges else _OPPOSITE[truth]
    audit, accepted = chance.random() < 0.3, chance.random() < 0.5
    where = {"pair_id": pair_id, "slice": world.name, "occurred_at": at}
    judge_label = Preference(judged.value)
    yield make.a_pair_proposed(**where)
    yield make.a_pair_judged(**where, label=judge_label)
    route = make.an_accepted_pair_routed if accepted else make.a_pair_routed
    yield route(**where, audit=audit, judge_label=judge_label, overlap=2)
    said = judged
    if audit or not accepted:
        labels = []
        for name in chance.sample(_NAMES, 2):
            verdict = truth if chance.random() < people else _OPPOSITE[truth]
            clauses = ("P1",) if chance.random() < 0.9 else ()
            labels.append(make.a_label_submitted(**where, annotator=name, verdict=verdict, clauses=clauses))
        yield from labels
        said = labels[0].verdict
    resolution = make.a_label_resolved(
        **where, label=Preference(said.value), method="consensus" if said is not judged or audit else "judge"
    )
    yield resolution
    yield make.a_pair_validated(**where, label=Preference(said.value), resolution_id=resolution.event_id)


def alert_row(**changes: object) -> dict[str, object]:
    """Return a row of `alerts`."""
    row = {
        "alert_id": "alert-1",
        "rule": "agreement_retraining",
        "slice": "law/de",
        "window_name": "24h",
        "statistic": "alpha_nominal",
        "severity": "critical",
        "action": "retrain",
        "detail": "the lower limit of alpha is 0.31, under 0.75",
        "runbook": "agreement-retraining",
        "annotators": "[]",
        "raised_at": END - timedelta(hours=3),
        "said_at": END - timedelta(hours=3),
        "said_id": derived_id("test", "alert", str(changes.get("alert_id", "alert-1"))),
        "escalations": 0,
    }
    return row | changes


async def raise_alert(pool: asyncpg.Pool, **changes: object) -> None:
    """Write an alert as the sink does."""
    row = alert_row(**changes)
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await pool.execute(f"insert into alerts ({', '.join(row)}) values ({places})", *row.values())
