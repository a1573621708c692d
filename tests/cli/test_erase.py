"""`prefstream erase` as a user runs it, on a database as the sink leaves it."""

import asyncio
import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from prefstream.adapters.postgres.keys import Keys
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.projections import project
from tests import factories as make
from tests.cli.command import PREFSTREAM, environment, prefstream
from tests.running_parts import execute

pytestmark = pytest.mark.postgres

REASON = ("--reason", "asked for by its author")


async def filled(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await upgrade(connection)
        events = [
            make.a_prompt_submitted(),
            make.a_pair_proposed(),
            make.a_label_submitted(annotator="ben", rationale="a secret"),
        ]
        async with connection.transaction():
            records = [make.a_record(event, offset=place) for place, event in enumerate(events)]
            await project(connection, records, Keys())
    finally:
        await connection.close()


@pytest.fixture
def ready(postgres_server: str) -> Iterator[dict[str, str]]:
    """Give the settings of a filled database."""
    name = f"test_erase_{secrets.token_hex(6)}"
    execute(postgres_server, f'CREATE DATABASE "{name}"')
    dsn = urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))
    asyncio.run(filled(dsn))
    yield {"PREFSTREAM_POSTGRES__DSN": dsn}
    execute(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


def test_a_dry_run_says_what_would_go_and_changes_nothing(tmp_path: Path, ready: dict[str, str]) -> None:
    prompt = make.a_prompt_submitted().prompt_id
    for _ in range(2):
        ended = prefstream(tmp_path, "erase", "prompt", prompt, *REASON, "--dry-run", "--json", **ready)
        assert ended.code == 0, ended.err
        told = json.loads(ended.out)
        assert told["dry_run"]
        assert told["erased"] == {"content_keys": 2, "labels": 1}
    assert "nothing was erased" in prefstream(tmp_path, "erase", "show", **ready).out


def test_a_prompt_is_erased_and_shown(tmp_path: Path, ready: dict[str, str]) -> None:
    prompt = make.a_prompt_submitted().prompt_id
    ended = prefstream(tmp_path, "erase", "prompt", prompt, *REASON, "--by", "lena", "--scrub", **ready)
    assert ended.code == 0, ended.err
    assert ended.out.startswith(f"erased: prompt {prompt}\n")
    assert "2  content_keys" in ended.out

    (shown,) = json.loads(prefstream(tmp_path, "erase", "show", prompt, "--json", **ready).out)["erasures"]
    assert (shown["what"], shown["by_whom"], shown["pairs"]) == ("prompt", "lena", [make.PAIR])
    again = prefstream(tmp_path, "erase", "prompt", prompt, *REASON, **ready)
    assert "nothing has come since" in again.out


def test_a_person_is_erased(tmp_path: Path, ready: dict[str, str]) -> None:
    ended = prefstream(tmp_path, "erase", "person", "ben", *REASON, "--json", **ready)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["erased"] == {"content_keys": 1, "labels": 1}


def test_an_unknown_prompt_is_refused(tmp_path: Path, ready: dict[str, str]) -> None:
    ended = prefstream(tmp_path, "erase", "prompt", "misspelt", *REASON, **ready)
    assert ended.code == 2
    assert "nothing is known of a prompt 'misspelt'" in ended.err


def test_an_erasure_needs_a_reason(tmp_path: Path, ready: dict[str, str]) -> None:
    assert prefstream(tmp_path, "erase", "person", "ben", **ready).code == 2
    ended = prefstream(tmp_path, "erase", "person", "ben", "--reason", " ", **ready)
    assert (ended.code, "say why" in ended.err) == (2, True)


async def killed_half_way(folder: Path, ready: dict[str, str]) -> None:
    """Kill the command while it waits for a sink to end its batch."""
    sink = await asyncpg.connect(ready["PREFSTREAM_POSTGRES__DSN"])
    watcher = await asyncpg.connect(ready["PREFSTREAM_POSTGRES__DSN"])
    try:
        async with sink.transaction():
            # The labels are locked: keys are destroyed by then, but nothing is committed.
            await sink.execute("select from labels for update")
            command = subprocess.Popen(
                [*PREFSTREAM, "erase", "prompt", make.a_prompt_submitted().prompt_id, *REASON],
                cwd=folder,
                env=environment(ready),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            async with asyncio.timeout(30):
                waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                while not await watcher.fetchval(f"{waits} and query like '%labels%'"):
                    await asyncio.sleep(0.02)
            command.kill()
            command.wait(timeout=10)
    finally:
        await sink.close()
        await watcher.close()


def test_a_command_that_is_killed_half_way_leaves_all_and_the_next_erases_all(
    tmp_path: Path, ready: dict[str, str]
) -> None:
    prompt = make.a_prompt_submitted().prompt_id
    asyncio.run(killed_half_way(tmp_path, ready))
    assert "nothing was erased" in prefstream(tmp_path, "erase", "show", **ready).out

    ended = prefstream(tmp_path, "erase", "prompt", prompt, *REASON, "--json", **ready)
    assert json.loads(ended.out)["erased"] == {"content_keys": 2, "labels": 1}
