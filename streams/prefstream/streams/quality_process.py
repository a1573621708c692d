"""Quality in the process of the calibrator: one at a time, looking now and then."""

import asyncio

from prefstream.adapters.postgres.connection import AWAY
from prefstream.schemas.errors import Unavailable
from prefstream.streams.quality_watch import QualityWatch
from prefstream.streams.reliability import ReliabilityWatch
from prefstream.streams.surroundings import Surroundings


async def run_quality(around: Surroundings) -> None:
    """Follow labels and answers until told to stop.

    Raises:
        Unavailable: Log or database is away.
    """
    settings = around.settings.quality
    reliability = ReliabilityWatch(pool=around.pool, log=around.log)
    quality = QualityWatch(pool=around.pool, settings=settings)
    while not around.stop.is_set():
        try:
            await reliability.look()
            await quality.look()
        except AWAY as error:
            raise Unavailable(f"quality lost its database: {error or type(error).__name__}") from error
        try:
            await asyncio.wait_for(around.stop.wait(), settings.every_s)
        except TimeoutError:
            continue
