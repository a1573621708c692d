"""Which group reads what: told once in the topology, and equal to what the stages say of themselves."""

from collections import Counter

import pytest

from prefstream.adapters.settings import GenerationSettings, JudgeSettings
from prefstream.agents.classification import Classifier, ModelClassifier, OfflineClassifier
from prefstream.agents.stage import Stage
from prefstream.agents.tasks import retry_topic
from prefstream.schemas.topics import CONFIGURATION, DEAD_LETTERS, RAW, TOPIC_OF, TOPICS
from prefstream.streams.panel import judges_of
from prefstream.streams.topology import (
    LIGHT,
    PROCESSES,
    RETRYING,
    SINK_GROUP,
    SLOW,
    ProcessName,
    kafka_groups,
    light_stages,
    postgres_readers,
    process_group,
    retry_group,
    slow_stages,
    stage_names,
)
from prefstream.streams.writers import generation_of

JUDGE = JudgeSettings()
LIGHT_STAGES = light_stages(overlap=1)
SLOW_STAGES = slow_stages(panel=judges_of(JUDGE), generation=generation_of(JUDGE, GenerationSettings()))
STAGES: tuple[Stage, ...] = (*LIGHT_STAGES, *SLOW_STAGES)
ALL_TOPICS = {spec.name for spec in TOPICS}


def inputs_of(stages: tuple[Stage, ...]) -> Counter[str]:
    return Counter(spec.name for stage in stages for spec in stage.inputs)


def test_the_processes_run_the_stages_that_the_topology_names() -> None:
    assert tuple(stage.name for stage in LIGHT_STAGES) == LIGHT
    assert {stage.name for stage in SLOW_STAGES} == set(SLOW)


def test_a_group_on_kafka_reads_exactly_the_inputs_of_its_stages() -> None:
    groups = kafka_groups()

    assert Counter(groups[process_group("worker")]) == inputs_of(LIGHT_STAGES)
    assert Counter(groups[process_group("llm-worker")]) == inputs_of(SLOW_STAGES)


@pytest.mark.parametrize(
    ("classifier", "classifying"),
    [(None, False), (OfflineClassifier(), False), (ModelClassifier(provider="openai", model="m"), True)],
)
def test_curation_moves_to_the_process_that_waits_for_models_where_a_model_classifies(
    classifier: Classifier | None, classifying: bool
) -> None:
    light = light_stages(overlap=1, classifier=classifier)
    slow = slow_stages(
        panel=judges_of(JUDGE), generation=generation_of(JUDGE, GenerationSettings()), classifier=classifier
    )
    groups = kafka_groups(classifying=classifying)

    assert ("curation" in {stage.name for stage in slow}) is classifying
    assert sorted(stage.name for stage in (*light, *slow)) == sorted((*LIGHT, *SLOW))
    runs: tuple[tuple[ProcessName, tuple[Stage, ...]], ...] = (("worker", light), ("llm-worker", slow))
    for process, stages in runs:
        assert stage_names(process, classifying=classifying) == tuple(stage.name for stage in stages)
        assert Counter(groups[process_group(process)]) == inputs_of(stages)
        assert set(inputs_of(stages).values()) == {1}, "a Faust app hands a record to one agent of a topic"
    assert stage_names("sink", classifying=classifying) == ()
    assert stage_names("calibrator", classifying=classifying) == ()


def test_no_two_stages_of_a_process_share_a_topic() -> None:
    """A Faust app hands a record to one agent of a topic; the other would never see it."""
    for stages in (LIGHT_STAGES, SLOW_STAGES):
        assert set(inputs_of(stages).values()) == {1}


def test_the_sink_reads_everything() -> None:
    assert set(kafka_groups()[SINK_GROUP]) == ALL_TOPICS
    assert process_group("sink") == SINK_GROUP


def test_every_process_that_reads_has_a_group_and_every_stage_that_may_retry_one_for_its_retries() -> None:
    reading = [name for name in PROCESSES if name != "calibrator"]  # that one reads rows, not records
    expected = {process_group(name) for name in reading} | {retry_group(stage) for stage in RETRYING}

    assert set(kafka_groups()) == expected
    assert len(expected) == len(reading) + len(RETRYING)
    assert set(SLOW) < set(RETRYING)


def test_every_stage_that_may_retry_has_a_topic_that_somebody_reads() -> None:
    for stage in RETRYING:
        assert retry_topic(stage) in ALL_TOPICS
        assert kafka_groups()[retry_group(stage)] == [retry_topic(stage)]
    assert {spec.name for spec in RAW} - {DEAD_LETTERS.name} == {retry_topic(stage) for stage in RETRYING}


def test_on_the_postgres_log_nothing_is_trimmed_before_its_stages_and_the_sink_have_read_it() -> None:
    expected = {
        spec.name: {"sink"} | {stage.name for stage in STAGES if spec in stage.inputs} for spec in TOPICS
    }
    for stage in RETRYING:
        expected[retry_topic(stage)] = {"sink", retry_group(stage)}
    for spec in (*CONFIGURATION, DEAD_LETTERS):
        del expected[spec.name]

    readers = postgres_readers()
    assert {topic: set(groups) for topic, groups in readers.items()} == expected
    assert [topic for topic, groups in readers.items() if len(groups) != len(set(groups))] == []


def test_every_topic_of_events_that_stages_read_is_one_that_events_are_said_on() -> None:
    assert set(inputs_of(STAGES)) <= {spec.name for spec in TOPIC_OF.values()}
