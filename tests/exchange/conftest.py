"""A migrated database with a sink on it, for exchange with other systems."""

from collections.abc import AsyncIterator

import pytest_asyncio

from prefstream.adapters.postgres.connection import connect
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.migrations import upgrade
from tests.exchange.archiving import Archiving
from tests.exchange.receiver import Receiver, receiving


@pytest_asyncio.fixture
async def archiving(postgres_dsn: str) -> AsyncIterator[Archiving]:
    """Give a database in which a sink archives what it is given."""
    connection = await connect(postgres_dsn)
    try:
        await upgrade(connection)
    finally:
        await connection.close()
    log = await PostgresLog.open(postgres_dsn, partitions=4)
    try:
        yield Archiving(pool=log.pool, dsn=postgres_dsn)
    finally:
        await log.close()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Give a receiver of webhooks."""
    async with receiving() as running:
        yield running
