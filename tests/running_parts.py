"""Real servers for tests: an Apache Kafka and a PostgreSQL for the whole session.

PREFSTREAM_TEST_KAFKA (host:port) and PREFSTREAM_TEST_POSTGRES (a DSN of a user who may create databases) name
servers to use instead. Where a server cannot be had, tests skip with the reason; in CI they fail.
"""

import asyncio
import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from prefstream.adapters.local import Jars, LocalKafka, LocalPostgres, Missing, fetch, kafka_available
from prefstream.schemas.errors import Unavailable


def give_up(reason: str) -> None:
    """Skip what needs this part; fail in CI, where every part must be there."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def kafka_jars() -> Jars:
    """Give what runs Apache Kafka."""
    found = kafka_available()
    if isinstance(found, Missing):
        give_up(f"Apache Kafka: {found.reason}. {found.fix}")
    return fetch(on_progress=print)


@pytest.fixture(scope="session")
def kafka_bootstrap(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Give the address of an Apache Kafka that the whole session shares; name your topics apart."""
    given = os.environ.get("PREFSTREAM_TEST_KAFKA")
    if given:
        yield given
        return
    server = LocalKafka(tmp_path_factory.mktemp("kafka"), request.getfixturevalue("kafka_jars"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the DSN of a PostgreSQL that the whole session shares."""
    given = os.environ.get("PREFSTREAM_TEST_POSTGRES")
    if given:
        yield given
        return
    server = LocalPostgres(tmp_path_factory.mktemp("postgres"))
    try:
        yield server.start()
    except Unavailable as error:
        give_up(str(error))
    finally:
        server.stop()


@pytest.fixture
def postgres_dsn(postgres_server: str) -> Iterator[str]:
    """Give the DSN of a fresh database, dropped after the test."""
    yield from fresh_database(postgres_server)


def fresh_database(postgres_server: str) -> Iterator[str]:
    """Give the DSN of a fresh database, and drop it afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    execute(postgres_server, f'CREATE DATABASE "{name}"')
    yield urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))
    execute(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


def execute(dsn: str, statement: str) -> list[asyncpg.Record]:
    """Run one statement on a connection of its own, whether or not an event loop runs here."""

    async def run() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, run()).result()
