"""Programs, users and small disks for the tests of the local servers."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

NOBODY = 65534


def wait_for(condition: Callable[[], bool], deadline_s: float = 20.0) -> bool:
    """Wait until `condition`, for at most the deadline."""
    end_s = time.monotonic() + deadline_s
    while time.monotonic() < end_s:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def processes_in(folder: Path) -> list[str]:
    """List the commands of all processes that name this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            state = entry.with_name("stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if str(folder) in command and state != "Z" and int(entry.parent.name) != os.getpid():
            found.append(command)
    return found


def run_program(source: str, *arguments: object, user: int | None = None) -> subprocess.Popen[str]:
    """Start a Python program, as another user when asked."""
    root = Path(__file__).parents[3]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(str(root / ring) for ring in ("schemas", "agents", "streams")),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/nonexistent",
    }
    return subprocess.Popen(
        [*_as_user(user), sys.executable, "-c", source, *map(str, arguments)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _as_user(user: int | None) -> list[str]:
    """Become this user, who may read everything (Python may live in root's home) but not write it."""
    if user is None:
        return []
    program = shutil.which("setpriv")
    if program is None:
        pytest.skip("becoming another user needs the command setpriv")
    reads_all = "+dac_read_search"
    identity = [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    return [program, *identity, f"--inh-caps={reads_all}", f"--ambient-caps={reads_all}"]


@pytest.fixture
def ordinary_user() -> int | None:
    """Give the id of a user who is not root; None when the tests run as one."""
    return NOBODY if os.geteuid() == 0 else None


@pytest.fixture
def open_folder(ordinary_user: int | None) -> Iterator[Path]:
    """Give a folder that the ordinary user owns and everyone can reach."""
    folder = Path(tempfile.mkdtemp(prefix="prefstream-test-"))
    if ordinary_user is not None:
        os.chown(folder, ordinary_user, ordinary_user)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk of 20 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("a small disk needs root and the command mount")
    mounted = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"mounting is not permitted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)
