"""What is promised holds on either log: one suite, real servers, real processes."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
from tests import factories as make
from tests.chain.running import Running, running
from tests.running_parts import give_up
from tests.unit.streams.scripted import Answers, Asking, an_engine

from prefstream.adapters.kafka.log import KafkaLog
from prefstream.adapters.kafka.reader import RunReader
from prefstream.adapters.local.kafka_jars import Missing, kafka_available
from prefstream.adapters.log import Log
from prefstream.adapters.postgres.log import PostgresLog, Wakeups
from prefstream.agents.stage import Outcome, Reply, Retry
from prefstream.agents.tasks import record_of
from prefstream.schemas.codec import decode
from prefstream.schemas.dead_letters import Detour, detour_of, detoured
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.records import LogRecord, OutRecord
from prefstream.schemas.topics import (
    ALERTS_RAISED,
    DEAD_LETTERS,
    GENERATION_RETRY,
    PAIRS_JUDGED,
    PAIRS_PROPOSED,
    TOPICS,
)
from prefstream.streams.intake import Intake, KafkaIntake, PostgresIntake
from prefstream.streams.places import open_log
from prefstream.streams.retries import RetryLoop

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]

DEADLINE_S = 60.0
POISON = b"\xff\x00 this is no event \xfe"


@pytest.fixture(
    scope="module", params=["postgres", pytest.param("kafka", marks=pytest.mark.kafka)], name="deployed"
)
def fixture_deployed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Give a deployment on each log in turn; tests share it, so they name their events apart."""
    if request.param == "kafka" and isinstance(found := kafka_available(), Missing):
        give_up(f"Apache Kafka: {found.reason}. {found.fix}")
    with running(tmp_path_factory.mktemp(request.param), log=request.param) as deployment:
        yield deployment


def on_log(deployed: Running, work: Callable[[Log], Awaitable[Any]]) -> Any:
    """Do something with the deployment's log, within a deadline."""

    async def main() -> Any:
        async with asyncio.timeout(DEADLINE_S):
            async with open_log(deployed.places, partitions=deployed.settings.partitions) as log:
                return await work(log)

    return asyncio.run(main())


async def append(log: Log, *records: OutRecord) -> None:
    writer = await log.writer()
    try:
        await writer.append(records)
    finally:
        await writer.close()


def say(deployed: Running, *events: Event) -> None:
    on_log(deployed, lambda log: append(log, *(record_of(event) for event in events)))


async def records_of(log: Log, topic: str) -> list[LogRecord]:
    return [record async for record in log.snapshot(topic)]


def an_alert(name: str, number: int) -> Event:
    return make.an_alert_raised(
        alert_id=name, slice=name, action=str(number), event_id=derived_id("test", "alert", name, str(number))
    )


# The port -----------------------------------------------------------------------------------------


def test_topics_that_exist_are_not_created_again(deployed: Running) -> None:
    assert on_log(deployed, lambda log: log.ensure_topics(partitions=4, replication=1)) == []


def test_what_is_appended_is_there_in_order_of_its_key(deployed: Running) -> None:
    names = [f"ordered-{number}" for number in range(10)]

    async def work(log: Log) -> list[LogRecord]:
        writer = await log.writer()
        try:
            for start in range(0, 100, 20):
                batch = [an_alert(name, number) for number in range(start, start + 20) for name in names]
                await writer.append([record_of(event) for event in batch])
        finally:
            await writer.close()
        return await records_of(log, ALERTS_RAISED.name)

    found = [record for record in on_log(deployed, work) if (record.key or b"").startswith(b"ordered-")]
    assert len(found) == 1000
    for name in names:
        own = [record for record in found if record.key == name.encode()]
        assert len({record.partition for record in own}) == 1
        assert [decode(record.value).model_dump()["action"] for record in own] == [str(n) for n in range(100)]
        assert [record.offset for record in own] == sorted({record.offset for record in own})


def test_a_snapshot_ends_at_the_end_it_began_with_and_following_goes_on(deployed: Running) -> None:
    say(deployed, an_alert("snapshot", 0))

    async def work(log: Log) -> tuple[list[str], list[str]]:
        before, after = [], []
        async for record in log.snapshot(ALERTS_RAISED.name):
            if record.key == b"snapshot":
                before.append(decode(record.value).event_id)
                await append(log, record_of(an_alert("snapshot", 1)))
        following = cast("AsyncGenerator[LogRecord, None]", log.follow(ALERTS_RAISED.name))
        async with aclosing(following):
            async for record in following:
                if record.key == b"snapshot":
                    after.append(decode(record.value).event_id)
                    if len(after) == 3:
                        return before, after
                    if len(after) == 2:
                        await append(log, record_of(an_alert("snapshot", 2)))
        raise AssertionError("following ended by itself")

    before, after = on_log(deployed, work)
    assert before == [an_alert("snapshot", 0).event_id]
    assert after == [an_alert("snapshot", number).event_id for number in range(3)]


