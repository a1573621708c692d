"""What every process of the chain stands in: settings, log, database, health, watchdog."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import structlog

from prefstream.adapters.log import Log
from prefstream.adapters.postgres.connection import AWAY, CLASH, pool_of
from prefstream.adapters.postgres.states import StoredState, load_states, save_states
from prefstream.adapters.settings import Settings
from prefstream.adapters.tracing import Tracing, opened_tracing
from prefstream.schemas.errors import Unavailable
from prefstream.streams.engine import Prepared, Tally
from prefstream.streams.health import HealthServer
from prefstream.streams.keys import Keys
from prefstream.streams.places import Places, find_places, open_log
from prefstream.streams.purse import SharedPurse, opened_purse
from prefstream.streams.topology import ProcessName, process_group
from prefstream.streams.watchdog import Observation, Watchdog

log = structlog.get_logger(__name__)


class PostgresStates:
    """States of stages in Postgres."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def load(self, stage: str, keys: frozenset[str]) -> Mapping[str, StoredState]:
        """Return the states of these keys.

        Raises:
            Unavailable: The database is away.
        """
        try:
            return await load_states(self._pool, stage, keys)
        except AWAY as error:
            raise Unavailable(f"{stage}: states cannot be read: {error or type(error).__name__}") from error

    async def save(self, stage: str, prepared: Prepared) -> bool:
        """Save the states of a batch; return `False` when somebody else changed one meanwhile.

        Raises:
            Unavailable: The database is away.
        """
        try:
            return await save_states(self._pool, stage, prepared.states, prepared.versions)
        except CLASH:
            return False
        except AWAY as error:
            raise Unavailable(f"{stage}: states cannot be saved, the database is away") from error


@dataclass(slots=True, kw_only=True)
class Surroundings:
    """Where a process finds what it needs."""

    name: ProcessName
    settings: Settings
    places: Places
    log: Log
    pool: asyncpg.Pool
    stop: asyncio.Event
    tallies: dict[str, Tally] = field(default_factory=dict)
    keys: Keys = field(default_factory=Keys)
    #: What watches the money, in the process that calls models.
    purse: SharedPurse | None = None
    #: What makes spans, where somebody traces.
    tracing: Tracing | None = None
    #: Set while this process takes records; a standby has nothing to get on with.
    active: asyncio.Event = field(default_factory=asyncio.Event)

    async def observe(self) -> Observation:
        """Return what the watchdog judges by."""
        dealt_with = sum(tally.done + tally.retry + tally.dead for tally in self.tallies.values())
        if not self.active.is_set():
            return Observation(waiting=0, dealt_with=dealt_with)
        lags = await self.log.lags()
        waiting = sum(sum(lags.get(group, {}).values()) for group in self._groups())
        return Observation(waiting=waiting, dealt_with=dealt_with)

    def _groups(self) -> Sequence[str]:
        """Return the groups this process works for; retries are left out, they may wait on purpose."""
        return (*self.tallies, process_group(self.name))


@asynccontextmanager
async def surroundings(
    name: ProcessName, settings: Settings, stop: asyncio.Event
) -> AsyncIterator[Surroundings]:
    """Open what a process stands in, for as long as the block lasts."""
    places = find_places(settings)
    async with AsyncExitStack() as stack:
        # The sink's rows and its place in the log stand or fall together, so a crash of the server
        # only makes it write the same rows again; it need not wait for the disk.
        dsn, wait = places.dsn.get_secret_value(), name != "sink"
        pool = await stack.enter_async_context(pool_of(dsn, size=10, wait_for_disk=wait))
        port = await stack.enter_async_context(open_log(places, partitions=settings.partitions))
        around = Surroundings(name=name, settings=settings, places=places, log=port, pool=pool, stop=stop)
        if name == "llm-worker":
            around.purse = await stack.enter_async_context(opened_purse(settings.budget, pool))
        traces = settings.tracing
        around.tracing = opened_tracing(traces.endpoint, process=name, log=places.log, share=traces.share)
        if around.tracing is not None:
            stack.callback(around.tracing.close)
        watchdog = Watchdog(around.observe, stall_s=settings.stall_s)
        health = HealthServer(around.tallies, watchdog, around.keys.complaints)
        await health.start(settings.health_port)
        stack.push_async_callback(health.close)
        watching = asyncio.create_task(_watch(around, watchdog, health))
        stack.callback(watching.cancel)
        log.info("process.started", log=places.log, health_port=health.port)
        yield around
        log.info("process.stopped")


async def _watch(around: Surroundings, watchdog: Watchdog, health: HealthServer) -> None:
    await around.active.wait()
    health.started = True
    await watchdog.run(around.stop)


async def together(around: Surroundings, *work: asyncio.Task[None]) -> None:
    """Await tasks that live and die together: the first to fail stops the others and is raised."""
    done, rest = await asyncio.wait(work, return_when=asyncio.FIRST_EXCEPTION)
    around.stop.set()
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    for task in done:
        task.result()
