"""`prefstream audit` as a user runs it, on a database as the sink leaves it."""

import asyncio
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from prefstream.adapters.postgres.keys import Keys
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.projections import project
from tests import factories as make
from tests.cli.command import prefstream
from tests.running_parts import execute

pytestmark = pytest.mark.postgres


async def filled(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await upgrade(connection)
        events = [
            make.a_prompt_submitted(),
            make.a_pair_proposed(),
            make.a_label_submitted(),
            make.a_label_resolved(),
        ]
        async with connection.transaction():
            records = [make.a_record(event, offset=place) for place, event in enumerate(events)]
            await project(connection, records, Keys())
    finally:
        await connection.close()


@pytest.fixture
def ready(postgres_server: str) -> Iterator[dict[str, str]]:
    """Give the settings of a filled database."""
    name = f"test_audit_{secrets.token_hex(6)}"
    execute(postgres_server, f'CREATE DATABASE "{name}"')
    dsn = urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))
    asyncio.run(filled(dsn))
    yield {"PREFSTREAM_POSTGRES__DSN": dsn}
    execute(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


def test_a_label_is_proved_to_somebody_with_nothing_but_python(tmp_path: Path, ready: dict[str, str]) -> None:
    key = prefstream(tmp_path, "audit", "key", **ready).out.strip()
    signed = prefstream(tmp_path, "audit", "checkpoint", "--out", "checkpoint.txt", **ready)
    assert signed.out.startswith("prefstream.evidence/prefstream\n4\n")
    assert prefstream(tmp_path, "audit", "prove", make.PAIR, "--out", "proof.json", **ready).code == 0
    assert prefstream(tmp_path, "audit", "script", "verify.py", **ready).code == 0
    command = [sys.executable, "-I", "-S", "verify.py", "proof.json", "--key", key]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert shown.stdout == "right: labels.resolved.v1/0@3 is leaf 0 of 1\n"
    assert json.loads((tmp_path / "proof.json").read_text())["checkpoint"] in signed.out + "\n"


def test_the_key_is_for_its_owner_alone_and_stays(tmp_path: Path, ready: dict[str, str]) -> None:
    first = prefstream(tmp_path, "audit", "key", "--json", **ready)
    again = prefstream(tmp_path, "audit", "key", "--json", **ready)
    assert first.out == again.out
    [path] = tmp_path.rglob("evidence.key")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_change_is_found_and_named(tmp_path: Path, ready: dict[str, str]) -> None:
    sound = prefstream(tmp_path, "audit", "verify", "--json", **ready)
    assert (sound.code, json.loads(sound.out)["sound"]) == (0, True), sound.err
    statement = "update archive set subject = 'pair-2' where topic = 'labels.submitted.v1'"
    asyncio.run(changed(ready["PREFSTREAM_POSTGRES__DSN"], statement))
    found = prefstream(tmp_path, "audit", "verify", **ready)
    assert found.code == 1
    assert "changed  labels.submitted.v1/0@2" in found.out
    assert "NOT as it was" in found.out


async def changed(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("verify", "--from-offset", "9", "--to-offset", "3"), "before it begins"),
        (("verify", "--topic", "nothing.v1"), "has nothing of 'nothing.v1'"),
        (("prove", "no-such-pair"), "neither the id of an event nor"),
        (("checkpoint", "--out", "/no/such/folder/x.txt"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, ready: dict[str, str], arguments: tuple[str, ...], words: str
) -> None:
    ended = prefstream(tmp_path, "audit", *arguments, **ready)
    assert ended.code == 2
    assert words in " ".join(ended.err.split())