def test_headers_that_are_not_copies_survive_with_any_bytes(deployed: Running) -> None:
    record = replace(record_of(an_alert("headers", 0)), headers=(("x", bytes(range(256))), ("x", b"")))

    async def work(log: Log) -> list[LogRecord]:
        await append(log, record)
        return [one for one in await records_of(log, ALERTS_RAISED.name) if one.key == b"headers"]

    assert on_log(deployed, work)[0].headers == record.headers


def test_every_group_catches_up(deployed: Running) -> None:
    say(deployed, *(make.a_pair_proposed(pair_id=f"lag-{number}") for number in range(50)))
    deployed.drain()

    lags = on_log(deployed, lambda log: log.lags())
    assert {group: sum(of_group.values()) for group, of_group in lags.items()} == dict.fromkeys(lags, 0)
    assert set(lags) >= {"prefstream.sink" if deployed.places.log == "kafka" else "sink"}
    assert {topic for of_group in lags.values() for topic in of_group} == {spec.name for spec in TOPICS}


# Dead letters -------------------------------------------------------------------------------------


def letters(deployed: Running, key: bytes) -> list[dict[str, Any]]:
    return deployed.fetch("select * from dead_letters where key = $1 order by stage, log_offset", key)


def test_poison_becomes_dead_letters_with_its_bytes_and_goes_back_unchanged(deployed: Running) -> None:
    record = OutRecord(topic=PAIRS_PROPOSED.name, key=b"poison", value=POISON, headers=(("h", b"\xfd"),))

    async def work(log: Log) -> LogRecord:
        await append(log, record)
        return next(one for one in await records_of(log, PAIRS_PROPOSED.name) if one.key == b"poison")

    stood: LogRecord = on_log(deployed, work)
    deployed.wait_for(lambda: len(letters(deployed, b"poison")) >= 2)

    found = [row for row in letters(deployed, b"poison") if row["stage"] != "sink"]
    assert [row["stage"] for row in found] == ["judging", "validation"]
    where = f"{stood.topic}/{stood.partition}@{stood.offset}"
    for row in found:
        assert (row["topic"], row["partition"], row["log_offset"]) == (
            stood.topic,
            stood.partition,
            stood.offset,
        )
        assert (bytes(row["value"]), row["reason"], row["attempt"]) == (POISON, "undecodable", 1)

    listed = json.loads(deployed.command("deadletters", "list", "--stage", "judging", "--json").stdout)
    assert where in [one["where"] for one in listed["dead_letters"]]
    shown = json.loads(deployed.command("deadletters", "show", where, "--json").stdout)
    assert {one["value"] for one in shown["dead_letters"]} == {POISON.decode(errors="backslashreplace")}
    assert {one["headers"]["h"] for one in shown["dead_letters"]} == {"\\xfd"}

    deployed.command("deadletters", "redrive", where)
    deployed.wait_for(
        lambda: any(
            row["log_offset"] != stood.offset or row["partition"] != stood.partition
            for row in letters(deployed, b"poison")
            if row["stage"] == "judging"
        )
    )
    again = [
        one
        for one in on_log(deployed, lambda log: records_of(log, PAIRS_PROPOSED.name))
        if one.key == b"poison" and one.offset != stood.offset
    ]
    assert {(one.value, one.headers) for one in again} == {(POISON, record.headers)}


def test_a_redriven_event_keeps_its_id_and_is_handled(deployed: Running) -> None:
    event = make.a_pair_proposed(pair_id="redriven")
    letter = detoured(
        make.a_record(event, offset=123_456),
        Detour(
            stage="judging",
            topic=PAIRS_PROPOSED.name,
            partition=0,
            offset=123_456,
            reason="defect",
            detail="a defect that is repaired by now",
            attempt=1,
        ),
        topic=DEAD_LETTERS.name,
    )
    on_log(deployed, lambda log: append(log, letter))
    deployed.wait_for(lambda: len(letters(deployed, b"redriven")) == 1)

    said = deployed.command("deadletters", "redrive", f"{PAIRS_PROPOSED.name}/0@123456", "--json")

    assert json.loads(said.stdout) == {"redriven": 1}
    query = "select proposed_id, judgement_id from pairs where pair_id = 'redriven'"
    deployed.wait_for(lambda: any(row["judgement_id"] for row in deployed.fetch(query)))
    assert str(deployed.fetch(query)[0]["proposed_id"]) == event.event_id
    assert letters(deployed, b"redriven") == []


def test_a_dead_letter_that_is_not_there_is_named(deployed: Running) -> None:
    refused = deployed.command("deadletters", "show", "pairs.proposed.v1/0@999999", check=False)
    unread = deployed.command("deadletters", "show", "somewhere", check=False)

    assert (refused.returncode, unread.returncode) == (2, 2)
    assert "no dead letter from pairs.proposed.v1/0@999999" in refused.stderr
    assert "topic/partition@offset" in unread.stderr


# Retries ------------------------------------------------------------------------------------------


