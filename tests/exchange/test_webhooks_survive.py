"""Senders that are killed without a word lose no delivery, and what they repeat keeps its id."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from prefstream.adapters.settings import WebhookSettings
from prefstream.console.webhook_administration import add_endpoint
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelSubmitted
from tests import factories as make
from tests.exchange.archiving import Archiving
from tests.exchange.receiver import Receiver

pytestmark = [pytest.mark.postgres, pytest.mark.chaos]

LABELS, BATCHES = 20, 6


async def test_two_senders_killed_again_and_again_deliver_everything(
    archiving: Archiving, receiver: Receiver
) -> None:
    settings = WebhookSettings(allow_private=True)
    await add_endpoint(archiving.pool, settings, url=receiver.url, by=None)
    senders = [await a_sender(archiving.dsn) for _ in range(2)]
    try:
        for batch in range(BATCHES):
            first = batch * LABELS
            await archiving.archive(*[a_label(number) for number in range(first, first + LABELS)])
            # Kill the older one while calls are under way.
            await receives(receiver, first + 1)
            await end(senders.pop(0))
            senders.append(await a_sender(archiving.dsn))
        await delivered(archiving, LABELS * BATCHES)
    finally:
        for sender in senders:
            await end(sender)

    ids = {one.headers["webhook-id"] for one in receiver.got}
    assert len(ids) == LABELS * BATCHES
    assert await archiving.pool.fetchval("select count(*) from webhook_deliveries") == LABELS * BATCHES


def a_label(number: int) -> LabelSubmitted:
    return make.a_label_submitted(pair_id=f"pair-{number}", event_id=derived_id("test", "label", number))


async def a_sender(dsn: str) -> asyncio.subprocess.Process:
    root = Path(__file__).parents[2]
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.exchange.sender_process",
        dsn,
        cwd=root,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def end(sender: asyncio.subprocess.Process) -> None:
    if sender.returncode is None:
        sender.send_signal(signal.SIGKILL)
    await sender.wait()


async def receives(receiver: Receiver, least: int) -> None:
    async with asyncio.timeout(60):
        while len({one.headers["webhook-id"] for one in receiver.got}) < least:
            await asyncio.sleep(0.005)


async def delivered(archiving: Archiving, count: int) -> None:
    query = "select count(*) from webhook_deliveries where state = 'delivered'"
    async with asyncio.timeout(90):
        while await archiving.pool.fetchval(query) < count:
            await asyncio.sleep(0.05)
