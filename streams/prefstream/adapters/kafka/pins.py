"""What the stage shell leans on in Faust, mode and aiokafka, checked before it starts.

The shell overrides private names of exactly these versions. Another version may lose records without an
error, so the shell refuses to start on one.
"""

from importlib import import_module, metadata

from prefstream.schemas.errors import Unavailable

VERSIONS = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}

#: Module, class and the names on it that we override, call or write.
PRIVATE_NAMES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "faust.transport.drivers.aiokafka",
        "Consumer",
        (
            "_getmany",
            "_to_message",
            "_new_offset",
            "_add_gap",
            "_filter_tps_with_pending_acks",
            "_new_consumer_thread",
            "on_buffer_full",
            "on_partitions_assigned",
            "ack",
            "wait_empty",
            "_drain_messages",
        ),
    ),
    (
        "faust.transport.drivers.aiokafka",
        "AIOKafkaConsumerThread",
        ("_create_worker_consumer", "_ensure_consumer"),
    ),
    ("faust.transport.drivers.aiokafka", "Transport", ("Consumer",)),
    ("faust.app.base", "App", ("_new_transport", "_stop_consumer", "BootStrategy")),
    ("faust.app.base", "BootStrategy", ("enable_kafka_producer",)),
    ("faust.serializers.schemas", "Schema", ("compile",)),
    ("faust.streams", "Stream", ("noack", "events", "ack")),
    ("aiokafka", "AIOKafkaProducer", ("create_batch", "send_batch", "partitions_for")),
)

#: Compiled modules: the pure Python twin of the first acks records of an older generation.
COMPILED = (
    ("faust.streams", "_CStreamIterator"),
    ("faust.transport.conductor", "ConductorHandler"),
)


def check_pins() -> None:
    """Refuse to go on with other versions than the shell was proved with.

    Raises:
        Unavailable: Naming what differs and how to install what is needed.
    """
    faults = [*_wrong_versions(), *_missing_names(), *_not_compiled()]
    if faults:
        wanted = " ".join(f"{name}=={version}" for name, version in VERSIONS.items())
        raise Unavailable(
            f"The Kafka stages cannot start safely: {'; '.join(faults)}. Run: pip install {wanted}"
        )


def _wrong_versions() -> list[str]:
    found = {name: metadata.version(name) for name in VERSIONS}
    return [
        f"{name} is {found[name]}, not {wanted}" for name, wanted in VERSIONS.items() if found[name] != wanted
    ]


def _missing_names() -> list[str]:
    faults = []
    for module, owner, names in PRIVATE_NAMES:
        holder = getattr(import_module(module), owner, None)
        faults += [f"{module}.{owner}.{name} is gone" for name in names if not hasattr(holder, name)]
    return faults


def _not_compiled() -> list[str]:
    return [
        f"{module} runs without its compiled part"
        for module, name in COMPILED
        if getattr(import_module(module), name, None) is None
    ]
