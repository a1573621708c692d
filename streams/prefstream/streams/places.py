"""Where log and database are: configured, or started here and noted in the data folder."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from prefstream.adapters.kafka.connection import KafkaConnection
from prefstream.adapters.log import Log
from prefstream.adapters.settings import KafkaSettings, Settings
from prefstream.schemas.errors import BadInput, Unavailable
from prefstream.streams.topology import kafka_groups

LogKind = Literal["kafka", "postgres"]


class Places(BaseModel):
    """The log and the database of one deployment."""

    model_config = ConfigDict(frozen=True)

    log: LogKind
    dsn: SecretStr
    kafka: KafkaSettings = KafkaSettings()
    #: Whether curation waits for a model: the process that runs it reads its topics.
    classifying: bool = False
    #: Address of the console; empty: none runs here.
    console: str = ""


def running_file(folder: Path) -> Path:
    """Return the note that a running `prefstream up` leaves for other commands."""
    return folder / "running.json"


def write_running(folder: Path, places: Places) -> None:
    """Note where things are, readable by the owner alone: it holds the database's password.

    Raises:
        BadInput: The folder cannot be written.
    """
    document = places.model_dump(mode="json") | {"dsn": places.dsn.get_secret_value()}
    document["kafka"]["sasl_password"] = places.kafka.sasl_password.get_secret_value()
    path = running_file(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)  # one that was there already keeps its mode
        path.write_text(json.dumps(document))
    except OSError as error:
        raise BadInput(
            f"the data folder {folder} cannot be written: {error}; set PREFSTREAM_FOLDER"
        ) from error


def find_places(settings: Settings) -> Places:
    """Return where things are: what is configured, else what a running `prefstream up` noted.

    Raises:
        Unavailable: Nothing is configured and nothing runs here.
        BadInput: A broker is asked for but none is configured.
    """
    if settings.postgres.dsn.get_secret_value():
        kind = settings.log or ("kafka" if settings.kafka.bootstrap else "postgres")
        if kind == "kafka" and not settings.kafka.bootstrap:
            raise BadInput("log is kafka but no broker is set; set PREFSTREAM_KAFKA__BOOTSTRAP to host:port")
        return Places(
            log=kind,
            dsn=settings.postgres.dsn,
            kafka=settings.kafka,
            classifying=settings.curation.asks_models,
            console=settings.console.address,
        )
    try:
        return Places.model_validate_json(running_file(settings.folder).read_bytes())
    except (OSError, ValidationError) as error:
        raise Unavailable(
            f"no database is set and nothing runs in {settings.folder}; "
            "start `prefstream up`, or set PREFSTREAM_POSTGRES__DSN"
        ) from error


@asynccontextmanager
async def open_log(places: Places, *, partitions: int) -> AsyncIterator[Log]:
    """Open the log for as long as the block lasts."""
    log = await _opened(places, partitions)
    try:
        yield log
    finally:
        await log.close()


async def _opened(places: Places, partitions: int) -> Log:
    if places.log == "kafka":
        from prefstream.adapters.kafka.log import KafkaLog

        return KafkaLog(kafka_connection(places.kafka), groups=kafka_groups(classifying=places.classifying))
    from prefstream.adapters.postgres.log import PostgresLog

    return await PostgresLog.open(places.dsn.get_secret_value(), partitions=partitions)


def kafka_connection(kafka: KafkaSettings) -> KafkaConnection:
    """Return the connection that these settings describe."""
    return KafkaConnection(
        bootstrap=kafka.bootstrap,
        security_protocol=kafka.security_protocol,
        sasl_mechanism=kafka.sasl_mechanism,
        sasl_username=kafka.sasl_username or None,
        sasl_password=kafka.sasl_password if kafka.sasl_username else None,
        ca_file=kafka.ca_file,
        cert_file=kafka.cert_file,
        key_file=kafka.key_file,
    )
