"""The supervisor: starts the processes of the chain, starts again what ends, ends them together."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from prefstream.adapters.local.child import Child, spawn
from prefstream.adapters.local.ports import any_free
from prefstream.schemas.errors import Unavailable
from prefstream.streams.topology import PROCESSES

log = structlog.get_logger(__name__)

#: Seconds before a process that ended is started again: doubling, up to the last.
BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
#: A process that has run this long has its failures forgiven.
FORGIVEN_S = 60.0
#: Seconds a process has to drain after it was asked to end.
DRAIN_S = 60.0


@dataclass(slots=True)
class Supervised:
    """One process of the chain and how it has fared."""

    name: str
    health_port: int
    log_file: Path
    child: Child | None = None
    starts: int = 0
    failures: int = 0
    started_s: float = 0.0
    again_s: float = 0.0

    def ready(self) -> bool:
        """Return whether it says that it takes records."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/readyz", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@dataclass(slots=True)
class Supervisor:
    """Keeps the processes of the chain running."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = PROCESSES
    processes: dict[str, Supervised] = field(default_factory=dict)

    def start(self) -> None:
        """Start every process; their output goes to one file each under `logs/`."""
        logs = self.folder / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        for name in self.names:
            one = Supervised(name, any_free(), logs / f"{name}.log")
            self.processes[name] = one
            self._launch(one)

    def wait_ready(self, deadline_s: float = 60.0) -> None:
        """Wait until every process takes records.

        Raises:
            Unavailable: One of them does not come up; its last words are in the message.
        """
        until = time.monotonic() + deadline_s
        for one in self.processes.values():
            while not one.ready():
                self.look()
                if time.monotonic() > until or one.failures >= len(BACKOFF_S):
                    said = one.child.tail() if one.child else ""
                    raise Unavailable(f"{one.name} does not come up; the end of {one.log_file}:\n{said}")
                time.sleep(0.05)

    def look(self) -> None:
        """Start again, after a while, whatever has ended."""
        now = time.monotonic()
        for one in self.processes.values():
            if one.child is not None and one.child.exit_code is not None:
                self._note_end(one, now)
            if one.child is None and now >= one.again_s:
                self._launch(one)

    def stop(self) -> None:
        """Ask every process to drain and end, the sink last, so that it takes what the others said."""
        for name in self.names:
            one = self.processes.get(name)
            if one is not None and one.child is not None:
                one.child.end(DRAIN_S)
                one.child = None

    def _note_end(self, one: Supervised, now: float) -> None:
        assert one.child is not None
        one.failures = 1 if now - one.started_s > FORGIVEN_S else one.failures + 1
        wait_s = BACKOFF_S[min(one.failures, len(BACKOFF_S)) - 1]
        log.warning("process.ended", name=one.name, exit_code=one.child.exit_code, again_in_s=wait_s)
        one.child.end()
        one.child, one.again_s = None, now + wait_s

    def _launch(self, one: Supervised) -> None:
        environment = dict(os.environ) | dict(self.environment)
        environment |= {
            "PREFSTREAM_FOLDER": str(self.folder),
            "PREFSTREAM_HEALTH_PORT": str(one.health_port),
            "PREFSTREAM_INSTANCE": environment.get("PREFSTREAM_INSTANCE") or "local",
        }
        command = [sys.executable, "-m", "prefstream.cli", "run", one.name]
        one.child = spawn(command, log=one.log_file, environment=environment)
        one.starts += 1
        one.started_s = time.monotonic()
        self._note_pids()

    def _note_pids(self) -> None:
        pids = {name: one.child.pid for name, one in self.processes.items() if one.child is not None}
        (self.folder / "pids.json").write_text(json.dumps(pids))
