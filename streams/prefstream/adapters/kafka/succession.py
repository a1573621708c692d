"""Succession: a group takes up where another one, which did the same work, has come to."""

from collections.abc import Collection

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from prefstream.adapters.kafka.connection import KafkaConnection, check_connection
from prefstream.adapters.kafka.lag import REQUEST_TIMEOUT_MS, committed_offsets
from prefstream.schemas.errors import Unavailable


async def succeed(
    connection: KafkaConnection, *, predecessor: str, group: str, topics: Collection[str]
) -> dict[tuple[str, int], int]:
    """Let a group go on where its predecessor stands, in partitions in which that is further on.

    It must come before the first member of the group joins. Where the group stands as far as its
    predecessor, or further, nothing is touched.

    Args:
        connection: How to reach Kafka.
        predecessor: The group that may have read these topics before.
        group: The group that reads them from now on.
        topics: The topics.

    Returns:
        The offsets taken over.

    Raises:
        Unavailable: Kafka does not answer, or members of the group are at work that know nothing of it.
    """
    await check_connection(connection)
    kwargs = connection.client_kwargs() | {"request_timeout_ms": REQUEST_TIMEOUT_MS}
    admin = AIOKafkaAdminClient(**kwargs)
    await admin.start()
    try:
        before = await committed_offsets(admin, predecessor)
        own = await committed_offsets(admin, group)
    except KafkaError as error:
        raise Unavailable(f"Kafka does not tell where group {predecessor} stands: {error}") from error
    finally:
        await admin.close()
    further = {
        place: stands.offset
        for place, stands in before.items()
        if place.topic in topics and stands.offset > (own[place].offset if place in own else -1)
    }
    if further:
        await _commit(connection, group, further)
    return {(place.topic, place.partition): offset for place, offset in further.items()}


async def _commit(connection: KafkaConnection, group: str, offsets: dict[TopicPartition, int]) -> None:
    consumer = AIOKafkaConsumer(
        **connection.client_kwargs(),
        group_id=group,
        enable_auto_commit=False,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
    )
    await consumer.start()
    try:
        consumer.assign(list(offsets))
        await consumer.commit(offsets)
    except KafkaError as error:
        raise Unavailable(
            f"group {group} cannot take over from another: {error}; stop its processes that still run "
            "with the settings of before"
        ) from error
    finally:
        await consumer.stop()
