"""A whole deployment for a test: real servers, real processes, all under one folder."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from prefstream.adapters.local.kafka import LocalKafka
from prefstream.adapters.local.postgres import LocalPostgres
from prefstream.adapters.settings import Settings
from prefstream.streams.machine import Machine, prepare
from prefstream.streams.places import Places
from prefstream.streams.status import drained
from prefstream.streams.supervisor import Supervisor

PREFSTREAM = (sys.executable, "-m", "prefstream.cli")


@dataclass(slots=True)
class Running:
    """A deployment under test."""

    settings: Settings
    places: Places
    machine: Machine
    supervisor: Supervisor
    environment: Mapping[str, str]
    told: list[str] = field(default_factory=list)

    @property
    def dsn(self) -> str:
        return self.places.dsn.get_secret_value()

    @property
    def postgres(self) -> LocalPostgres:
        assert self.machine._postgres is not None
        return self.machine._postgres

    @property
    def kafka(self) -> LocalKafka:
        assert self.machine._kafka is not None
        return self.machine._kafka

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `prefstream ...` against this deployment, as a person would."""
        done = subprocess.run(
            [*PREFSTREAM, *arguments],
            env=self._env(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if check:
            assert done.returncode == 0, f"{arguments} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def begin(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start `prefstream ...` and go on."""
        return subprocess.Popen(
            [*PREFSTREAM, *arguments],
            env=self._env(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def drain(self, timeout_s: float = 120.0) -> None:
        """Wait until the chain has dealt with everything, tending the processes meanwhile."""
        until = time.monotonic() + timeout_s
        while True:
            self.tend()
            try:
                asyncio.run(drained(self.settings, 3.0))
            except Exception:
                if time.monotonic() > until:
                    raise
            else:
                return

    def tend(self) -> None:
        """Start again whatever has ended, as `prefstream up` does."""
        self.machine.restart_what_died()
        self.supervisor.look()

    def kill(self, name: str) -> None:
        """Kill -9 one process, whatever it is doing."""
        child = self.supervisor.processes[name].child
        if child is not None and child.exit_code is None:
            os.kill(child.pid, signal.SIGKILL)

    def fetch(self, query: str, *arguments: object) -> list[dict[str, Any]]:
        async def rows() -> Sequence[asyncpg.Record]:
            connection = await asyncpg.connect(self.dsn)
            try:
                return await connection.fetch(query, *arguments)
            finally:
                await connection.close()

        return [dict(row) for row in asyncio.run(rows())]

    def wait_for(self, condition: Callable[[], bool], deadline_s: float = 60.0) -> None:
        until = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < until, "the condition did not come true"
            self.tend()
            time.sleep(0.1)

    def _env(self) -> dict[str, str]:
        return dict(os.environ) | dict(self.environment) | {"PREFSTREAM_FOLDER": str(self.settings.folder)}


@contextmanager
def running(folder: Path, *, log: str, environment: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Run a deployment for as long as the block lasts.

    Settings of the processes are given as PREFSTREAM_* variables, as a user gives them.
    """
    chosen = dict(environment or {}) | {"PREFSTREAM_LOG": log}
    before = {name: os.environ.get(name) for name in chosen}
    os.environ.update(chosen)
    try:
        settings = Settings(folder=folder)
        told: list[str] = []
        with Machine(settings, tell=told.append) as machine:
            places = machine.start()
            asyncio.run(prepare(places, settings, tell=told.append))
            supervisor = Supervisor(folder, environment=chosen)
            try:
                supervisor.start()
                supervisor.wait_ready()
                yield Running(settings, places, machine, supervisor, chosen, told)
            finally:
                supervisor.stop()
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
