"""The command as a user runs it: a process of its own, its two streams and its exit code."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PREFSTREAM = (sys.executable, "-m", "prefstream.cli")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return our environment without anybody's settings of prefstream, and with these."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PREFSTREAM_")}
    return bare | {"COLUMNS": "200"} | dict(settings)


def prefstream(folder: Path, *arguments: str, **settings: str) -> Ended:
    """Run a command in a folder, with settings given as PREFSTREAM_* variables."""
    run = subprocess.run(
        [*PREFSTREAM, *arguments],
        cwd=folder,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ended(code=run.returncode, out=run.stdout, err=run.stderr)
