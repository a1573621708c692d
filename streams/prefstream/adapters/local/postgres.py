"""PostgreSQL on this machine, as our own child: no installation, no service, no Docker."""

import os
import secrets
import shutil
import signal
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from prefstream.adapters.local import ports, postgres_binaries
from prefstream.adapters.local.folders import unusable
from prefstream.adapters.local.isolation import unprivileged
from prefstream.adapters.local.postgres_binaries import Binaries
from prefstream.adapters.local.server import LocalServer
from prefstream.schemas.errors import Unavailable

_USER = "prefstream"
#: The database that initdb makes; it always exists.
_DATABASE = "postgres"
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": ports.HOST,
    # A socket file would be one more thing that a crash leaves behind, and its path has a length limit.
    "unix_socket_directories": "",
    "fsync": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_destination": "stderr",
    # One machine, no replica: no WAL for anybody but the server itself, and room for bursts of it.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "shared_buffers": "256MB",
    # Statements here are short and many: compiling them costs more than it saves.
    "jit": "off",
    "log_checkpoints": "off",
}


class LocalPostgres(LocalServer):
    """One PostgreSQL server that keeps its data in a folder and dies with this process.

    It works as root (in a user namespace, or as another user) and as an ordinary user.

    Args:
        folder: Takes the data, the password and the server's own messages.
        port: Where clients connect; None takes that of the last run, else any free one.
        settings: Server settings that replace ours.
    """

    name = "PostgreSQL"
    #: PostgreSQL's word for: end the sessions, write everything, stop.
    last_call = signal.SIGINT

    def __init__(
        self, folder: Path, port: int | None = None, *, settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(folder, port)
        self._settings = {**_SETTINGS, **(settings or {})}

    @property
    def dsn(self) -> str:
        """Where clients connect, with the password.

        Raises:
            BadInput: The file with the password is gone.
            Unavailable: It was never started.
        """
        try:
            password = self._password_file.read_text(encoding="ascii")
        except OSError as error:
            raise unusable(self._password_file, error) from error
        return f"postgresql://{_USER}:{password}@{ports.HOST}:{self.port}/{_DATABASE}"

    def _address(self) -> str:
        return self.dsn

    @cached_property
    def _binaries(self) -> Binaries:
        return postgres_binaries.find()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _password_file(self) -> Path:
        return self.folder / "password"

    @property
    def _pid_file(self) -> Path:
        return self._data / "postmaster.pid"

    def _prepare(self, end_s: float) -> None:
        self._isolation = unprivileged([self.folder, self._binaries.postgres])
        self._isolation.own(self.folder)
        if self._data.exists():
            self._drop_stale_pid_file()
        else:
            self._make_data(end_s)

    def _make_data(self, end_s: float) -> None:
        """Make the data folder; it gets its name only when it is whole."""
        part = self.folder / "data.part"
        shutil.rmtree(part, ignore_errors=True)
        self._write_password()
        self._run(_initdb(self._binaries, part, self._password_file), self.folder / "initdb.log", end_s)
        part.rename(self._data)

    def _write_password(self) -> None:
        descriptor = os.open(self._password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(16))
        self._isolation.own(self._password_file)

    def _drop_stale_pid_file(self) -> None:
        """Remove what kill -9 left.

        PostgreSQL believes the file when any process has that number now, which in a container is likely. We
        hold the folder's lock, so no server of ours lives; one that somebody started by hand is left alone.
        """
        try:
            pid = int(self._pid_file.read_text(encoding="utf-8").split("\n", 1)[0])
        except (OSError, ValueError):
            return
        if _works_in(pid, self._data):
            raise Unavailable(
                f"A PostgreSQL that prefstream did not start (process {pid}) runs on {self._data}. "
                "Stop it, or set its DSN."
            )
        self._pid_file.unlink()

    def _command(self) -> Sequence[str]:
        settings = {**self._settings, "port": str(self.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._binaries.postgres), "-D", str(self._data), *options]

    def _is_ready(self) -> bool:
        """Read the last line of the pid file, as pg_ctl does."""
        try:
            lines = self._pid_file.read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"


def _initdb(binaries: Binaries, data: Path, password: Path) -> list[str]:
    # The built-in provider sorts by bytes and knows the letters of Unicode, alike on every machine.
    unicode = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if binaries.major >= 17 else []
    options = [
        "-U",
        _USER,
        "-A",
        "scram-sha-256",
        f"--pwfile={password}",
        "-E",
        "UTF8",
        "--locale=C",
        *unicode,
    ]
    return [str(binaries.initdb), "-D", str(data), *options]


def _works_in(pid: int, data: Path) -> bool:
    """Say whether this process has its working folder in `data`, as every PostgreSQL has."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
    except OSError:
        return False
