"""What facts about a machine mean: pure findings, each with what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from prefstream.adapters.local.kafka_jars import Found, Missing
from prefstream.adapters.settings import JudgeSettings
from prefstream.schemas.topics import TOPICS
from prefstream.streams.topic_counts import wanted_counts

State = Literal["ok", "warning", "problem"]

GIB = 2**30
#: Bytes below which a database cannot even be made, and below which it will not last long.
LEAST_FREE = 128 * 2**20
LITTLE_FREE = GIB
LEAST_PYTHON = (3, 11)
#: A clock before this is not set; nothing here is older.
NOT_BEFORE = datetime(2025, 1, 1, tzinfo=UTC)
#: Seconds by which two clocks may differ.
CLOCKS_APART_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at.

    Attributes:
        name: What was looked at.
        state: ok; warning: it runs, but not well or not wholly; problem: it does not run.
        what: What was found.
        fix: What to do about it; empty when nothing is.
    """

    name: str
    state: State
    what: str
    fix: str = ""


def python_finding(version: tuple[int, int], executable: str) -> Finding:
    """Judge the version of Python."""
    shown = f"{version[0]}.{version[1]} ({executable})"
    if version < LEAST_PYTHON:
        least = ".".join(map(str, LEAST_PYTHON))
        return Finding(name="python", state="problem", what=shown, fix=f"install Python {least} or newer")
    return Finding(name="python", state="ok", what=shown)


def libraries_finding(found: Mapping[str, str | None], wanted: Mapping[str, str], *, kafka: bool) -> Finding:
    """Judge the versions of the libraries whose private names the stages on Kafka lean on.

    Args:
        found: Version of each library, `None` where it is not installed.
        wanted: The only version of each that will do.
        kafka: Whether the log is Kafka; the Postgres log does without them.
    """
    wrong = {name: found.get(name) for name in wanted if found.get(name) != wanted[name]}
    if not wrong:
        what = ", ".join(f"{name} {version}" for name, version in wanted.items())
        return Finding(name="libraries", state="ok", what=what)
    what = ", ".join(
        f"{name} is {version or 'missing'}, not {wanted[name]}" for name, version in wrong.items()
    )
    fix = "pip install " + " ".join(f"{name}=={wanted[name]}" for name in wrong)
    return Finding(name="libraries", state="problem" if kafka else "warning", what=what, fix=fix)


def kafka_here_finding(found: Found | Missing, *, asked_for: bool) -> Finding:
    """Judge whether Apache Kafka can be started on this machine."""
    if isinstance(found, Missing):
        what = f"Apache Kafka cannot be started here: {found.reason}"
        if asked_for:
            return Finding(name="log", state="problem", what=what, fix=found.fix)
        return Finding(name="log", state="warning", what=f"{what}; the Postgres log is taken", fix=found.fix)
    java = f"Apache Kafka can be started here: Java {found.java_version}"
    if not found.cached:
        return Finding(
            name="log", state="ok", what=f"{java}; Maven fetches its jars (45 MB) at the first start"
        )
    return Finding(name="log", state="ok", what=f"{java}, jars in the cache")


def topics_finding(found: Mapping[str, int], *, partitions: int) -> Finding:
    """Judge the topics: all there, and those that keep pairs in order equal among each other."""
    fixed = {spec.name: spec.partitions for spec in TOPICS if spec.partitions}
    counts = {count for name, count in found.items() if name not in fixed}
    strange = [name for name, count in fixed.items() if found.get(name, count) != count]
    if len(counts) > 1 or strange:
        what = ", ".join(f"{name} {count}" for name, count in sorted(found.items()))
        fix = (
            "give all topics equally many partitions, and one to constitutions and policies: "
            "only then do pairs keep their order"
        )
        return Finding(name="topics", state="problem", what=f"partitions are not equal: {what}", fix=fix)
    if missing := sorted(wanted_counts(partitions).keys() - found.keys()):
        what = f"{len(missing)} of {len(TOPICS)} topics are missing, as {missing[0]}"
        return Finding(name="topics", state="warning", what=what, fix="prefstream topics create")
    there = counts.pop()
    if there != partitions:
        what = f"topics have {there} partitions and keep them, PREFSTREAM_PARTITIONS says {partitions}"
        fix = f"set PREFSTREAM_PARTITIONS to {there}"
        return Finding(name="topics", state="warning", what=what, fix=fix)
    return Finding(name="topics", state="ok", what=f"{len(found)} topics with {there} partitions")