@asynccontextmanager
async def retry_intake(
    deployed: Running, log: Log, kept: dict[tuple[str, int], int]
) -> AsyncIterator[Intake]:
    """Open an intake of the retry topic for a group of the test's own."""
    places = [(GENERATION_RETRY.name, number) for number in range(deployed.settings.partitions)]
    if deployed.places.log == "kafka":
        reader = RunReader(
            cast("KafkaLog", log).connection,
            name="test-retry",
            group="test.retry",
            topics=[GENERATION_RETRY.name],
        )
        await reader.start()
        intake = KafkaIntake(reader, limit=100)
        try:
            yield intake
        finally:
            await intake.close()
        return
    connection = await asyncpg.connect(deployed.dsn)

    async def commit(positions: Any) -> None:
        kept.update(positions)

    try:
        yield PostgresIntake(
            cast("PostgresLog", log),
            await Wakeups.listen(connection),
            positions=dict.fromkeys(places, 0),
            limit=100,
            committed=commit,
        )
    finally:
        await connection.close()


def a_retry(name: str, not_before_ms: int) -> OutRecord:
    event = make.a_prompt_curated(prompt_id=name)
    told = Detour(
        stage="generation",
        topic="prompts.curated.v1",
        partition=0,
        offset=0,
        reason="overloaded",
        detail="529",
        attempt=1,
        not_before_ms=not_before_ms,
    )
    return detoured(make.a_record(event), told, topic=GENERATION_RETRY.name)


def test_a_retry_waits_until_it_is_due_and_then_goes_on_with_its_count(deployed: Running) -> None:
    tried: dict[str, list[float]] = {}

    def handle(event: Event, given: object) -> Outcome:
        tried.setdefault(event.subject, []).append(time.time() * 1000)
        again = event.subject == "retry-again" and len(tried[event.subject]) == 1
        return (
            Outcome(detour=Retry(reason="overloaded", detail="529 again", after_s=0.0))
            if again
            else Outcome()
        )

    async def work(log: Log) -> tuple[int, int]:
        now_ms = int(time.time() * 1000)
        await append(
            log, a_retry("retry-late", now_ms + 3000), a_retry("retry-now", 0), a_retry("retry-again", 0)
        )
        engine = an_engine(
            Asking(name="generation", says=handle), Answers(lambda _: Reply(content={}, at_ms=0))
        )
        writer, stop = await log.writer(), asyncio.Event()
        async with retry_intake(deployed, log, {}) as intake:
            loop = asyncio.create_task(RetryLoop(engine=engine, intake=intake, writer=writer).run(stop))
            while len(tried.get("retry-again", [])) < 2 or "retry-late" not in tried:
                assert not loop.done()
                await asyncio.sleep(0.05)
            stop.set()
            await loop
        await writer.close()
        assert engine.tally.in_flight == 0
        assert engine.tally.retry == 1
        return now_ms, engine.tally.done

    now_ms, done = on_log(deployed, work)
    assert done >= 3
    assert tried["retry-late"][0] >= now_ms + 3000
    assert tried["retry-now"][0] < tried["retry-late"][0]
    assert tried["retry-again"][1] - tried["retry-again"][0] >= 3900, "the second try waits 4 s"
    said = [
        detour.attempt
        for record in on_log(deployed, lambda log: records_of(log, GENERATION_RETRY.name))
        if record.key == b"retry-again" and (detour := detour_of(record)) is not None
    ]
    assert said == [1, 2]


# Ends ---------------------------------------------------------------------------------------------


@pytest.mark.chaos
@pytest.mark.parametrize("process", ["worker", "llm-worker", "calibrator", "sink"])
def test_sigterm_under_load_drains_and_loses_nothing(deployed: Running, process: str) -> None:
    deployed.wait_for(lambda: all(one.ready() for one in deployed.supervisor.processes.values()))
    names = {f"sigterm-{process}-{number}" for number in range(400)}
    child = deployed.supervisor.processes[process].child
    assert child is not None
    say(deployed, *(make.a_pair_proposed(pair_id=name) for name in sorted(names)))

    os.kill(child.pid, signal.SIGTERM)
    until = time.monotonic() + DEADLINE_S
    while child.exit_code is None:
        assert time.monotonic() < until, f"{process} did not end"
        time.sleep(0.02)

    assert child.exit_code == 0, child.tail()
    deployed.drain()
    judged = [
        (record.key or b"").decode()
        for record in on_log(deployed, lambda log: records_of(log, PAIRS_JUDGED.name))
    ]
    assert names - set(judged) == set()
    rows = deployed.fetch("select pair_id, route from pairs where pair_id like $1", f"sigterm-{process}-%")
    assert {row["pair_id"] for row in rows if row["route"]} == names


def test_the_folder_of_a_deployment_keeps_its_password_to_its_owner(deployed: Running) -> None:
    note = Path(deployed.settings.folder) / "running.json"

    assert note.stat().st_mode & 0o777 == 0o600
