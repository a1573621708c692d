"""However `prefstream up` ends, nothing of it lives on and its folder can be used again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]

READY = "ready; each process writes to"
INTERRUPTED = 130
Up = Callable[..., "Running"]


class Running:
    """A `prefstream up` and what it has said so far."""

    def __init__(self, folder: Path, dsn: str = "") -> None:
        self.folder = folder
        self._said = folder.with_suffix(".said")
        with self._said.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "prefstream.cli", "up", "--plain", "--log", "postgres"],
                cwd=folder.parent,
                env=os.environ | {"PREFSTREAM_FOLDER": str(folder), "PREFSTREAM_POSTGRES__DSN": dsn},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return self._said.read_text("utf-8")

    def wait_ready(self) -> None:
        assert wait_for(lambda: READY in self.said() or self.process.poll() is not None), self.said()
        assert self.process.poll() is None, self.said()

    def end(self, number: signal.Signals = signal.SIGINT, deadline_s: float = 60.0) -> int:
        self.process.send_signal(number)
        return self.process.wait(deadline_s)


def wait_for(condition: Callable[[], bool], deadline_s: float = 60.0) -> bool:
    until = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def living(folder: Path) -> list[str]:
    """List the processes that name the folder in their arguments or their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            state = (entry / "stat").read_text("utf-8").rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if str(folder).encode() in told and state != "Z" and int(entry.name) != os.getpid():
            found.append((entry / "comm").read_text("utf-8").strip())
    return found


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    started: list[Running] = []

    def start(dsn: str = "") -> Running:
        started.append(Running(tmp_path / "data", dsn))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def assert_usable_again(up: Up) -> None:
    again = up()
    again.wait_ready()
    assert again.end() == INTERRUPTED
    assert wait_for(lambda: not living(again.folder)), living(again.folder)


MOMENTS: dict[str, Callable[[Running], bool]] = {
    "before anything": lambda one: True,
    "while the folder is made": lambda one: (one.folder / "postgres" / "data.part").exists(),
    "while PostgreSQL starts": lambda one: (one.folder / "postgres" / "server.log").exists(),
    "while migrations run": lambda one: "database: PostgreSQL" in one.said(),
    "while topics are made": lambda one: "database: applied" in one.said(),
    "while processes start": lambda one: (one.folder / "pids.json").exists(),
    "when ready": lambda one: READY in one.said(),
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_signal_leaves_no_process_and_a_usable_folder(up: Up, moment: str, number: signal.Signals) -> None:
    running = up()
    assert wait_for(lambda: MOMENTS[moment](running)), running.said()

    running.end(number)

    assert "Traceback" not in running.said(), running.said()
    assert wait_for(lambda: not living(running.folder)), living(running.folder)
    assert not (running.folder / "running.json").exists()
    if number == signal.SIGINT:
        assert_usable_again(up)


def test_kill_nine_of_up_takes_its_children_with_it(up: Up) -> None:
    running = up()
    running.wait_ready()
    assert len(living(running.folder)) > 4

    running.process.kill()
    running.process.wait()

    assert wait_for(lambda: not living(running.folder)), living(running.folder)
    assert_usable_again(up)


def test_a_second_up_at_once_after_kill_nine_works(up: Up) -> None:
    running = up()
    running.wait_ready()

    running.process.kill()
    running.process.wait()

    assert_usable_again(up)


@pytest.mark.parametrize("configured", [False, True], ids=["embedded", "configured"])
def test_a_second_up_is_refused_and_leaves_the_first_alone(
    up: Up, tmp_path: Path, postgres_dsn: str, configured: bool
) -> None:
    dsn = postgres_dsn if configured else ""
    first = up(dsn)
    first.wait_ready()
    pids, note = first.folder / "pids.json", first.folder / "running.json"
    before = (pids.read_text("utf-8"), note.read_text("utf-8"))

    done = subprocess.run(
        [sys.executable, "-m", "prefstream.cli", "up", "--plain", "--log", "postgres"],
        cwd=tmp_path,
        env=os.environ | {"PREFSTREAM_FOLDER": str(first.folder), "PREFSTREAM_POSTGRES__DSN": dsn},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 3, done.stderr
    assert str(first.folder) in done.stderr
    assert "Traceback" not in done.stderr
    assert (pids.read_text("utf-8"), note.read_text("utf-8")) == before
    assert all(Path(f"/proc/{pid}").exists() for pid in json.loads(before[0]).values())
    assert first.process.poll() is None
