"""How many records a stage takes at once, by what it waits for."""

import pytest

from prefstream.adapters.settings import GenerationSettings, JudgeSettings
from prefstream.agents.classification import ModelClassifier, OfflineClassifier
from prefstream.agents.curation import Curation
from prefstream.agents.stage import Stage
from prefstream.streams.pace import LIGHT, SLOW_RUN_LENGTH, Pace, pace_of
from prefstream.streams.panel import judges_of
from prefstream.streams.topology import light_stages, slow_stages
from prefstream.streams.writers import generation_of

LOCAL = JudgeSettings(panel=("offline", "recorded:a"), generators=("offline:careful", "offline:hasty"))
REMOTE = JudgeSettings(panel=("openai:m",), generators=("offline:careful", "anthropic:m"))


def stages(judge: JudgeSettings) -> dict[str, Stage]:
    slow = slow_stages(panel=judges_of(judge), generation=generation_of(judge, GenerationSettings()))
    return {stage.name: stage for stage in (*light_stages(overlap=1), *slow)}


@pytest.mark.parametrize("judge", [LOCAL, REMOTE])
def test_a_stage_with_state_takes_one_run_at_a_time(judge: JudgeSettings) -> None:
    stateful = [stage for stage in stages(judge).values() if stage.stateful]

    assert stateful
    assert {pace_of(stage, judge).in_flight for stage in stateful} == {1}


def test_what_this_machine_answers_itself_keeps_the_pace_of_the_light_stages() -> None:
    found = stages(LOCAL)

    assert pace_of(found["judging"], LOCAL) == LIGHT
    assert pace_of(found["generation"], LOCAL) == LIGHT


def test_one_model_in_a_panel_makes_its_stage_slow() -> None:
    found = stages(REMOTE)

    assert pace_of(found["judging"], REMOTE).run_length == SLOW_RUN_LENGTH
    assert pace_of(found["generation"], REMOTE).run_length == SLOW_RUN_LENGTH
    assert pace_of(found["curation"], REMOTE).run_length == LIGHT.run_length


def test_a_classifier_makes_curation_take_no_more_records_than_calls_may_be_under_way() -> None:
    asking = Curation(classifier=ModelClassifier(provider="openai", model="m"))
    reading = Curation(classifier=OfflineClassifier())

    assert pace_of(asking, REMOTE) == Pace(run_length=REMOTE.in_flight, in_flight=1)
    many = REMOTE.model_copy(update={"in_flight": 2000})
    assert pace_of(asking, many) == Pace(run_length=LIGHT.run_length, in_flight=1)
    assert pace_of(reading, REMOTE) == Pace(run_length=LIGHT.run_length, in_flight=1)


@pytest.mark.parametrize("in_flight", [1, 7, 8, 9, 64, 10_000])
def test_a_slow_stage_holds_enough_records_for_the_calls_allowed(in_flight: int) -> None:
    judge = REMOTE.model_copy(update={"in_flight": in_flight})
    pace = pace_of(stages(judge)["judging"], judge)

    assert pace.run_length * pace.in_flight >= in_flight
    assert pace.in_flight >= 2, "while one run waits for its slowest record, another is under way"
