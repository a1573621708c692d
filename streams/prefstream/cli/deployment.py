"""A deployment on this machine: servers and processes, started, shown and stopped together."""

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

import asyncpg
from rich.console import Console
from rich.live import Live
from rich.table import Table

from prefstream.adapters.local.ports import any_free, is_free
from prefstream.adapters.postgres.connection import AWAY
from prefstream.adapters.settings import Settings
from prefstream.adapters.signals import run_to_the_end
from prefstream.cli.console import note
from prefstream.cli.console_command import server_installed
from prefstream.schemas.errors import BadInput, Unavailable
from prefstream.schemas.policies import Policy
from prefstream.streams.machine import Machine, prepare
from prefstream.streams.panel import judges_of
from prefstream.streams.places import Places, write_running
from prefstream.streams.status import overview
from prefstream.streams.supervisor import Supervisor
from prefstream.streams.topology import SUPERVISED
from prefstream.streams.writers import generation_of

#: Seconds between two looks at the processes and at the counts.
LOOK_S = 1.0


def settings_with(*, log: str = "", **changes: Any) -> Settings:
    """Return the settings with options of the command line on top.

    Raises:
        BadInput: The log is neither kafka nor postgres.
    """
    if log not in ("", "kafka", "postgres"):
        raise BadInput(f"--log takes kafka or postgres, not {log!r}")
    chosen: dict[str, Any] = {"log": log} if log else {}
    return Settings(**chosen, **changes)


class Deployment:
    """What runs, and how to look at it."""

    def __init__(
        self, settings: Settings, places: Places, machine: Machine, supervisor: Supervisor, *, plain: bool
    ) -> None:
        self.settings = settings
        self.places = places
        self.supervisor = supervisor
        self._machine = machine
        self._plain = plain or not sys.stdout.isatty()

    def tend(self) -> None:
        """Start again whatever has ended."""
        self._machine.restart_what_died()
        self.supervisor.look()

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Show the status until the condition holds or somebody presses Ctrl-C."""
        if self._plain:
            self._watch_plainly(until)
            return
        with Live(console=Console(), refresh_per_second=2) as live:
            while not until():
                live.update(self._table(self._seen()))
                self.tend()
                time.sleep(LOOK_S)

    def _watch_plainly(self, until: Callable[[], bool]) -> None:
        said = ""
        while not until():
            seen = self._seen()
            line = one_line(seen) if seen else ""
            if line and line != said:
                note(line)
                said = line
            self.tend()
            time.sleep(LOOK_S)

    def _seen(self) -> dict[str, Any] | None:
        try:
            return run_to_the_end(lambda: asyncio.wait_for(overview(self.settings), 10))
        except (Unavailable, TimeoutError, asyncpg.PostgresError, *AWAY):
            return None

    def _table(self, seen: dict[str, Any] | None) -> Table:
        table = Table(title="prefstream", caption="Ctrl-C stops everything; data stays in the folder")
        for column in ("process", "starts", "state"):
            table.add_column(column)
        for one in self.supervisor.processes.values():
            table.add_row(one.name, str(one.starts), "ready" if one.ready() else "not ready")
        table.add_section()
        if seen is None:
            table.add_row("database", "", "does not answer")
            return table
        for name, count in seen["rows"].items():
            table.add_row(name.replace("_", " "), "", f"{count:,}")
        table.add_section()
        for group, lag in seen["lag"].items():
            table.add_row(f"lag of {group}", "", f"{lag:,}")
        return table


def one_line(seen: dict[str, Any]) -> str:
    """Return the counts that tell most, in one line."""
    rows = seen["rows"]
    names = (
        "prompts",
        "pairs",
        "judged",
        "accepted",
        "escalated",
        "human_labels",
        "resolved",
        "validated",
        "rejected",
    )
    return "  ".join(f"{name.replace('_', ' ')} {rows[name]:,}" for name in names)


@contextmanager
def deployment(
    settings: Settings,
    *,
    plain: bool = False,
    policy: Policy | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Deployment]:
    """Run a deployment for as long as the block lasts; SIGTERM ends it as Ctrl-C does.

    Args:
        settings: Those of this command.
        plain: Lines instead of a live view.
        policy: A policy to put in force before anything is decided.
        environment: Settings that the processes have besides.

    Raises:
        BadInput: The judges, generators or strategy that are set cannot work.
        Unavailable: A server or process does not come up.
    """
    # A process that finds out by itself is started again and again before anybody sees why.
    judges_of(settings.judge)
    generation_of(settings.judge, settings.generation)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupted)
    with Machine(settings, tell=note) as machine:
        places = machine.start()
        run_to_the_end(lambda: prepare(places, settings, tell=note, policy=policy))
        supervisor, address = _supervisor(settings, environment or {})
        places = places.model_copy(update={"console": address})
        write_running(settings.folder, places)
        try:
            supervisor.start()
            supervisor.wait_ready()
            note(f"ready; each process writes to {settings.folder / 'logs'}")
            note(f"console: {address}" if address else "no console: pip install 'prefstream[server]'")
            yield Deployment(settings, places, machine, supervisor, plain=plain)
        finally:
            note("stopping: processes finish what they have begun")
            supervisor.stop()


def _supervisor(settings: Settings, environment: Mapping[str, str]) -> tuple[Supervisor, str]:
    """Return what keeps the processes running, and the address of the console; empty where there is none."""
    if not server_installed():
        return Supervisor(settings.folder, environment=environment), ""
    console = settings.console
    # Two deployments on one machine may both have the default; one that was chosen is kept.
    chosen = "port" in console.model_fields_set or is_free(console.port)
    port = console.port if chosen and console.port else any_free()
    ours = {**environment, "PREFSTREAM_CONSOLE__PORT": str(port)}
    supervisor = Supervisor(settings.folder, environment=ours, names=SUPERVISED)
    return supervisor, console.model_copy(update={"port": port}).address


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    # An event loop that runs has put its own hand on SIGINT and ends its work in order; an exception
    # raised here would come up in the middle of it.
    signal.raise_signal(signal.SIGINT)
