"""The generation stage."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from tests.factories import NOON, NOON_MS, a_constitution, a_pair_proposed, a_prompt_curated
from tests.topology.chains import ScriptedGenerator

from prefstream.agents.generation import Generation, weakest
from prefstream.agents.generators.scoring import OfflineScorer
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
from prefstream.domain.generation import Strategy
from prefstream.schemas.errors import BadInput
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.prompts import PromptSetAside
from prefstream.schemas.topics import PROMPTS_CURATED, TOPIC_OF
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
    events = the_outcome({"a": reply("x"), "b": reply("y"), "c": reply("z"), "d": reply("x ")}).events
    assert all(isinstance(event, PairProposed) for event in events)
    texts = [(event.response_a.text, event.response_b.text) for event in events]  # type: ignore[attr-defined]
    assert texts == [("x", "y"), ("y", "z"), ("x", "z")]
    assert len({event.event_id for event in events}) == len({event.subject for event in events}) == 3
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


@pytest.mark.parametrize(("a", "b"), [("x", "x"), ("x", "x\n"), ("x", " "), ("", "")])
def test_a_prompt_without_two_candidates_that_differ_is_set_aside(a: str, b: str) -> None:
    (event,) = the_outcome({"a": reply(a), "b": reply(b, 5)}).events

    assert isinstance(event, PromptSetAside)
    assert (event.prompt_id, event.slice, event.reason) == (PROMPT.prompt_id, PROMPT.slice, "no_contrast")
    assert event.subject == PROMPT.subject
    assert event.constitution_id == CONFIGURATION.constitution_id
    assert event.occurred_at == NOON + timedelta(milliseconds=5)
    assert TOPIC_OF[PromptSetAside] is PROMPTS_CURATED


def test_a_set_aside_comes_after_the_prompt_even_where_answers_take_no_time() -> None:
    offline = Reply(content={"text": "x"}, at_ms=0)
    (event,) = the_outcome({"a": offline, "b": offline}).events

    assert event.occurred_at > PROMPT.occurred_at


def test_generation_passes_its_own_set_aside_by() -> None:
    given = Given(configuration=CONFIGURATION)
    aside = the_outcome({"a": reply("x"), "b": reply("x")}).events[0]

    assert the_stage("a", "b").needs(aside, given) == Needs()
    assert the_stage("a", "b").handle(aside, given) == Outcome()


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


def test_a_model_that_refuses_for_good_is_missing_while_the_others_go_on() -> None:
    failure = Failure(reason="unknown_model", detail="404", transient=False)
    (pair,) = the_outcome({"a": reply("x"), "b": failure, "c": reply("z")}).events

    assert isinstance(pair, PairProposed)
    assert (pair.response_a.text, pair.response_b.text) == ("x", "z")
    assert pair.missing_generators == ("scripted:b",)


def test_a_prompt_that_lacks_a_candidate_because_a_model_refused_becomes_a_dead_letter() -> None:
    """The prompt is not at fault: a dead letter can be brought back once the model is there."""
    failure = Failure(reason="unknown_model", detail="404", transient=False)

    outcome = the_outcome({"a": reply("x"), "b": failure})

    assert outcome == Outcome(detour=Refusal(reason="unknown_model", detail="404"))


def test_what_waits_is_told_before_what_failed() -> None:
    failed = Failure(reason="overloaded", detail="529", transient=True)
    waits = Failure(reason="in_batch", detail="", transient=True, waiting=True, retry_after_s=900)

    assert the_outcome({"a": failed, "b": waits}).detour == Retry(
        reason="in_batch", detail="", after_s=900, waiting=True
    )


def test_an_answer_that_cannot_be_read_is_no_candidate_and_no_failure() -> None:
    unreadable = Failure(reason="unreadable_answer", detail="nonsense", transient=True)
    (pair,) = the_outcome({"a": reply("x"), "b": unreadable, "c": reply("z")}).events

    assert isinstance(pair, PairProposed)
    assert pair.missing_generators == ()


@pytest.mark.parametrize(
    "other",
    [
        Generation(generators=(ScriptedGenerator(name="a"), ScriptedGenerator(name="c"))),
        Generation(
            generators=(ScriptedGenerator(name="a"), ScriptedGenerator(name="b")), strategy=Strategy(budget=9)
        ),
        Generation(
            generators=(ScriptedGenerator(name="a"), ScriptedGenerator(name="b")),
            strategy=Strategy(name="best_of_n"),
            scorer=OfflineScorer(),
        ),
    ],
)
def test_other_settings_make_pairs_of_other_ids(other: Generation) -> None:
    """Under the same id the sink would see the same event with another content."""
    stage = the_stage("a", "b")
    pairs = [one_pair(each) for each in (stage, stage, other)]

    assert pairs[0] == pairs[1]
    for name in ("event_id", "pair_id", "group_id", "stage_version"):
        assert getattr(pairs[0], name) != getattr(pairs[2], name)


def one_pair(stage: Generation) -> PairProposed:
    given = Given(configuration=CONFIGURATION)
    calls = stage.needs(PROMPT, given).calls
    # The offline reader finds the first right and the second wrong.
    answers = {call.request_id: reply(text) for call, text in zip(calls, ("391", "17"), strict=True)}
    (pair,) = stage.handle(PROMPT, Given(configuration=CONFIGURATION, answers=answers)).events
    assert isinstance(pair, PairProposed)
    return pair


def test_a_strategy_that_scores_is_refused_without_a_scorer() -> None:
    with pytest.raises(BadInput, match="best_of_n scores its candidates"):
        Generation(generators=(), strategy=Strategy(name="best_of_n"))


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
