"""A real OpenID Connect provider for tests, `oidc-provider-mock`, in an environment of its own.

The environment is made once, by uv, from `requirements.txt` beside this file. Where it cannot be had,
tests skip with the reason; in CI they fail.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from prefstream.adapters.local.ports import any_free
from tests.running_parts import give_up

LOCK = Path(__file__).with_name("requirements.txt")


def environment() -> Path:
    """Return the environment with the provider in it, made if it is not there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prefstream"
    folder = cache / f"oidc-provider-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _make(folder)
    return folder


def _make(folder: Path) -> None:
    uv = Path(sys.executable).parent / "uv"
    commands = [
        [uv, "venv", "--clear", "--python", sys.executable, folder],
        [uv, "pip", "install", "--python", folder / "bin" / "python", "--require-hashes", "-r", LOCK],
    ]
    for command in commands:
        try:
            done = subprocess.run(
                list(map(str, command)), capture_output=True, text=True, timeout=300, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            give_up(f"no environment for an identity provider can be made: {error}")
        if done.returncode != 0:
            give_up(f"no environment for an identity provider can be made: {done.stderr[-500:]}")
    (folder / "complete").touch()


@contextmanager
def running_provider(folder: Path) -> Iterator[str]:
    """Run a provider for as long as the block lasts and give its address."""
    port = any_free()
    command = [
        str(environment() / "bin" / "oidc-provider-mock"),
        "--port",
        str(port),
        "--require-nonce",
        "true",
    ]
    with (folder / "provider.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            _wait(f"http://127.0.0.1:{port}", process, folder / "provider.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx2.get(f"{address}/jwks", trust_env=False).raise_for_status()
        except httpx2.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the provider does not come up: {log.read_text()}")
