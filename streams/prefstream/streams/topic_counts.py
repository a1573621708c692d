"""The topics of the contract as they stand in a log: how many partitions each has, or none."""

from collections.abc import Mapping

import asyncpg

from prefstream.adapters.postgres.connection import AWAY, connect, shown
from prefstream.adapters.settings import KafkaSettings, Settings
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.topics import TOPICS
from prefstream.streams.places import Places, find_places, kafka_connection, open_log

#: Seconds the broker or the server has for its first answer.
ANSWER_S = 3.0


def places_of_topics(settings: Settings) -> Places:
    """Return where the log is; unlike most commands, those about topics need no database beside Kafka.

    Raises:
        Unavailable: Nothing is configured and nothing runs here.
    """
    alone = settings.kafka.bootstrap and not settings.postgres.dsn.get_secret_value()
    if alone and settings.log != "postgres":
        return Places(log="kafka", dsn=settings.postgres.dsn, kafka=settings.kafka)
    return find_places(settings)


def wanted_counts(partitions: int) -> dict[str, int]:
    """Return how many partitions each topic of the contract is to have."""
    return {spec.name: spec.partitions or partitions for spec in TOPICS}


async def topic_counts(places: Places) -> dict[str, int]:
    """Return the partitions of those topics of the contract that are there.

    Raises:
        Unavailable: The log does not answer, or the database has no tables for it.
    """
    if places.log == "kafka":
        return await _on_kafka(places.kafka)
    return await _on_postgres(places.dsn.get_secret_value())


async def create_topics(places: Places, settings: Settings) -> list[str]:
    """Create the topics that are missing and return their names.

    Raises:
        Unavailable: The log does not answer or refuses, or the database has no tables for it.
    """
    await topic_counts(places)
    async with open_log(places, partitions=settings.partitions) as log:
        return list(
            await log.ensure_topics(partitions=settings.partitions, replication=settings.kafka.replication)
        )


async def _on_kafka(kafka: KafkaSettings) -> dict[str, int]:
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.errors import KafkaError

    from prefstream.adapters.kafka.connection import check_connection
    from prefstream.adapters.kafka.topics import partition_counts

    connection = kafka_connection(kafka)
    await check_connection(connection, timeout_s=ANSWER_S)
    admin = AIOKafkaAdminClient(**connection.client_kwargs(), request_timeout_ms=int(ANSWER_S * 1000))
    try:
        await admin.start()
        # Only what is there is asked for: to describe a topic may create it.
        there = {spec.name for spec in TOPICS} & set(await admin.list_topics())
        return await partition_counts(admin, sorted(there)) if there else {}
    except (KafkaError, OSError) as error:
        raise Unavailable(f"Kafka topics cannot be read: {type(error).__name__}: {error}") from error
    finally:
        await admin.close()


async def _on_postgres(dsn: str) -> dict[str, int]:
    connection = await connect(dsn, timeout_s=ANSWER_S)
    try:
        rows = await connection.fetch("select topic, count(*) as n from log_heads group by topic")
    except asyncpg.UndefinedTableError as error:
        raise Unavailable(
            f"the database at {shown(dsn)} has no tables for a log; run `prefstream db upgrade`"
        ) from error
    except AWAY as error:
        raise Unavailable(f"PostgreSQL at {shown(dsn)} stopped answering: {error}") from error
    finally:
        await connection.close()
    return {row["topic"]: row["n"] for row in rows}


def differing(found: Mapping[str, int], partitions: int) -> dict[str, str]:
    """Return the topics that are there with another number of partitions, each with what differs.

    >>> differing({"pairs.judged.v1": 3, "pairs.routed.v1": 4}, 4)
    {'pairs.judged.v1': '3 partitions, not 4'}
    """
    wanted = wanted_counts(partitions)
    return {
        name: f"{count} partitions, not {wanted[name]}"
        for name, count in found.items()
        if name in wanted and count != wanted[name]
    }
