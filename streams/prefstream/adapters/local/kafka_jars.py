"""The jars of Apache Kafka: fetched once by Maven, kept in the user's cache."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prefstream.adapters.local.child import POLL_S, Child, last_lines, spawn
from prefstream.schemas.errors import BadInput, Unavailable

_POM = Path(__file__).with_name("kafka-pom.xml")
_MARKER = "complete"
_LEAST_JAVA = 17
_GOT = re.compile(r"Downloaded from [^:]+: \S+/(?P<file>[^/\s]+\.jar) \((?P<size>[^)]*?)( at [^)]*)?\)")

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Jars:
    """What runs Apache Kafka: a Java and the jars."""

    java: Path
    folder: Path
    kafka_version: str

    @property
    def class_path(self) -> str:
        """The jars as Java takes them."""
        return f"{self.folder}/*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Apache Kafka can be started here."""

    java: Path
    java_version: int
    #: The jars are there already; else Maven has to fetch them (about 45 MB).
    cached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Apache Kafka cannot be started here."""

    reason: str
    fix: str


def kafka_version() -> str:
    """Read the version of Apache Kafka from the pom."""
    found = re.search(r"<kafka\.version>(.+?)</kafka\.version>", _POM.read_text(encoding="utf-8"))
    assert found is not None, f"{_POM} names no kafka.version"
    return found.group(1)


def default_cache() -> Path:
    """Give the user's cache folder, by the XDG rule."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prefstream"


def kafka_available(cache: Path | None = None) -> Found | Missing:
    """Look whether Apache Kafka can be started here, without starting Maven.

    Args:
        cache: Where jars are kept; None is the user's cache folder.
    """
    java = _java()
    if java is None:
        return Missing(
            reason="no Java was found", fix=f"Install Java {_LEAST_JAVA} or newer, or set JAVA_HOME."
        )
    version = _java_version(java)
    if version is None or version < _LEAST_JAVA:
        said = "does not run" if version is None else f"is version {version}"
        return Missing(
            reason=f"{java} {said}; Apache Kafka needs {_LEAST_JAVA} or newer",
            fix=f"Install Java {_LEAST_JAVA} or newer and put it on the PATH, or set JAVA_HOME.",
        )
    cached = _is_complete(_home(cache))
    if not cached and shutil.which("mvn") is None:
        return Missing(
            reason="Apache Kafka's jars are not in the cache and Maven is not here to fetch them",
            fix="Install Maven (the command mvn), once; later starts do not need it.",
        )
    return Found(java=java, java_version=version, cached=cached)


def fetch(
    cache: Path | None = None, *, on_progress: Progress = lambda _line: None, deadline_s: float = 600.0
) -> Jars:
    """Give the jars of Apache Kafka, fetching them by Maven when they are not in the cache.

    Several processes may ask at once: one fetches, the others wait for it.

    Args:
        cache: Where jars are kept; None is the user's cache folder.
        on_progress: Told what is happening, a line at a time.
        deadline_s: The longest Maven may take.

    Raises:
        Unavailable: Java or Maven is missing, or Maven failed.
        BadInput: The cache folder cannot be written.
    """
    found = kafka_available(cache)
    if isinstance(found, Missing):
        raise Unavailable(f"Apache Kafka cannot be started here: {found.reason}. {found.fix}")
    home = _home(cache)
    if not found.cached:
        _fill(home, on_progress, time.monotonic() + deadline_s)
    return Jars(java=found.java, folder=home, kafka_version=kafka_version())


def progress_of(line: str) -> str | None:
    """Tell what a line of Maven's output means to a person; None when nothing."""
    got = _GOT.search(line)
    return f"fetched {got['file']} ({got['size'].strip()})" if got else None


def _home(cache: Path | None) -> Path:
    """Give the folder of exactly these versions: another pom gets another folder."""
    digest = hashlib.sha256(_POM.read_bytes()).hexdigest()[:8]
    return (cache or default_cache()) / f"kafka-{kafka_version()}-{digest}"


def _is_complete(home: Path) -> bool:
    """Say whether every jar named when the folder was filled is still there."""
    try:
        names = (home / _MARKER).read_text(encoding="utf-8").split()
    except OSError:
        return False
    return bool(names) and all((home / name).is_file() for name in names)


def _fill(home: Path, on_progress: Progress, end_s: float) -> None:
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with _turn(home.with_name(f"{home.name}.lock"), on_progress, end_s):
            if _is_complete(home):
                return
            for left in home.parent.glob(f"{home.name}.part-*"):
                shutil.rmtree(left, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=home.parent, prefix=f"{home.name}.part-") as part:
                jars = Path(part, "jars")
                _run_maven(jars, Path(part), on_progress, end_s)
                names = sorted(jar.name for jar in jars.glob("*.jar"))
                (jars / _MARKER).write_text("\n".join(names), encoding="utf-8")
                shutil.rmtree(home, ignore_errors=True)
                jars.rename(home)
    except OSError as error:
        raise BadInput(
            f"The cache folder {home.parent} cannot be written: {error.strerror or error}. Correct its "
            "permissions or free some space, or set XDG_CACHE_HOME to another folder."
        ) from error


@contextmanager
def _turn(lock: Path, on_progress: Progress, end_s: float) -> Iterator[None]:
    """Wait until no other process fills the cache."""
    told = False
    with lock.open("w") as held:
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= end_s:
                    raise Unavailable(f"Another process holds {lock} and does not finish. End it.") from None
                if not told:
                    on_progress("waiting for another process that fetches Apache Kafka")
                    told = True
                time.sleep(POLL_S)
            else:
                break
        yield


def _run_maven(jars: Path, work: Path, on_progress: Progress, end_s: float) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable("Maven (the command mvn) is not here. Install it to fetch Apache Kafka.")
    # Maven writes beside the pom, and an installed package may be read-only.
    pom = shutil.copy(_POM, work / "pom.xml")
    command = [maven, "-B", "--strict-checksums", "-f", str(pom), "dependency:copy-dependencies"]
    log = work / "maven.log"
    on_progress(f"fetching Apache Kafka {kafka_version()} by Maven, once")
    run = spawn([*command, f"-DoutputDirectory={jars}"], log=log)
    try:
        _follow(run, log, on_progress, end_s)
    finally:
        run.end(patience_s=2.0)
    if run.exit_code != 0:
        errors = [line for line in last_lines(log, 40).splitlines() if "[ERROR]" in line]
        raise Unavailable(
            f"Maven could not fetch Apache Kafka {kafka_version()}. Check that it reaches its repository, or "
            "give the address of a Kafka that runs.\nMaven said:\n"
            + "\n".join(errors[:6] or [last_lines(log, 6)])
        )


def _follow(run: Child, log: Path, on_progress: Progress, end_s: float) -> None:
    """Pass Maven's progress on while it runs."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        ended = False
        while not ended and time.monotonic() < end_s:
            ended = run.wait_end(POLL_S) is not None
            for line in lines:
                said = progress_of(line)
                if said:
                    on_progress(said)


def _java() -> Path | None:
    home = os.environ.get("JAVA_HOME")
    if home and (chosen := Path(home, "bin", "java")).is_file():
        return chosen
    found = shutil.which("java")
    return Path(found) if found else None


def _java_version(java: Path) -> int | None:
    try:
        said = subprocess.run(  # noqa: S603 (the user's own Java)
            [str(java), "-version"], capture_output=True, check=False, timeout=20, text=True
        ).stderr
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(\d+)', said)
    return int(found.group(1)) if found else None
