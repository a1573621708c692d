"""PostgreSQL as our own child: it keeps its data and never outlives us."""

import os
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.integration.local.conftest import processes_in, run_program, wait_for
from tests.running_parts import execute, give_up

from prefstream.adapters.local import LocalPostgres
from prefstream.schemas.errors import BadInput, Unavailable

pytestmark = pytest.mark.postgres

STARTS_AND_WAITS = """
import sys
from pathlib import Path
from prefstream.adapters.local import LocalPostgres
server = LocalPostgres(Path(sys.argv[1]))
print(server.start(), flush=True)
print(server.pid, flush=True)
sys.stdin.readline()
server.stop()
print("stopped", flush=True)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalPostgres]:
    server = LocalPostgres(tmp_path / "postgres")
    try:
        server.start()
    except Unavailable as error:
        give_up(str(error))
    yield server
    server.stop()


def test_rows_survive_a_stop_and_a_kill_on_the_same_port(server: LocalPostgres) -> None:
    port = server.port
    execute(server.dsn, "CREATE TABLE numbers (n int)")
    server.stop()
    assert server.pid is None
    execute(server.start(), "INSERT INTO numbers VALUES (1), (2)")
    server.kill()
    assert [row["n"] for row in execute(server.start(), "SELECT n FROM numbers ORDER BY n")] == [1, 2]
    assert server.port == port


def test_it_syncs_to_disk_and_stores_unicode(server: LocalPostgres) -> None:
    (row,) = execute(
        server.dsn,
        "SELECT current_setting('fsync') AS sync, current_setting('server_encoding') AS encoding, "
        "upper('äß') AS word",
    )
    assert (row["sync"], row["encoding"]) == ("on", "UTF8")
    assert row["word"].startswith("Ä")


def test_the_password_is_asked_for_and_only_its_owner_can_read_it(server: LocalPostgres) -> None:
    assert stat.S_IMODE((server.folder / "password").stat().st_mode) == 0o600
    with pytest.raises(Exception, match="password authentication failed"):
        execute(f"postgresql://prefstream:wrong@127.0.0.1:{server.port}/postgres", "SELECT 1")


def test_a_pid_file_with_the_number_of_a_living_process_does_not_stop_it(server: LocalPostgres) -> None:
    server.kill()
    pid_file = server.folder / "data" / "postmaster.pid"
    first, rest = pid_file.read_text(encoding="utf-8").split("\n", 1)
    assert first != "1"
    # Process 1 always lives.
    pid_file.write_text(f"1\n{rest}", encoding="utf-8")
    server.start()
    assert server.pid is not None


def test_it_explains_its_own_end(server: LocalPostgres) -> None:
    assert server.ended_because() is None
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert wait_for(lambda: server.pid is None)
    assert "PostgreSQL ended by itself" in str(server.ended_because())
    server.start()
    assert server.ended_because() is None


def test_it_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path / "postgres")
    with ThreadPoolExecutor(max_workers=1) as passing:
        dsn = passing.submit(server.start).result()
    assert execute(dsn, "SELECT 1 AS one")[0]["one"] == 1
    server.stop()


def test_a_killed_parent_leaves_no_process(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    with run_program(STARTS_AND_WAITS, folder) as parent:
        assert parent.stdout is not None
        dsn, pid = parent.stdout.readline().strip(), int(parent.stdout.readline())
        execute(dsn, "CREATE TABLE kept ()")
        assert Path(f"/proc/{pid}").exists()
        parent.kill()
    assert wait_for(lambda: not processes_in(folder)), processes_in(folder)
    assert "database system is shut down" in (folder / "server.log").read_text(encoding="utf-8")
    again = LocalPostgres(folder)
    assert execute(again.start(), "SELECT count(*) AS n FROM kept")[0]["n"] == 0
    again.stop()


def test_it_can_start_again_the_moment_its_parent_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    with run_program(STARTS_AND_WAITS, folder) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        parent.kill()
    again = LocalPostgres(folder)
    again.start()
    again.stop()


def test_an_ordinary_user_can_run_it(open_folder: Path, ordinary_user: int | None) -> None:
    with run_program(STARTS_AND_WAITS, open_folder / "postgres", user=ordinary_user) as parent:
        said, _ = parent.communicate("\n", timeout=60)
    assert parent.returncode == 0
    assert said.startswith("postgresql://")
    assert said.endswith("stopped\n")
    assert not processes_in(open_folder)


def test_a_second_owner_is_told_who_has_the_folder(server: LocalPostgres) -> None:
    with pytest.raises(Unavailable, match=f"in use by PostgreSQL .process {server.pid}, port {server.port}"):
        LocalPostgres(server.folder).start()
    assert execute(server.dsn, "SELECT 1 AS one")[0]["one"] == 1


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=rf"Port {port} .* in use"):
            LocalPostgres(tmp_path / "postgres", port).start()


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=f"{tmp_path}/file cannot hold data"):
        LocalPostgres(tmp_path / "file").start()


def test_a_folder_that_may_not_be_written_is_named(open_folder: Path, ordinary_user: int | None) -> None:
    open_folder.chmod(0o500)
    with run_program(STARTS_AND_WAITS, open_folder / "postgres", user=ordinary_user) as parent:
        _, complaint = parent.communicate("\n", timeout=60)
    assert f"The folder {open_folder}/postgres cannot hold data: Permission denied" in complaint


def test_a_full_disk_is_named_and_leaves_nothing_half_made(small_disk: Path) -> None:
    server = LocalPostgres(small_disk / "postgres")
    with pytest.raises(BadInput, match=f"disk of {small_disk}/postgres is full"):
        server.start()
    assert not (small_disk / "postgres" / "data").exists()
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    server.start()
    server.stop()
