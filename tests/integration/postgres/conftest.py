"""A migrated database and a log on it."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import pytest_asyncio
from tests.running_parts import fresh_database

from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.migrations import upgrade

PARTITIONS = 4


@pytest_asyncio.fixture
async def migrated_dsn(postgres_dsn: str) -> str:
    """Give the DSN of a fresh database at the newest schema."""
    connection = await asyncpg.connect(postgres_dsn)
    try:
        await upgrade(connection)
    finally:
        await connection.close()
    return postgres_dsn


@pytest_asyncio.fixture
async def log(migrated_dsn: str) -> AsyncIterator[PostgresLog]:
    """Give a Postgres log with the topics of the contract."""
    opened = await PostgresLog.open(migrated_dsn, partitions=PARTITIONS)
    try:
        await opened.ensure_topics(partitions=PARTITIONS, replication=1)
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def places() -> list[tuple[str, int]]:
    """Name the partitions of the first topic."""
    return [("prompts.submitted.v1", number) for number in range(PARTITIONS)]


@pytest.fixture
def second_dsn(postgres_server: str) -> Iterator[str]:
    """Give the DSN of another fresh database beside the test's own."""
    yield from fresh_database(postgres_server)
