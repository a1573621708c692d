"""One machine: starts the log and the database that are not configured, and makes them ready."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from prefstream.adapters.constitutions import load_constitution, shipped_constitution
from prefstream.adapters.local.folders import OwnedFolder, unusable
from prefstream.adapters.local.kafka import LocalKafka
from prefstream.adapters.local.kafka_jars import Found, Missing, fetch, kafka_available
from prefstream.adapters.local.postgres import LocalPostgres
from prefstream.adapters.postgres.connection import connect
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.prices import price_book
from prefstream.adapters.settings import KafkaSettings, Settings
from prefstream.adapters.signals import undisturbed
from prefstream.schemas.errors import BadInput, Unavailable
from prefstream.schemas.policies import Policy
from prefstream.streams.places import Places, open_log, running_file, write_running
from prefstream.streams.publication import publish_constitution, publish_policy

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which log was taken, and why in a few words."""

    log: str
    why: str


def choose_log(settings: Settings, found: Found | Missing) -> Choice:
    """Choose the log: what is asked for, else a configured broker, else Kafka here, else Postgres.

    Raises:
        BadInput: Kafka is asked for and cannot be had.
    """
    if settings.log == "postgres":
        return Choice(log="postgres", why="asked for")
    if settings.kafka.bootstrap:
        return Choice(log="kafka", why=f"the broker at {settings.kafka.bootstrap}")
    if isinstance(found, Found):
        return Choice(log="kafka", why="started here: Java and its jars are at hand")
    if settings.log == "kafka":
        raise BadInput(f"log is kafka, but {found.reason}. {found.fix}")
    return Choice(log="postgres", why=f"Apache Kafka cannot be started here: {found.reason}")


class Machine:
    """The servers of this machine, for as long as it is open."""

    def __init__(self, settings: Settings, *, tell: Told) -> None:
        self._settings = settings
        self._tell = tell
        self._postgres: LocalPostgres | None = None
        self._kafka: LocalKafka | None = None
        self._owned = OwnedFolder(settings.folder)
        self._noted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> Places:
        """Start what is not configured, note where it is, and return that.

        Raises:
            Unavailable: A server cannot be started.
            BadInput: The folder or a setting cannot be used.
        """
        settings = self._settings
        self._own_folder()
        choice = choose_log(settings, kafka_available())
        dsn = settings.postgres.dsn.get_secret_value() or self._start_postgres()
        database = "the configured one" if settings.postgres.dsn.get_secret_value() else "embedded"
        kafka = settings.kafka
        if choice.log == "kafka" and not kafka.bootstrap:
            kafka = KafkaSettings(bootstrap=self._start_kafka())
        places = Places(
            log="kafka" if choice.log == "kafka" else "postgres",
            dsn=SecretStr(dsn),
            kafka=kafka,
            classifying=settings.curation.asks_models,
        )
        with undisturbed():
            self._noted = True
            write_running(settings.folder, places)
        self._tell(f"log: {choice.log} ({choice.why}); database: PostgreSQL, {database}")
        return places

    def restart_what_died(self) -> None:
        """Start our own servers again where they have ended."""
        for server in (self._postgres, self._kafka):
            if server is not None and server.pid is None:
                self._tell(f"{type(server).__name__} ended; starting it again")
                server.start()

    def close(self) -> None:
        """Stop our own servers and take the note away."""
        if self._noted:  # else the note is that of another deployment in this folder
            running_file(self._settings.folder).unlink(missing_ok=True)
        for server in (self._kafka, self._postgres):
            if server is not None:
                server.stop()
        self._owned.release()

    def _own_folder(self) -> None:
        """Keep a second deployment out of the folder, also where no server of ours would."""
        folder = self._settings.folder
        try:
            # Made here for everybody to pass through: a server may run as another user.
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable(folder.absolute(), error) from error
        try:
            self._owned.claim()
        except Unavailable as error:
            raise Unavailable(
                f"another prefstream runs in {folder.absolute()}; `prefstream status` shows it. "
                "Stop it, or set PREFSTREAM_FOLDER to another folder"
            ) from error
        self._owned.sign(server="prefstream", pid=os.getpid(), port=0)

    def _start_postgres(self) -> str:
        self._postgres = LocalPostgres(self._settings.folder / "postgres")
        return self._postgres.start()

    def _start_kafka(self) -> str:
        jars = fetch(on_progress=self._tell)
        self._kafka = LocalKafka(self._settings.folder / "kafka", jars)
        return self._kafka.start()


async def prepare(places: Places, settings: Settings, *, tell: Told, policy: Policy | None = None) -> None:
    """Migrate the database, create the topics and publish constitution and policy, as far as missing.

    It comes before the processes start, so the first event is decided by what is published here.

    Raises:
        BadInput: The file of prices cannot be used.
    """
    price_book(settings.budget.prices)  # the process that prices calls could only end and say so in its log
    connection = await connect(places.dsn.get_secret_value())
    try:
        for name in await upgrade(connection):
            tell(f"database: applied {name}")
    finally:
        await connection.close()
    async with open_log(places, partitions=settings.partitions) as log:
        created = await log.ensure_topics(
            partitions=settings.partitions, replication=settings.kafka.replication
        )
        if created:
            tell(f"log: created {len(created)} topics")
        constitution = (
            load_constitution(settings.constitution) if settings.constitution else shipped_constitution()
        )
        if await publish_constitution(log, constitution, now=datetime.now(UTC)):
            tell(f"constitution in force: {constitution.id}")
        if policy is not None and await publish_policy(log, policy, now=datetime.now(UTC)):
            tell(f"policy in force: {policy.id}")
