"""A small world for releases: pairs of every fate, in a log of any number of partitions, through the sink."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zlib import crc32

import asyncpg
from tests import factories as make
from tests.unit.streams.scripted import MemoryIntake, MemoryWriter

from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.schemas.demonstrations import TaskKind
from prefstream.schemas.envelope import Event
from prefstream.schemas.pairs import CheckResult
from prefstream.schemas.records import LogRecord
from prefstream.schemas.releases import GateLimits, ReleasePlan
from prefstream.schemas.values import Preference, Provenance, Verdict
from prefstream.streams.release_cut import Cut, cut
from prefstream.streams.release_drafting import Wanted
from prefstream.streams.sink import Claims, Sink

_SWITCHES = [name for name, limit in GateLimits() if limit is not None and limit != {}]
#: Every gate off.
NO_LIMITS = GateLimits.model_validate(dict.fromkeys(_SWITCHES))
PLAN = ReleasePlan(
    name="helpful",
    formats=("preference", "unpaired", "ranking", "prompts", "sft", "safety"),
    files="jsonl",
    shard_rows=10,
    limits=NO_LIMITS,
)
#: What becomes of pairs, in turn.
FATES = ("taken", "taken", "taken", "taken", "tie", "rejected", "disputed", "unresolved", "gold", "simulated")


def history(number: int, *, prompts: int = 40) -> list[Event]:
    """Return the events of a pair; its number decides what becomes of it."""
    fate, pair_id, prompt = FATES[number % len(FATES)], f"pair-{number:05}", number // 2 % prompts
    moment = make.NOON + timedelta(seconds=number)
    slice_name = "law" if prompt % 3 == 0 else "arithmetic"
    provenance = Provenance.SIMULATED if fate == "simulated" else Provenance.REAL
    label = Preference.TIE if fate == "tie" else (Preference.A_BETTER, Preference.B_MUCH_BETTER)[number % 2]
    common = {"pair_id": pair_id, "slice": slice_name, "occurred_at": moment}
    named = {"prompt_id": f"prompt-{prompt}"}
    proposed = make.a_pair_proposed(
        **common | named,
        messages=(make.a_message(f"Question {prompt}: what is {prompt * 7919} times {prompt * 104729}?"),),
        response_a=make.a_response(f"It is {number}.", model="model-1"),
        response_b=make.a_response(f"I think that it may be {number + 1}.", model="model-2"),
        group_id=f"group-{prompt}",
        provenance=provenance,
    )
    events: list[Event] = [
        proposed,
        make.a_pair_judged(**common | named, label=label),
        make.a_pair_routed(**common | named, judge_label=label),
    ]
    if fate == "unresolved":
        return events
    labels = [
        make.a_label_submitted(
            pair_id=pair_id, annotator=name, verdict=Verdict(label.value), occurred_at=moment, clauses=("P1",)
        )
        for name in ("ann", "bob")
    ]
    evidence = tuple(one.event_id for one in labels)
    resolved = make.a_label_resolved(
        **common, label=label, margin=label.margin, evidence=evidence, method="consensus"
    )
    verdict = {**common, "resolution_id": resolved.event_id, "provenance": provenance}
    events += [*labels, resolved]
    if fate == "rejected":
        failed = CheckResult(check="empty", severity="reject", passed=False, finding="B is empty")
        return [*events, make.a_pair_rejected(**verdict, reasons=("empty",), checks=(failed,))]
    events.append(make.a_pair_validated(**verdict, label=label, soft_label=1.0))
    if fate == "disputed":
        later = moment + timedelta(seconds=1)
        events.append(make.a_label_disputed(pair_id=pair_id, slice=slice_name, occurred_at=later))
    if fate == "gold":
        events.append(make.a_gold_chosen(pair_id=pair_id, slice=slice_name))
    return events


def tasks() -> list[Event]:
    """Return a demonstration on a prompt that pairs have too, and a safety label."""
    messages = (make.a_message(f"Question 4: what is {4 * 7919} times {4 * 104729}?"),)
    return [
        make.a_task_proposed(task_id="write", kind=TaskKind.DEMONSTRATION, messages=messages),
        make.a_demonstration_submitted(task_id="write", edited=True),
        make.a_task_proposed(task_id="harm", kind=TaskKind.SAFETY, slice="red"),
        make.a_safety_label_submitted(task_id="harm", slice="red", category="fraud", severity=2),
    ]


def everything(pairs: int = 200) -> list[Event]:
    """Return the events of so many pairs and of the tasks."""
    return [event for number in range(pairs) for event in history(number)] + tasks()


def records_of(events: Sequence[Event], *, partitions: int, seed: int = 0) -> Iterator[LogRecord]:
    """Yield the records of a log of so many partitions: each key in order, keys in any order."""
    by_key = defaultdict(list)
    for event in events:
        by_key[event.subject].append(event)
    chance, waiting = random.Random(seed), list(by_key.values())
    ends: dict[tuple[str, int], int] = defaultdict(int)
    while waiting:
        line = chance.choice(waiting)
        record = make.a_record(line.pop(0))
        if not line:
            waiting.remove(line)
        partition = crc32(record.key or b"") % partitions
        offset = ends[record.topic, partition]
        ends[record.topic, partition] += 1
        yield make.a_record(
            value=record.value, key=record.key, topic=record.topic, partition=partition, offset=offset
        )


async def sink_all(dsn: str, events: Sequence[Event], *, partitions: int, seed: int = 0) -> None:
    """Bring events through a real sink into a database that is migrated here."""
    connection = await asyncpg.connect(dsn)
    await upgrade(connection)
    await connection.close()
    records = list(records_of(events, partitions=partitions, seed=seed))
    async with pool_of(dsn, size=3) as pool:
        claims, stop = Claims(pool), asyncio.Event()
        await claims.claim(sorted({(record.topic, record.partition) for record in records}))
        starts = range(0, len(records), 300)
        batches: list[Sequence[LogRecord]] = [records[start : start + 300] for start in starts]
        intake = MemoryIntake(batches, stop)
        sink = Sink(pool=pool, claims=claims, intake=intake, writer=MemoryWriter(), refresh_s=5.0)
        async with asyncio.timeout(90):
            await sink.run(stop)


def quiet(_what: str, _rows: int) -> None:
    """Hear how far a cut is, and say nothing."""


@dataclass(frozen=True, kw_only=True)
class Cutter:
    """Cuts releases of one database."""

    dsn: str

    async def cut(self, out: Path, plan: ReleasePlan = PLAN, **wanted: object) -> Cut:
        """Cut a release."""
        asked = Wanted(plan=plan, out=out, by="lea", **wanted)  # type: ignore[arg-type]
        return await cut(self.dsn, asked, quiet, now=make.NOON)


def bytes_in(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
