"""The batch loop as a part of a process: of all that could run it, one does."""

import asyncio

import asyncpg

from prefstream.adapters.postgres.batches import Batches
from prefstream.adapters.postgres.connection import AWAY, connect
from prefstream.schemas.errors import Unavailable
from prefstream.streams.intake import group_lock
from prefstream.streams.surroundings import Surroundings

_PLACE = "prefstream.batches"
#: Seconds beyond the deadline of making a batch after which the vendor's list must show it.
_LISTED_S = 30.0


async def batches_until(around: Surroundings) -> None:
    """Send batches until told to stop; where calls do not go in batches, or not from here, do nothing.

    Raises:
        Unavailable: The database is away, and with it the place.
        BadInput: There is no key.
    """
    settings = around.settings
    if around.name != "llm-worker" or not settings.judge.batch:
        return
    connection = await connect(around.places.dsn.get_secret_value())
    try:
        if await group_lock(connection, _PLACE, stop=around.stop):
            await _run(around, connection)
    except AWAY as error:
        raise Unavailable(f"the database of the batches is away: {error or type(error).__name__}") from error
    finally:
        await connection.close(timeout=5)


async def _run(around: Surroundings, connection: asyncpg.Connection) -> None:
    # The vendor's SDK takes seconds to import, and only the one that sends needs it.
    from prefstream.adapters.models.anthropic_batches import AnthropicBatches
    from prefstream.streams.batch_loop import BatchLoop, BatchPace

    settings = around.settings
    vendor = AnthropicBatches(
        api_key=settings.judge.anthropic_api_key.get_secret_value(),
        base_url=settings.judge.anthropic_base_url,
        timeout_s=settings.batch.deadline_s,
    )
    pace = BatchPace(
        size=settings.batch.size,
        interval_s=settings.batch.interval_s,
        poll_s=settings.batch.poll_s,
        grace_s=settings.batch.deadline_s + min(_LISTED_S, settings.batch.deadline_s),
    )
    loop = BatchLoop(batches=Batches(connection), vendor=vendor, pace=pace, purse=around.purse)
    sending = asyncio.create_task(loop.run(around.stop))
    stopped = asyncio.create_task(around.stop.wait())
    try:
        # A batch is made, or its results are read, for minutes: whoever stops need not wait for it, since
        # every step can be repeated.
        await asyncio.wait([sending, stopped], return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            sending.result()
    finally:
        for task in (sending, stopped):
            task.cancel()
        await asyncio.gather(sending, stopped, return_exceptions=True)
        await vendor.aclose()
