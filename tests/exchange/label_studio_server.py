"""A real Label Studio in an environment of its own, on this machine alone.

The environment is made once, by uv, from `requirements/label-studio.txt`; a folder for it is named by
PREFSTREAM_TEST_LABEL_STUDIO_ENV. Where it cannot be had, tests skip with the reason; in CI they fail.
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from prefstream.adapters.local.ports import any_free
from tests.running_parts import give_up

LOCK = Path(__file__).parents[2] / "requirements" / "label-studio.txt"
PASSWORD = "a password of a test"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningLabelStudio:
    """Where it is, and its first user."""

    address: str
    token: str
    email: str
    log: Path

    def client(self, token: str = "") -> httpx2.Client:
        """Return a client that speaks as a user."""
        headers = {"Authorization": f"Token {token or self.token}"}
        return httpx2.Client(base_url=self.address, headers=headers, timeout=60, trust_env=False)


def environment() -> Path:
    """Return the environment with Label Studio in it, made if it is not there yet."""
    given = os.environ.get("PREFSTREAM_TEST_LABEL_STUDIO_ENV")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prefstream"
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    folder = Path(given) if given else cache / f"label-studio-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _make(folder)
    return folder


def _make(folder: Path) -> None:
    uv = Path(sys.executable).parent / "uv"
    python = folder / "bin" / "python"
    commands = [
        [uv, "venv", "--clear", "--python", "3.11", folder],
        [uv, "pip", "install", "--python", python, "--require-hashes", "-r", LOCK],
    ]
    for command in commands:
        try:
            done = subprocess.run(
                list(map(str, command)), capture_output=True, text=True, timeout=900, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            give_up(f"no environment for Label Studio can be made: {error}")
        if done.returncode != 0:
            give_up(f"no environment for Label Studio can be made: {done.stderr[-500:]}")
    # Making its database takes a minute or more; each run begins with a copy of an empty one.
    token = secrets.token_hex(20)
    with _started(folder, folder / "template", token):
        (folder / "template" / "token").write_text(token)
    (folder / "complete").touch()


@contextmanager
def running(folder: Path) -> Iterator[RunningLabelStudio]:
    """Run a Label Studio with an empty database for as long as the block lasts.

    Its first user was made with that database, and keeps the token of then.
    """
    place = environment()
    shutil.copytree(place / "template" / "data", folder / "data")
    with _started(place, folder, (place / "template" / "token").read_text()) as server:
        yield server


@contextmanager
def _started(place: Path, folder: Path, token: str) -> Iterator[RunningLabelStudio]:
    folder.mkdir(exist_ok=True)
    port, email = any_free(), "boss@example.org"
    log = folder / "label-studio.log"
    command = [place / "bin" / "label-studio", "start", "--no-browser", "--internal-host", "127.0.0.1"]
    command += ["--port", port, "--username", email, "--password", PASSWORD, "--user-token", token]
    command += ["--enable-legacy-api-token"]
    settings = {
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "data"),
        "COLLECT_ANALYTICS": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LATEST_VERSION_CHECK": "false",
        # Else it refuses to call a webhook on this machine.
        "SSRF_PROTECTION_ENABLED": "false",
    }
    with log.open("wb") as out:
        child = subprocess.Popen(
            list(map(str, command)),
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=os.environ | settings,
            start_new_session=True,
        )
    server = RunningLabelStudio(address=f"http://127.0.0.1:{port}", token=token, email=email, log=log)
    try:
        _wait(server, child)
        yield server
    finally:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait(10)


def _wait(server: RunningLabelStudio, child: "subprocess.Popen[bytes]", deadline_s: float = 400.0) -> None:
    until = time.monotonic() + deadline_s
    with server.client() as client:
        while time.monotonic() < until and child.poll() is None:
            try:
                if client.get("/api/users/").status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            time.sleep(0.2)
    raise AssertionError(f"Label Studio does not come up: {server.log.read_text()[-2000:]}")