def schema_finding(applied: Mapping[int, str], known: Mapping[int, str]) -> Finding:
    """Judge the schema of a database.

    Args:
        applied: Checksum of each migration that the database has, by number.
        known: Checksum of each migration that this version brings.
    """
    if newer := sorted(applied.keys() - known.keys()):
        what = f"the database has migration {newer[-1]}, which this version does not know"
        return Finding(name="schema", state="problem", what=what, fix="upgrade prefstream")
    if edited := sorted(number for number in applied if applied[number] != known[number]):
        what = f"migration {edited[0]} differs from the one the database was made with"
        fix = "install the version of prefstream that made this database, or a newer one"
        return Finding(name="schema", state="problem", what=what, fix=fix)
    if missing := sorted(known.keys() - applied.keys()):
        what = f"{len(missing)} of {len(known)} migrations are not applied"
        return Finding(name="schema", state="warning", what=what, fix="prefstream db upgrade")
    return Finding(name="schema", state="ok", what=f"all {len(known)} migrations are applied")


def server_finding(version: int, least: int, where: str) -> Finding:
    """Judge the version of a PostgreSQL that answers."""
    what = f"PostgreSQL {version} at {where} answers"
    if version < least:
        fix = f"upgrade it to {least} or newer, or set PREFSTREAM_POSTGRES__DSN to one that is"
        return Finding(name="database", state="problem", what=f"{what}, but is too old", fix=fix)
    return Finding(name="database", state="ok", what=what)


def disk_finding(folder: str, free: int) -> Finding:
    """Judge the free space, in bytes, of a folder that can be written."""
    what = f"{folder} can be written, {free / GIB:.1f} GB free"
    fix = "make room, or set PREFSTREAM_FOLDER to a folder on a larger disk"
    if free < LEAST_FREE:
        return Finding(name="folder", state="problem", what=what, fix=fix)
    if free < LITTLE_FREE:
        return Finding(name="folder", state="warning", what=what, fix=fix)
    return Finding(name="folder", state="ok", what=what)


def models_findings(judge: JudgeSettings) -> list[Finding]:
    """Judge whether every model that is named can be called; keys are never part of what is said."""
    lacking = []
    kinds = {name.partition(":")[0] for name in (*judge.panel, *judge.generators)}
    if "anthropic" in kinds and not judge.anthropic_api_key.get_secret_value():
        lacking.append(("no Anthropic key is set", "set PREFSTREAM_JUDGE__ANTHROPIC_API_KEY"))
    if "openai" in kinds and not judge.openai_base_url:
        what = "no address of an OpenAI-compatible server is set"
        lacking.append((what, "set PREFSTREAM_JUDGE__OPENAI_BASE_URL"))
    if lacking:
        return [Finding(name="models", state="problem", what=what, fix=fix) for what, fix in lacking]
    what = f"panel {', '.join(judge.panel)}; generators {', '.join(judge.generators)}"
    if "offline" in judge.panel:
        fix = "name a model, e.g. PREFSTREAM_JUDGE__PANEL='[\"anthropic:MODEL\"]'"
        return [
            Finding(
                name="models",
                state="warning",
                what=f"{what}; the offline judge is for demonstrations",
                fix=fix,
            )
        ]
    return [Finding(name="models", state="ok", what=what)]


def clock_finding(now: datetime, apart_s: float | None) -> Finding:
    """Judge the clock of this machine.

    Args:
        now: What it says.
        apart_s: Seconds by which the database's clock differs, if that is known.
    """
    fix = "set the clock, best by NTP: events are ordered and summed by their time"
    what = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < NOT_BEFORE:
        return Finding(name="clock", state="problem", what=f"{what}: it is not set", fix=fix)
    if apart_s is not None and abs(apart_s) > CLOCKS_APART_S:
        what = f"{what}: {abs(apart_s):.0f} s apart from the database's"
        return Finding(name="clock", state="warning", what=what, fix=fix)
    return Finding(name="clock", state="ok", what=what)


def misspelt_findings(names: Mapping[str, str]) -> list[Finding]:
    """Judge variables that look like a setting and are none."""
    return [
        Finding(name="settings", state="warning", what=f"{name} is no setting", fix=f"did you mean {meant}?")
        for name, meant in names.items()
    ]


def port_finding(port: int, *, free: bool) -> Finding:
    """Judge the port for health and metrics; 0 lets the system choose."""
    if port == 0:
        return Finding(name="ports", state="ok", what="the system chooses the port for health and metrics")
    if free:
        return Finding(name="ports", state="ok", what=f"port {port} for health and metrics is free")
    fix = "if that is not a process of prefstream, set PREFSTREAM_HEALTH_PORT to another"
    return Finding(
        name="ports", state="warning", what=f"port {port} for health and metrics is in use", fix=fix
    )
