"""The published configuration, as every process holds it."""

import asyncio
from contextlib import suppress

import structlog

from prefstream.adapters.log import Log
from prefstream.agents.configuration import configured
from prefstream.agents.stage import Configuration
from prefstream.schemas.codec import decode
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.records import LogRecord
from prefstream.schemas.topics import CONFIGURATION

log = structlog.get_logger(__name__)


class ConfigurationView:
    """Follows the configuration topics; a stage begins only after it has read them to their end."""

    def __init__(self, log_port: Log, *, default: Constitution) -> None:
        self._log = log_port
        self._current = Configuration(constitution=default)
        self._seen: dict[tuple[str, int], int] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def __call__(self) -> Configuration:
        """Return the configuration in force."""
        return self._current

    async def open(self) -> None:
        """Read what was published so far, then go on following."""
        for spec in CONFIGURATION:
            async for record in self._log.snapshot(spec.name):
                self._take(record)
            self._tasks.append(asyncio.create_task(self._follow(spec.name)))

    async def close(self) -> None:
        """Stop following."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task

    async def followed(self, stop: asyncio.Event) -> None:
        """Return when told to stop; raise whatever ended the following before."""
        stopped = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([stopped, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        for task in done - {stopped}:
            task.result()

    async def _follow(self, topic: str) -> None:
        async for record in self._log.follow(topic):
            self._take(record)

    def _take(self, record: LogRecord) -> None:
        at = (record.topic, record.partition)
        if record.offset <= self._seen.get(at, -1):
            return  # following begins at the beginning; an old policy must not come back in force
        self._seen[at] = record.offset
        try:
            self._current = configured(self._current, decode(record.value))
        except Undecodable as error:
            log.warning(
                "configuration.undecodable", topic=record.topic, offset=record.offset, error=str(error)
            )
