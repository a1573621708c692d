"""The generation stage."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from tests.factories import NOON, NOON_MS, a_constitution, a_pair_proposed, a_prompt_curated
from tests.topology.chains import ScriptedGenerator

from prefstream.agents.generation import Generation, weakest
from prefstream.agents.stage import (
    Answer,
    Configuration,
    Failure,
    Given,
    Needs,
    Outcome,
    Refusal,
    Reply,
    Retry,
)
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Provenance, Stakes

PROMPT = a_prompt_curated(tags=("t",), stakes=Stakes.HIGH, stratum_weight=2.5)
CONFIGURATION = Configuration(constitution=a_constitution())


def the_stage(*names: str) -> Generation:
    return Generation(generators=tuple(ScriptedGenerator(name=name) for name in names))


def the_outcome(answers: Mapping[str, Answer]) -> Outcome:
    stage = the_stage(*answers)
    by_request = {
        generator.call(PROMPT).request_id: answers[name]
        for name, generator in zip(answers, stage.generators, strict=True)
    }
    return stage.handle(PROMPT, Given(configuration=CONFIGURATION, answers=by_request))


def reply(text: str, late_ms: int = 0) -> Reply:
    return Reply(content={"text": text}, at_ms=NOON_MS + late_ms)


def test_every_generator_is_asked_once() -> None:
    needs = the_stage("a", "b").needs(PROMPT, Given(configuration=CONFIGURATION))
    assert [call.request["generator"] for call in needs.calls] == ["a", "b"]
    assert needs.keys == frozenset()


def test_every_two_candidates_that_differ_become_a_pair_of_one_group() -> None:
    events = the_outcome({"a": reply("x"), "b": reply("y"), "c": reply("x")}).events
    assert all(isinstance(event, PairProposed) for event in events)
    texts = [(event.response_a.text, event.response_b.text) for event in events]  # type: ignore[attr-defined]
    assert texts == [("x", "y"), ("y", "x")]
    assert len({event.event_id for event in events}) == len({event.subject for event in events}) == 2
    assert len({event.group_id for event in events}) == 1  # type: ignore[attr-defined]


def test_a_pair_inherits_the_prompts_place_and_the_time_of_the_last_reply() -> None:
    (pair,) = the_outcome({"a": reply("x", 10), "b": reply("y", 2000)}).events
    assert isinstance(pair, PairProposed)
    assert (pair.slice, pair.stakes, pair.tags, pair.stratum_weight) == (
        PROMPT.slice,
        PROMPT.stakes,
        PROMPT.tags,
        PROMPT.stratum_weight,
    )
    assert pair.messages == PROMPT.messages
    assert pair.occurred_at == NOON + timedelta(seconds=2)
    assert pair.causation_id == PROMPT.event_id


def test_candidates_that_are_all_the_same_make_no_pair() -> None:
    assert the_outcome({"a": reply("x"), "b": reply("x")}).events == []


def test_a_transient_failure_asks_for_another_try_when_the_provider_says() -> None:
    failure = Failure(reason="overloaded", detail="529", transient=True, retry_after_s=7.0)
    detour = the_outcome({"a": reply("x"), "b": failure}).detour
    assert detour == Retry(reason="overloaded", detail="529", after_s=7.0)
    silent = Failure(reason="deadline", detail="", transient=True)
    assert the_outcome({"a": silent, "b": reply("x")}).detour == Retry(
        reason="deadline", detail="", after_s=0
    )


def test_a_permanent_failure_is_refused() -> None:
    failure = Failure(reason="wrong_key", detail="401", transient=False)
    assert the_outcome({"a": failure}).detour == Refusal(reason="wrong_key", detail="401")


def test_generation_passes_other_events_by() -> None:
    given = Given(configuration=CONFIGURATION)
    assert the_stage("a").needs(a_pair_proposed(), given) == Needs()
    assert the_stage("a").handle(a_pair_proposed(), given) == Outcome()


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (("real",), "real"),
        (("real", "recorded"), "recorded"),
        (("offline", "recorded", "real"), "offline"),
        (("offline", "simulated"), "simulated"),
    ],
)
def test_what_one_part_lacks_the_whole_lacks(parts: tuple[str, ...], whole: str) -> None:
    assert weakest(*map(Provenance, parts)) is Provenance(whole)
