"""kill -9 at random points, members that come and go, slow and uneven work: nothing may be missing."""

import os
import random
import signal
from collections.abc import Sequence

import pytest
from tests.integration.kafka.harness import Log, Worker, compacted_topic, eventually, values

pytestmark = [pytest.mark.kafka, pytest.mark.chaos, pytest.mark.timeout(240)]


@pytest.fixture
def chance() -> random.Random:
    """Give a source of chance; its seed is printed when a test fails."""
    seed = int(os.environ.get("PREFSTREAM_CHAOS_SEED", "0")) or random.randrange(1, 10**9)
    print(f"PREFSTREAM_CHAOS_SEED={seed}")
    return random.Random(seed)


async def torment(log: Log, crew: Sequence[Worker], target: str, expected: int, chance: random.Random) -> int:
    """Kill a member of the crew at random points of the output until half is out; count the kills."""
    kills = 0
    for worker in crew:
        await worker.start()
    threshold = 0.0
    while threshold < expected * 0.6:
        threshold = await log.count(target) + chance.uniform(0.01, 0.08) * expected

        async def reached(goal: float = threshold) -> bool:
            return await log.count(target) >= goal or not all(worker.running for worker in crew)

        await eventually(reached, f"{threshold:.0f} outputs", 60)
        victim = chance.choice(crew)
        await victim.end(chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
        kills += 1
        if chance.random() < 0.3:
            await chance.choice(crew).end(signal.SIGKILL)
            kills += 1
        for worker in crew:
            if not worker.running:
                await worker.start()
    return kills


async def settle(log: Log, crew: Sequence[Worker], topics: Sequence[str]) -> None:
    """Let the crew run until the group has read all topics, then stop it in good order."""

    async def all_read() -> bool:
        return [await log.committed(topic) for topic in topics] == [
            await log.count(topic) for topic in topics
        ]

    try:
        await eventually(all_read, "the group has read everything", 90)
        for worker in crew:
            # Before it is ready, SIGTERM just ends it.
            await worker.says("ready")
        assert [await worker.end(signal.SIGTERM) for worker in crew] == [0] * len(crew)
    finally:
        for worker in crew:
            await worker.end(signal.SIGKILL)


async def test_no_record_is_missing_after_kills_and_rebalances(log: Log, chance: random.Random) -> None:
    compacted, survivors = await compacted_topic(log)
    first, second = await log.topic("first", 4), await log.topic("second", 2)
    target = await log.topic("target", 4)
    await log.write(first, values(3000))
    await log.write(second, values(1000, start=500_000))
    topics = [first, second, compacted]
    crew = [
        log.worker("ours", topics, target, slow_s=0.3, run_length=20, in_flight=8, instance=name)
        for name in ("one", "two")
    ]
    expected = set(values(3000)) | set(values(1000, start=500_000)) | survivors
    kills = await torment(log, crew, target, len(expected), chance)
    await settle(log, crew, topics)
    out = [record.value or b"" for record in await log.read(target)]
    print(f"{kills} kills, {len(out) - len(expected)} of {len(expected)} records twice")
    assert expected - set(out) == set()
    assert set(out) == expected


async def test_this_harness_sees_the_loss_of_an_early_ack(log: Log, chance: random.Random) -> None:
    source, target = await log.topic("source", 4), await log.topic("target", 4)
    await log.write(source, values(3000))
    crew = [
        log.worker("early", [source], target, slow_s=0.3, run_length=20, in_flight=8, instance=name)
        for name in ("one", "two")
    ]
    await torment(log, crew, target, 3000, chance)
    await settle(log, crew, [source])
    out = {record.value for record in await log.read(target)}
    assert set(values(3000)) - out != set()


async def test_a_process_that_froze_and_woke_loses_nothing(log: Log) -> None:
    source, target = await log.topic("source", 4), await log.topic("target", 4)
    await log.write(source, values(600))
    frozen, other = (
        log.worker("ours", [source], target, slow_s=0.3, run_length=20, in_flight=4, instance=name)
        for name in ("one", "two")
    )
    await frozen.start()
    await other.start()

    async def reached(goal: int) -> bool:
        return await log.count(target) >= goal

    await eventually(lambda: reached(100), "100 outputs", 60)
    frozen.send(signal.SIGSTOP)

    async def taken_over() -> bool:
        return await log.committed(source) == 600

    await eventually(taken_over, "the other process has taken the partitions over", 60)
    frozen.send(signal.SIGCONT)
    await log.write(source, values(600, start=600))

    async def woken() -> bool:
        # It may end itself when its commit is refused; a supervisor starts it again.
        if not frozen.running:
            await frozen.start()
        return await log.committed(source) == 1200

    await eventually(woken, "everything read", 60)
    await settle(log, [frozen, other], [source])
    assert {record.value for record in await log.read(target)} == set(values(1200))
