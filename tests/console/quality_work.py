"""A console with quality for tests: gold questions as often as a test wants them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from pydantic import SecretStr

from prefstream.adapters.settings import QualitySettings
from prefstream.console.quality import LiveQuality
from prefstream.schemas.values import Preference, Verdict
from prefstream.streams.quality_watch import QualityWatch
from prefstream.streams.reliability import ReliabilityWatch
from tests import factories as make
from tests.console.running import RunningConsole, running_console
from tests.console.working import Work, events_of, next_task, submit

SEED = "the seed of a test"


def quality_settings(**changes: Any) -> QualitySettings:
    """Return settings under which nothing comes between the work, but for what is named."""
    quiet = {"gold_share": 0.0, "calibration_share": 0.0, "rest_after_min": 0.0}
    # Shares of 1 are no setting for anybody; in a test they leave nothing to chance.
    return QualitySettings(seed=SecretStr(SEED)).model_copy(update=quiet | changes)


@asynccontextmanager
async def quality_console(dsn: str, **changes: Any) -> AsyncIterator[tuple[RunningConsole, Work]]:
    """Run a console with these settings of quality, and give what puts work into it."""
    console = {name: changes.pop(name) for name in ("undo_s",) if name in changes}
    chosen = quality_settings(**changes)
    async with running_console(dsn, parts={"quality": LiveQuality(chosen, SEED)}, **console) as running:
        object.__setattr__(running.parts.settings, "quality", chosen)
        yield running, Work(running.pool, running.log)


async def gold_pairs(running: RunningConsole, work: Work, count: int, **body: Any) -> list[str]:
    """Let a lead choose pairs that nobody is asked about otherwise as gold questions; A is right."""
    lead = running.client(await running.person("qa_lead"))
    names = [f"gold-{number}" for number in range(count)]
    await work.say(*(make.a_pair_proposed(pair_id=name) for name in names))
    for name in names:
        answer = await lead.post("/api/v1/quality/gold", json={"pair_id": name, "expected": "A>"} | body)
        assert answer.status_code == 201, answer.text
    return names


async def purpose_of(running: RunningConsole, leased: dict[str, Any]) -> str:
    """Return what a lease is for, which the person is not told."""
    return str(
        await running.pool.fetchval("select purpose from leases where lease_id = $1", leased["lease_id"])
    )


async def sides_of(running: RunningConsole, leased: dict[str, Any]) -> str:
    """Return on which sides the responses stand."""
    query = "select sides from leases where lease_id = $1"
    return str(await running.pool.fetchval(query, leased["lease_id"]))


async def answer_about(
    running: RunningConsole, client: httpx2.AsyncClient, leased: dict[str, Any], verdict: str
) -> httpx2.Response:
    """Submit a verdict about the pair, whatever the sides as shown."""
    shown = Verdict(verdict)
    if shown.preference is not None and await sides_of(running, leased) == "ba":
        shown = Verdict(Preference(shown.preference).swapped.value)
    answer = await submit(client, leased, {"verdict": shown.value})
    assert answer.status_code == 200, answer.text
    return answer


async def answer_all(
    running: RunningConsole, client: httpx2.AsyncClient, count: int, verdict: str = "A>"
) -> list[dict[str, Any]]:
    """Answer so many tasks, whatever they are for, and return what was leased."""
    found = []
    for _ in range(count):
        leased = await next_task(client)
        await answer_about(running, client, leased, verdict)
        found.append(leased)
    return found


async def told(work: Work, topic: str, kind: str, count: int = 1) -> list[dict[str, Any]]:
    """Wait until the log says so many events of a kind, and return them."""
    async with asyncio.timeout(20):
        while len(found := events_of(await work.in_log(topic), kind)) < count:
            await asyncio.sleep(0.05)
    return found


def a_quality_watch(running: RunningConsole, **changes: Any) -> QualityWatch:
    """Return a watch over quality on the console's database."""
    return QualityWatch(pool=running.pool, settings=quality_settings(**changes), clock=lambda: make.NOON)


def a_reliability_watch(running: RunningConsole) -> ReliabilityWatch:
    """Return what follows the labels of the console's database."""
    return ReliabilityWatch(pool=running.pool, log=running.log)
