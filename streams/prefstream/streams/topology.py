"""The topology: which process runs which stages, and which group reads which topics."""

from collections.abc import Mapping, Sequence
from typing import Literal

from prefstream.agents.alerting import Alerting
from prefstream.agents.classification import Classifier
from prefstream.agents.curation import Curation
from prefstream.agents.demonstrations import Demonstrations
from prefstream.agents.generation import Generation
from prefstream.agents.judging import Judge, Judging
from prefstream.agents.resolution import Resolution
from prefstream.agents.routing import Routing
from prefstream.agents.stage import Stage
from prefstream.agents.tasks import retry_topic
from prefstream.agents.validation import Validation
from prefstream.domain.alerts import DEFAULTS, Rules, rules_of
from prefstream.schemas import topics
from prefstream.schemas.topics import TOPICS

ProcessName = Literal["worker", "llm-worker", "calibrator", "sink"]
PROCESSES: tuple[ProcessName, ...] = ("worker", "llm-worker", "calibrator", "sink")
#: What a supervisor runs, in the order in which it ends them: what people say first, the sink last.
SUPERVISED: tuple[str, ...] = ("console", *PROCESSES)
SINK_GROUP = "prefstream.sink"

_INPUTS: Mapping[str, Sequence[str]] = {
    "curation": (topics.PROMPTS_SUBMITTED.name,),
    "routing": (topics.PAIRS_JUDGED.name,),
    "resolution": (topics.PAIRS_ROUTED.name, topics.LABELS_SUBMITTED.name),
    "validation": (topics.PAIRS_PROPOSED.name, topics.LABELS_RESOLVED.name, topics.GOLD_CHOSEN.name),
    "demonstrations": (topics.TASKS_PROPOSED.name, topics.DEMONSTRATIONS_SUBMITTED.name),
    "alerting": (topics.METRICS_UPDATED.name,),
    "generation": (topics.PROMPTS_CURATED.name,),
    "judging": (topics.PAIRS_PROPOSED.name,),
}
#: Stages that keep up with the log by themselves, and stages that wait for models. Where a model
#: classifies prompts, curation waits too, and moves from the light stages to the slow ones.
LIGHT = ("curation", "routing", "resolution", "validation", "demonstrations", "alerting")
SLOW = ("generation", "judging")
#: Stages that may put a record off. Curation's retries are read also when no model classifies any more.
RETRYING = ("curation", *SLOW)
#: The stage that one process or the other runs; on Kafka each goes on where the other has come to.
MOVING = "curation"


def light_stages(
    *, overlap: int, classifier: Classifier | None = None, rules: Rules | None = None
) -> tuple[Stage, ...]:
    """Return the stages of the process `worker`."""
    curation = () if waits(classifier) else (Curation(classifier=classifier),)
    alerting = Alerting(rules=rules or rules_of(DEFAULTS))
    return (*curation, Routing(overlap=overlap), Resolution(), Validation(), Demonstrations(), alerting)


def slow_stages(
    *, panel: Sequence[Judge], generation: Generation, classifier: Classifier | None = None
) -> tuple[Stage, ...]:
    """Return the stages of the process `llm-worker`."""
    curation = (Curation(classifier=classifier),) if waits(classifier) else ()
    return (*curation, generation, Judging(panel=tuple(panel)))


def waits(classifier: Classifier | None) -> bool:
    """Return whether curation waits for a model."""
    return classifier is not None and classifier.remote


def stage_names(process: ProcessName, *, classifying: bool) -> tuple[str, ...]:
    """Return the names of the stages that a process runs.

    Args:
        process: The process.
        classifying: Whether curation waits for a model.
    """
    if process == "worker":
        return tuple(stage for stage in LIGHT if not (classifying and stage == MOVING))
    if process == "llm-worker":
        return (MOVING, *SLOW) if classifying else SLOW
    return ()


def process_group(process: ProcessName) -> str:
    """Return the consumer group of a process on Kafka."""
    return SINK_GROUP if process == "sink" else f"prefstream.{process}"


def retry_group(stage: str) -> str:
    """Return the consumer group that reads a stage's retries."""
    return f"prefstream.{stage}.retry"


def kafka_groups(*, classifying: bool = False) -> dict[str, Sequence[str]]:
    """Return the consumer groups on Kafka, where a process is a group, and the topics each reads."""
    groups: dict[str, Sequence[str]] = {
        process_group(process): [
            topic for stage in stage_names(process, classifying=classifying) for topic in _INPUTS[stage]
        ]
        for process in ("worker", "llm-worker")
    }
    groups[SINK_GROUP] = [spec.name for spec in TOPICS]
    return groups | {retry_group(stage): [retry_topic(stage)] for stage in RETRYING}


def postgres_readers() -> dict[str, Sequence[str]]:
    """Return, per topic of the Postgres log that may be trimmed, the groups that read it.

    Configuration and dead letters are kept whole.
    """
    kept = {spec.name for spec in (*topics.CONFIGURATION, topics.DEAD_LETTERS)}
    readers = {
        spec.name: [stage for stage, inputs in _INPUTS.items() if spec.name in inputs] for spec in TOPICS
    }
    for stage in RETRYING:
        readers[retry_topic(stage)] = [retry_group(stage)]
    return {topic: [*groups, "sink"] for topic, groups in readers.items() if topic not in kept}
