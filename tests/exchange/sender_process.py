"""A process that sends webhooks until it is ended: `python -m tests.exchange.sender_process DSN`."""

import asyncio
import sys

from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.settings import WebhookSettings
from prefstream.adapters.webhooks.calls import Caller
from prefstream.console.webhook_sender import WebhookSender


async def main(dsn: str) -> None:
    """Send until the process is killed."""
    settings = WebhookSettings(allow_private=True, timeout_s=0.5, every_s=0.02)
    async with pool_of(dsn, size=4) as pool:
        calls = Caller(allow_private=True, timeout_s=settings.timeout_s)
        await WebhookSender(pool=pool, calls=calls, settings=settings).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
