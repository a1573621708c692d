"""Root without user namespaces: PostgreSQL runs as another user, or says why it cannot."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.postgres

#: Runs as root of a namespace that has all users but allows no namespace below it, as many containers do.
CONFINED = """
import ctypes, os, sys
from pathlib import Path
assert ctypes.CDLL(None, use_errno=True).unshare(0x10000000) == 0
print("in", flush=True)
sys.stdin.readline()
Path("/proc/sys/user/max_user_namespaces").write_text("0")
from prefstream.adapters.local import LocalPostgres
from prefstream.schemas.errors import Unavailable
server = LocalPostgres(Path(sys.argv[1]))
try:
    server.start()
except Unavailable as error:
    print(error)
    sys.exit()
print(Path(f"/proc/{server.pid}/status").read_text().split("Uid:")[1].split()[0])
server.kill()
server.start()
server.stop()
"""


@pytest.fixture
def reachable() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="prefstream-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def run_confined(folder: Path) -> str:
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("only root on Linux has this case")
    command = [sys.executable, "-c", CONFINED, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        if program.stdout.readline() != "in\n":
            pytest.skip("user namespaces are not permitted here")
        for kind in ("uid_map", "gid_map"):
            Path(f"/proc/{program.pid}/{kind}").write_text("0 0 100000", encoding="ascii")
        said, _ = program.communicate("\n", timeout=60)
    return said.strip()


def test_root_without_namespaces_runs_it_as_another_user(reachable: Path) -> None:
    assert int(run_confined(reachable / "postgres")) > 0


def test_a_folder_no_other_user_can_reach_is_named(reachable: Path) -> None:
    reachable.chmod(0o700)
    said = run_confined(reachable / "postgres")
    assert f"no unprivileged user can reach {reachable}/postgres. Run prefstream as an ordinary user" in said
