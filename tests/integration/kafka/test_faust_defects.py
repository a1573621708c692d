"""The known ways in which the pinned Faust loses events, each beside our shell in the same trouble.

The first half of each pair fails on the day Faust mends it: then the pin may move and the guard may go.
"""

import signal

import pytest
from tests.integration.kafka.harness import Log, Worker, eventually, running, values

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


async def finish(log: Log, worker: Worker, source: str, target: str, expected: int) -> set[bytes]:
    """Let a healthy successor run until the group has read everything; give what came out in all."""
    async with running(worker):

        async def all_read() -> bool:
            return await log.committed(source) == expected

        await eventually(all_read, f"group committed {expected} of {source}")
    return {record.value or b"" for record in await log.read(target)}


async def test_stock_concurrency_commits_past_work_in_flight(log: Log) -> None:
    source, target = await log.topic("source"), await log.topic("target")
    await log.write(source, values(20))
    async with running(log.worker("stock-concurrent", [source], target, block=[0, 1])) as worker:
        await worker.says("blocked 1")

        async def committed_past() -> bool:
            return await log.committed(source) == 20

        await eventually(committed_past, "stock Faust commits past offsets 0 and 1, which it still works on")
    out = await finish(log, log.worker("stock-concurrent", [source], target), source, target, 20)
    assert set(values(20)) - out == set(values(2))


async def test_ours_commits_nothing_past_work_in_flight(log: Log) -> None:
    source, target = await log.topic("source"), await log.topic("target")
    await log.write(source, values(20))
    async with running(log.worker("ours", [source], target, block=[2, 3], in_flight=8)) as worker:
        await worker.says("blocked 3")

        async def first_two_done() -> bool:
            return await log.committed(source) == 2

        await eventually(first_two_done, "group committed 2")
    out = await finish(log, log.worker("ours", [source], target), source, target, 20)
    assert out == set(values(20))


async def test_stock_exception_in_an_agent_skips_the_event(log: Log) -> None:
    source, target = await log.topic("source"), await log.topic("target")
    await log.write(source, values(8))
    out = await finish(log, log.worker("stock", [source], target, fail_at=2), source, target, 8)
    assert set(values(8)) - out == {b"000002"}


async def test_ours_stops_on_an_exception_and_skips_nothing(log: Log) -> None:
    source, target = await log.topic("source"), await log.topic("target")
    await log.write(source, values(8))
    worker = log.worker("ours", [source], target, fail_at=2)
    await worker.start()
    assert await worker.ended() == 1
    assert any("told to fail at 2" in line for line in worker.lines)
    assert await log.committed(source) <= 2
    out = await finish(log, log.worker("ours", [source], target), source, target, 8)
    assert out == set(values(8))


async def test_stock_exception_in_take_skips_the_whole_batch(log: Log) -> None:
    source, target = await log.topic("source"), await log.topic("target")
    await log.write(source, values(9))
    out = await finish(log, log.worker("stock-take", [source], target, fail_at=4), source, target, 9)
    assert set(values(9)) - out >= set(values(3, start=3))


async def test_ours_loses_nothing_of_a_run_that_raises(log: Log) -> None:
    source, target = await log.topic("source"), await log.topic("target")
    await log.write(source, values(9))
    worker = log.worker("ours", [source], target, fail_at=4, run_length=3)
    await worker.start()
    assert await worker.ended() == 1
    out = await finish(log, log.worker("ours", [source], target, run_length=3), source, target, 9)
    assert out == set(values(9))


async def test_stock_send_acks_although_the_delivery_failed(log: Log) -> None:
    source, target = (
        await log.topic("source"),
        await log.topic("target", config={"max.message.bytes": "1000"}),
    )
    await log.write(source, [b"first", b"x" * 5000, b"last"])
    out = await finish(log, log.worker("stock-send", [source], target), source, target, 3)
    assert b"x" * 5000 not in out


async def test_ours_stops_when_a_delivery_fails(log: Log) -> None:
    source, target = (
        await log.topic("source"),
        await log.topic("target", config={"max.message.bytes": "1000"}),
    )
    await log.write(source, [b"first", b"x" * 5000, b"last"])
    worker = log.worker("ours", [source], target)
    await worker.start()
    assert await worker.ended() == 1
    assert any("Kafka did not acknowledge" in line for line in worker.lines)
    assert await log.committed(source) <= 1


async def test_stock_sigterm_without_wait_empty_acks_the_event_in_flight(log: Log) -> None:
    source, target = await log.topic("source"), await log.topic("target")
    await log.write(source, values(5))
    async with running(log.worker("stock-no-wait", [source], target, block=[2])) as worker:
        await worker.says("blocked 2")
        await worker.end(signal.SIGTERM)
    assert await log.committed(source) == 3
    assert {record.value for record in await log.read(target)} == set(values(2))


async def test_ours_gives_up_a_run_that_outlasts_the_drain_without_acking_it(log: Log) -> None:
    source, target = await log.topic("source"), await log.topic("target")
    await log.write(source, values(5))
    async with running(log.worker("ours", [source], target, block=[2], drain_s=1.5)) as worker:
        await worker.says("blocked 2")
        assert await worker.end(signal.SIGTERM) == 1
    assert await log.committed(source) <= 2
    out = await finish(log, log.worker("ours", [source], target), source, target, 5)
    assert out == set(values(5))


async def test_ours_finishes_what_is_in_flight_on_sigterm_and_exits_cleanly(log: Log) -> None:
    source, target = await log.topic("source"), await log.topic("target")
    await log.write(source, values(40))
    async with running(log.worker("ours", [source], target, slow_s=0.2, in_flight=8)) as worker:

        async def under_way() -> bool:
            return await log.count(target) >= 1

        await eventually(under_way, "an output")
        assert await worker.end(signal.SIGTERM) == 0
    done = await log.committed(source)
    out = [record.value for record in await log.read(target)]
    assert out == values(40)[:done]
