"""Migrations on a real server: once, in order, whoever else migrates."""

import asyncio
import os
import subprocess
import sys

import asyncpg
import pytest
from tests.running_parts import execute

from prefstream.adapters.postgres.migrations import migrations, status, upgrade
from prefstream.schemas.errors import BadInput, Unavailable

pytestmark = pytest.mark.postgres

NAMES = [one.name for one in migrations()]


def begin(dsn: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "prefstream.cli", "db", *arguments],
        env=dict(os.environ) | {"PREFSTREAM_POSTGRES__DSN": dsn},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def command(dsn: str, *arguments: str) -> tuple[int, str, str]:
    said, complained = (process := begin(dsn, *arguments)).communicate(timeout=60)
    return process.returncode, said, complained


async def test_an_empty_database_gets_every_migration_and_then_none(postgres_dsn: str) -> None:
    connection = await asyncpg.connect(postgres_dsn)
    try:
        assert [one.applied for one in await status(connection)] == [False] * len(NAMES)
        assert list(await upgrade(connection)) == NAMES
        assert list(await upgrade(connection)) == []
        assert [one.applied for one in await status(connection)] == [True] * len(NAMES)
    finally:
        await connection.close()


def test_numbers_are_gapless_from_one() -> None:
    assert [one.number for one in migrations()] == list(range(1, len(NAMES) + 1))


def test_of_three_processes_at_once_one_migrates(postgres_dsn: str) -> None:
    processes = [begin(postgres_dsn, "upgrade", "--json") for _ in range(3)]
    ended = [(*process.communicate(timeout=60), process.returncode) for process in processes]

    assert [code for _, _, code in ended] == [0, 0, 0], ended
    assert sum(name in said for said, _, _ in ended for name in NAMES[:1]) == 1
    rows = execute(postgres_dsn, "select number from schema_migrations order by number")
    assert len(rows) == len(NAMES)


def test_status_tells_what_is_missing(postgres_dsn: str) -> None:
    code, said, _ = command(postgres_dsn, "status")
    assert code == 0
    assert said.count("missing") == len(NAMES)

    command(postgres_dsn, "upgrade")
    code, said, _ = command(postgres_dsn, "status")
    assert code == 0
    assert said.count("applied") == len(NAMES)


def test_an_edited_migration_is_refused(postgres_dsn: str) -> None:
    command(postgres_dsn, "upgrade")
    execute(postgres_dsn, "update schema_migrations set checksum = 'other' where number = 1")

    code, _, complained = command(postgres_dsn, "upgrade")

    assert code == BadInput.exit_code
    assert "0001" in complained
    assert "differs" in complained
    assert "Traceback" not in complained


def test_a_newer_database_is_refused(postgres_dsn: str) -> None:
    command(postgres_dsn, "upgrade")
    execute(postgres_dsn, "insert into schema_migrations values (9999, 'of_tomorrow', 'x')")

    code, _, complained = command(postgres_dsn, "upgrade")

    assert code == BadInput.exit_code
    assert "9999" in complained
    assert "upgrade prefstream" in complained


async def test_a_migrator_that_never_ends_is_not_waited_for_forever(postgres_dsn: str) -> None:
    holder, other = await asyncio.gather(asyncpg.connect(postgres_dsn), asyncpg.connect(postgres_dsn))
    try:
        await upgrade(holder, on_step=lambda _: None)
        await holder.execute("select pg_advisory_lock($1)", 0x7072656673747265)
        with pytest.raises(Unavailable, match="migrating"):
            await upgrade(other, deadline_s=0.2)
    finally:
        await holder.close()
        await other.close()


async def test_a_migrator_that_dies_leaves_the_way_free(postgres_dsn: str) -> None:
    holder = await asyncpg.connect(postgres_dsn)
    await holder.execute("select pg_advisory_lock($1)", 0x7072656673747265)
    other = await asyncpg.connect(postgres_dsn)
    try:
        waiting = asyncio.create_task(upgrade(other, deadline_s=30))
        await asyncio.sleep(0)
        holder.terminate()
        assert list(await waiting) == NAMES
    finally:
        await other.close()
