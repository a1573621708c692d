"""`prefstream console` as a process: it answers, keeps its key, and ends in order."""

import asyncio
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx2
import pytest

from prefstream.adapters.local.secret_files import kept_secret
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.schemas.errors import BadInput
from tests.cli.command import environment, prefstream

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]


@pytest.fixture
def dsn(postgres_dsn: str) -> str:
    """Give the DSN of a database at the newest schema."""

    async def migrated() -> None:
        connection = await asyncpg.connect(postgres_dsn)
        try:
            await upgrade(connection)
        finally:
            await connection.close()

    asyncio.run(migrated())
    return postgres_dsn


@contextmanager
def running(
    folder: Path, dsn: str, *arguments: str, **settings: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a console for as long as the block lasts; give its address and its process."""
    told = {"PREFSTREAM_POSTGRES__DSN": dsn, "PREFSTREAM_FOLDER": str(folder / "data")} | settings
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefstream.cli", *arguments],
            cwd=folder,
            env=environment(told),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            text=True,
        )
    try:
        yield _address(folder / "said", process), process
    finally:
        process.kill()
        process.wait(10)


def _address(said: Path, process: subprocess.Popen[str]) -> str:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        if found := re.search(r"console: (http://\S+)", said.read_text()):
            _wait(found.group(1))
            return found.group(1)
        time.sleep(0.05)
    raise AssertionError(said.read_text())


def _wait(address: str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            if httpx2.get(f"{address}/readyz", trust_env=False).status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.05)
    raise AssertionError(f"{address} does not come up")


def test_it_serves_what_it_says_and_ends_in_order(tmp_path: Path, dsn: str) -> None:
    told = prefstream(tmp_path, "people", "add", "ada", "--generate", "--json", PREFSTREAM_POSTGRES__DSN=dsn)
    password = json.loads(told.out)["password"]

    with running(tmp_path, dsn, "console", "--port", "0") as (address, process):
        with httpx2.Client(base_url=address, trust_env=False) as client:
            entered = client.post("/api/v1/session", json={"name": "ada", "password": password})
            who = client.get("/api/v1/session").json()
        process.send_signal(signal.SIGTERM)
        ended = process.wait(30)

    assert (entered.status_code, who["person_id"], ended) == (204, "ada", 0)
    lines = [
        json.loads(line) for line in (tmp_path / "said").read_text().splitlines() if line.startswith("{")
    ]
    assert {line["event"] for line in lines} >= {"request.answered"}
    assert password not in (tmp_path / "said").read_text()


def test_its_key_is_kept_so_that_people_stay_logged_in_over_a_restart(tmp_path: Path, dsn: str) -> None:
    told = prefstream(tmp_path, "people", "add", "ada", "--generate", "--json", PREFSTREAM_POSTGRES__DSN=dsn)
    password = json.loads(told.out)["password"]
    with running(tmp_path, dsn, "run", "console", PREFSTREAM_CONSOLE__PORT="0") as (address, _):
        entered = httpx2.post(
            f"{address}/api/v1/session", json={"name": "ada", "password": password}, trust_env=False
        )
    cookie = entered.cookies["prefstream_session"]

    with running(tmp_path, dsn, "run", "console", PREFSTREAM_CONSOLE__PORT="0") as (address, _):
        again = httpx2.get(
            f"{address}/api/v1/session", cookies={"prefstream_session": cookie}, trust_env=False
        )

    assert again.json()["person_id"] == "ada"
    key = tmp_path / "data" / "secrets" / "console-cookies"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_figures_are_for_everybody_on_the_port_for_health_alone(tmp_path: Path, dsn: str) -> None:
    from prefstream.adapters.local.ports import any_free

    health = any_free()
    settings = {"PREFSTREAM_CONSOLE__PORT": "0", "PREFSTREAM_HEALTH_PORT": str(health)}
    with running(tmp_path, dsn, "run", "console", **settings) as (address, _):
        inside = httpx2.get(f"http://127.0.0.1:{health}/metrics", trust_env=False)
        outside = httpx2.get(f"{address}/metrics", trust_env=False)

    assert (inside.status_code, outside.status_code) == (200, 401)


def test_a_port_that_is_taken_is_said(tmp_path: Path, dsn: str) -> None:
    with running(tmp_path, dsn, "console", "--port", "0") as (address, _):
        port = address.rpartition(":")[2]
        ended = prefstream(tmp_path, "console", "--port", port, PREFSTREAM_POSTGRES__DSN=dsn)

    assert ended.code == 3
    assert "set PREFSTREAM_CONSOLE__PORT" in ended.err


def test_a_host_that_is_none_is_said(tmp_path: Path, dsn: str) -> None:
    ended = prefstream(tmp_path, "console", "--host", "not a host", PREFSTREAM_POSTGRES__DSN=dsn)

    assert ended.code == 2
    assert "correct the host" in ended.err


def test_a_secret_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "short").write_text("abc")

    with pytest.raises(BadInput, match="holds no secret"):
        kept_secret(tmp_path, "short")


def test_processes_that_ask_at_once_get_the_same_secret(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from prefstream.adapters.local.secret_files import *; "
        "print(kept_secret(Path(sys.argv[1]), 'one'))"
    )
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, env=os.environ
        )
        for _ in range(6)
    ]

    assert len({one.communicate(timeout=30)[0] for one in asking}) == 1
    assert len(list((tmp_path / "secrets").iterdir())) == 1
