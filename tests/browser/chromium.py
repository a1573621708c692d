"""Chromium: where it is, and how CI gets it."""

import os
import subprocess
from pathlib import Path
from time import monotonic

CHROMIUM = Path("/usr/bin/chromium")
#: An installation that takes longer has gone wrong.
DEADLINE_S = 600.0
#: Another program may be installing; a mirror may fail once.
_OPTIONS = ("DPkg::Lock::Timeout=120", "Acquire::Retries=3", "Acquire::http::Timeout=30")
_STEPS = (("update",), ("install", "--yes", "--no-install-recommends", "chromium"))


def installable() -> bool:
    """Return whether Chromium is missing and may be installed here: only in CI, and only by root."""
    return not CHROMIUM.exists() and bool(os.environ.get("CI")) and os.geteuid() == 0


def install(apt_get: str = "apt-get", deadline_s: float = DEADLINE_S) -> str:
    """Install Chromium; return what went wrong, nothing if it is there."""
    until = monotonic() + deadline_s
    wrong = ""
    # One list that cannot be had does not mean that the package cannot: only the last step decides.
    for step in _STEPS:
        wrong = _step([apt_get, *_options(), *step], until - monotonic())
    return wrong


def _step(command: list[str], left_s: float) -> str:
    said = " ".join(command)
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=max(1.0, left_s),
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        )
    except subprocess.TimeoutExpired:
        return f"`{said}` took too long"
    except OSError as error:
        return f"`{said}`: {error}"
    last = "\n".join(done.stderr.strip().splitlines()[-5:])
    return f"`{said}` ended with {done.returncode}: {last}" if done.returncode else ""


def _options() -> list[str]:
    return [part for option in _OPTIONS for part in ("-o", option)]
