"""The topology: which process runs which stages, and which group reads which topics."""

from collections.abc import Mapping, Sequence
from typing import Literal

from prefstream.agents.curation import Curation
from prefstream.agents.generation import Generation, Generator
from prefstream.agents.judging import Judge, Judging
from prefstream.agents.resolution import Resolution
from prefstream.agents.routing import Routing
from prefstream.agents.stage import Stage
from prefstream.agents.tasks import retry_topic
from prefstream.agents.validation import Validation
from prefstream.schemas import topics
from prefstream.schemas.topics import TOPICS

ProcessName = Literal["worker", "llm-worker", "sink"]
PROCESSES: tuple[ProcessName, ...] = ("worker", "llm-worker", "sink")
SINK_GROUP = "prefstream.sink"

_INPUTS: Mapping[str, Sequence[str]] = {
    "curation": (topics.PROMPTS_SUBMITTED.name,),
    "routing": (topics.PAIRS_JUDGED.name,),
    "resolution": (topics.PAIRS_ROUTED.name, topics.LABELS_SUBMITTED.name),
    "validation": (topics.PAIRS_PROPOSED.name, topics.LABELS_RESOLVED.name),
    "generation": (topics.PROMPTS_CURATED.name,),
    "judging": (topics.PAIRS_PROPOSED.name,),
}
#: Stages that keep up with the log by themselves, and stages that wait for models.
LIGHT = ("curation", "routing", "resolution", "validation")
SLOW = ("generation", "judging")


def light_stages(*, overlap: int) -> tuple[Stage, ...]:
    """Return the stages of the process `worker`."""
    return (Curation(), Routing(overlap=overlap), Resolution(), Validation())


def slow_stages(*, panel: Sequence[Judge], generators: Sequence[Generator]) -> tuple[Stage, ...]:
    """Return the stages of the process `llm-worker`."""
    return (Generation(generators=tuple(generators)), Judging(panel=tuple(panel)))


def process_group(process: ProcessName) -> str:
    """Return the consumer group of a process on Kafka."""
    return SINK_GROUP if process == "sink" else f"prefstream.{process}"


def retry_group(stage: str) -> str:
    """Return the consumer group that reads a stage's retries."""
    return f"prefstream.{stage}.retry"


def kafka_groups() -> dict[str, Sequence[str]]:
    """Return the consumer groups on Kafka, where a process is a group, and the topics each reads."""
    groups: dict[str, Sequence[str]] = {
        process_group("worker"): [topic for stage in LIGHT for topic in _INPUTS[stage]],
        process_group("llm-worker"): [topic for stage in SLOW for topic in _INPUTS[stage]],
        SINK_GROUP: [spec.name for spec in TOPICS],
    }
    return groups | {retry_group(stage): [retry_topic(stage)] for stage in SLOW}


def postgres_readers() -> dict[str, Sequence[str]]:
    """Return, per topic of the Postgres log that may be trimmed, the groups that read it.

    Configuration and dead letters are kept whole.
    """
    kept = {spec.name for spec in (*topics.CONFIGURATION, topics.DEAD_LETTERS)}
    readers = {
        spec.name: [stage for stage, inputs in _INPUTS.items() if spec.name in inputs] for spec in TOPICS
    }
    for stage in SLOW:
        readers[retry_topic(stage)] = [retry_group(stage)]
    return {topic: [*groups, "sink"] for topic, groups in readers.items() if topic not in kept}
