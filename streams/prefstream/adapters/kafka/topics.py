"""Topics: made as asked when absent, and told how they differ when they are there already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from prefstream.adapters.kafka.connection import KafkaConnection, check_connection
from prefstream.schemas.errors import Unavailable

REQUEST_TIMEOUT_MS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicLayout:
    """How a topic is to be laid out."""

    name: str
    partitions: int
    replication: int = 1
    config: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicsReport:
    """What became of the topics asked for.

    Attributes:
        created: Topics made just now.
        existing: Topics that were there as asked.
        differing: Topics that were there otherwise, each with what differs; they are left alone.
    """

    created: tuple[str, ...]
    existing: tuple[str, ...]
    differing: Mapping[str, tuple[str, ...]]


async def ensure_topics(connection: KafkaConnection, layouts: Sequence[TopicLayout]) -> TopicsReport:
    """Make the topics that are absent; safe to call again and from several processes at once.

    Raises:
        Unavailable: Kafka does not answer or refuses.
    """
    await check_connection(connection)
    admin = AIOKafkaAdminClient(**connection.client_kwargs(), request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await admin.start()
        created = await _create(admin, layouts)
        differing = await _differences(admin, [layout for layout in layouts if layout.name not in created])
    except (KafkaError, OSError) as error:
        raise Unavailable(f"Kafka topics cannot be made or read: {type(error).__name__}: {error}") from error
    finally:
        await admin.close()
    return TopicsReport(
        created=tuple(created),
        existing=tuple(
            layout.name for layout in layouts if layout.name not in created and layout.name not in differing
        ),
        differing=differing,
    )


async def check_topics(connection: KafkaConnection, topics: Sequence[str]) -> None:
    """See that topics exist: a group that reads an absent one waits for ever without a word.

    Raises:
        Unavailable: A topic does not exist, or Kafka does not answer.
    """
    admin = AIOKafkaAdminClient(**connection.client_kwargs(), request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        await admin.start()
        await partition_counts(admin, topics)
    except (KafkaError, OSError) as error:
        raise Unavailable(f"Kafka topics cannot be read: {type(error).__name__}: {error}") from error
    finally:
        await admin.close()


async def partition_counts(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> dict[str, int]:
    """Count the partitions of topics.

    Raises:
        Unavailable: A topic does not exist or may not be seen.
    """
    described = await admin.describe_topics(list(topics))
    counts = {topic["topic"]: len(topic["partitions"]) for topic in described if not topic["error_code"]}
    if missing := sorted(set(topics) - set(counts)):
        raise Unavailable(f"Kafka has no topic {', '.join(missing)}; create it first")
    return counts


async def _create(admin: AIOKafkaAdminClient, layouts: Sequence[TopicLayout]) -> list[str]:
    known = set(await admin.list_topics())
    absent = [layout for layout in layouts if layout.name not in known]
    if not absent:
        return []
    response = await admin.create_topics(
        [
            NewTopic(layout.name, layout.partitions, layout.replication, topic_configs=dict(layout.config))
            for layout in absent
        ]
    )
    created = []
    for name, code, *detail in response.topic_errors:
        if code == TopicAlreadyExistsError.errno:
            continue
        if code:
            reason = detail[0] if detail and detail[0] else for_code(code).__name__
            raise Unavailable(f"Kafka refuses to make topic {name}: {reason}")
        created.append(name)
    return created


async def _differences(
    admin: AIOKafkaAdminClient, layouts: Sequence[TopicLayout]
) -> dict[str, tuple[str, ...]]:
    if not layouts:
        return {}
    names = [layout.name for layout in layouts]
    described = {topic["topic"]: topic for topic in await admin.describe_topics(names)}
    settings = await _settings(admin, names)
    found = {
        layout.name: _compare(layout, described[layout.name]["partitions"], settings.get(layout.name, {}))
        for layout in layouts
        if layout.name in described
    }
    return {name: differences for name, differences in found.items() if differences}


async def _settings(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    responses = await admin.describe_configs(
        [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    )
    return {
        resource[3]: {entry[0]: entry[1] for entry in resource[4]}
        for response in responses
        for resource in response.resources
    }


def _compare(
    layout: TopicLayout, partitions: Sequence[Mapping[str, Sequence[int]]], settings: Mapping[str, str]
) -> tuple[str, ...]:
    differences = []
    if len(partitions) != layout.partitions:
        differences.append(f"{len(partitions)} partitions, not {layout.partitions}")
    replication = min((len(partition["replicas"]) for partition in partitions), default=0)
    if replication != layout.replication:
        differences.append(f"replication {replication}, not {layout.replication}")
    differences += [
        f"{key}={settings.get(key)}, not {wanted}"
        for key, wanted in layout.config.items()
        if settings.get(key) != wanted
    ]
    return tuple(differences)
