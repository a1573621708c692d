"""Trimming the Postgres log: what everybody has read and nobody needs is deleted, a little at a time."""

import asyncio
import time

from prefstream.adapters.postgres.connection import AWAY
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.schemas.errors import Unavailable
from prefstream.streams.topology import postgres_readers

#: Seconds between two rounds.
EVERY_S = 5.0


async def trim_until(stop: asyncio.Event, log: PostgresLog, *, keep_s: float) -> None:
    """Trim every few seconds until `stop` is set.

    The archive holds every record already, because the sink is one of the readers.
    """
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), EVERY_S)
        except TimeoutError:
            older_than_ms = int((time.time() - keep_s) * 1000)
            try:
                await log.trim(postgres_readers(), older_than_ms=older_than_ms)
            except AWAY as error:
                raise Unavailable("the log cannot be trimmed, the database is away") from error
