"""What a process does together, and what its watchdog sees of it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import asyncpg
import pytest
from pydantic import SecretStr

from prefstream.adapters.log import LogWriter
from prefstream.adapters.settings import Settings
from prefstream.schemas.errors import Fenced, Unavailable
from prefstream.schemas.records import LogRecord
from prefstream.streams.engine import Tally
from prefstream.streams.places import Places
from prefstream.streams.surroundings import Surroundings, together
from prefstream.streams.topology import ProcessName, process_group
from prefstream.streams.watchdog import Observation


@dataclass
class LaggingLog:
    """A log that says how far behind its groups are, and nothing else."""

    behind: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    async def lags(self) -> dict[str, dict[str, int]]:
        return {group: dict(topics) for group, topics in self.behind.items()}

    async def writer(self) -> LogWriter:
        raise NotImplementedError

    async def ensure_topics(self, *, partitions: int, replication: int) -> Sequence[str]:
        return ()

    async def snapshot(self, topic: str) -> AsyncIterator[LogRecord]:
        return
        yield

    async def follow(self, topic: str) -> AsyncIterator[LogRecord]:
        return
        yield

    async def close(self) -> None:
        """Nothing is held."""


def around_of(name: ProcessName, behind: Mapping[str, Mapping[str, int]] | None = None) -> Surroundings:
    return Surroundings(
        name=name,
        settings=Settings(),
        places=Places(log="postgres", dsn=SecretStr("")),
        log=LaggingLog(behind or {}),
        pool=cast("asyncpg.Pool", None),
        stop=asyncio.Event(),
    )


async def test_a_standby_has_nothing_to_get_on_with() -> None:
    around = around_of("worker", {"curation": {"prompts.submitted.v1": 9}})
    around.tallies["curation"] = Tally()

    assert (await around.observe()).waiting == 0
    around.active.set()
    assert (await around.observe()).waiting == 9


@pytest.mark.parametrize("group", ["judging", process_group("llm-worker")])
async def test_a_process_sees_its_own_lag_on_either_log_and_not_that_of_others(group: str) -> None:
    behind = {group: {"a": 2, "b": 3}, "routing": {"a": 100}, "prefstream.judging.retry": {"r": 100}}
    around = around_of("llm-worker", behind)
    around.active.set()
    around.tallies.update(judging=Tally(received=9, done=4, retry=2, dead=1), generation=Tally(done=1))

    assert await around.observe() == Observation(waiting=5, dealt_with=8)


async def test_work_that_ends_by_itself_ends_the_process_without_an_error() -> None:
    around = around_of("worker")

    await together(around, *(asyncio.create_task(asyncio.sleep(0)) for _ in range(3)))

    assert around.stop.is_set()


@pytest.mark.parametrize("error", [Unavailable("away"), Fenced("taken over"), ZeroDivisionError("a defect")])
async def test_the_first_to_fail_stops_the_others_and_is_what_the_process_ends_with(error: Exception) -> None:
    around, others = around_of("worker"), list[asyncio.Task[None]]()

    async def fail() -> None:
        await asyncio.sleep(0)
        raise error

    async def work() -> None:
        await asyncio.Event().wait()

    others = [asyncio.create_task(work()) for _ in range(2)]
    with pytest.raises(type(error), match=str(error)):
        async with asyncio.timeout(20):
            await together(around, *others, asyncio.create_task(fail()))

    assert around.stop.is_set()
    assert [task.cancelled() for task in others] == [True, True]
