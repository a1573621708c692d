"""The curation stage."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.factories import (
    NOON,
    NOON_MS,
    a_constitution,
    a_message,
    a_pair_proposed,
    a_prompt_submitted,
    a_sampling_plan,
)

from prefstream.agents.classification import ModelClassifier, OfflineClassifier
from prefstream.agents.curation import Curation, state_key
from prefstream.agents.stage import (
    NOTHING,
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
from prefstream.domain.curation.protection import Protection, protected_set
from prefstream.schemas.constitutions import CurationRule, EscalationTrigger
from prefstream.schemas.envelope import Event
from prefstream.schemas.prompts import PromptCurated, PromptSetAside, PromptSubmitted
from prefstream.schemas.values import Provenance, Stakes

CONFIGURATION = Configuration(constitution=a_constitution())
#: No rule of these says a slice.
OPEN = Configuration(
    constitution=a_constitution(curation=(CurationRule(id="C9", any_tag=("x",), slice="law"),))
)
MODEL = ModelClassifier(provider="openai", model="m", slices={"code": "programming"})


def given_to(
    event: PromptSubmitted,
    configuration: Configuration = CONFIGURATION,
    *,
    first: str | None = None,
    answers: Mapping[str, Answer] | None = None,
) -> Given:
    states = {state_key(event): first.encode() if first else None}
    return Given(configuration=configuration, states=states, answers=answers or {})


def curated(event: PromptSubmitted, given: Given, stage: Curation | None = None) -> PromptCurated:
    (said,) = (stage or Curation()).handle(event, given).events
    assert isinstance(said, PromptCurated)
    return said


def set_aside(event: PromptSubmitted, given: Given, stage: Curation | None = None) -> PromptSetAside:
    (said,) = (stage or Curation()).handle(event, given).events
    assert isinstance(said, PromptSetAside)
    return said


def says(slice_name: str = "code", stakes: str = "medium", **changes: Any) -> Reply:
    tool = {"name": "record_place", "input": {"slice": slice_name, "stakes": stakes}}
    return Reply(content={"tool": tool, "stop": "tool"} | changes, at_ms=NOON_MS + 5000)


def answered(event: PromptSubmitted, *answers: Answer, configuration: Configuration = OPEN) -> Given:
    """Answer the stage's calls one after the other, as often as it asks."""
    stage, left = Curation(classifier=MODEL), list(answers)
    known: dict[str, Answer] = {}
    while left:
        given = given_to(event, configuration, answers=known)
        asked = [call for call in stage.needs(event, given).calls if call.request_id not in known]
        assert asked, f"nothing is asked though {left} is at hand"
        known[asked[0].request_id] = left.pop(0)
    given = given_to(event, configuration, answers=known)
    assert all(call.request_id in known for call in stage.needs(event, given).calls), "it asks for more"
    return given


def test_a_prompt_is_placed_by_the_rules_and_keeps_what_it_came_with() -> None:
    event = a_prompt_submitted(tags=("medical",), provenance=Provenance.SIMULATED)
    said = curated(event, given_to(event))
    assert (said.slice, said.stakes) == ("arithmetic", Stakes.HIGH)
    assert said.tags == ("language:en", "medical")
    assert (said.messages, said.provenance) == (event.messages, Provenance.SIMULATED)
    assert said.constitution_id == a_constitution().id
    assert said.occurred_at == event.occurred_at
    assert (said.stratum_weight, said.sampling_plan_id, said.classifier_id) == (1.0, None, None)


def test_a_prompt_that_a_rule_sets_aside_says_why_and_claims_nothing() -> None:
    event = a_prompt_submitted(messages=(a_message("lorem ipsum"),))
    aside = set_aside(event, given_to(event))
    assert (aside.reason, aside.clause, aside.prompt_id) == ("filler", "C3", event.prompt_id)
    assert Curation().handle(event, given_to(event)).states == {}


def test_curation_needs_to_know_who_said_the_same_first_and_passes_other_events_by() -> None:
    event = a_prompt_submitted()
    empty = Given(configuration=CONFIGURATION)
    assert Curation().needs(event, empty) == Needs(keys=frozenset({state_key(event)}), final=True)
    assert Curation().needs(a_pair_proposed(), empty) == NOTHING
    assert Curation().handle(a_pair_proposed(), empty) == Outcome()


# Language and triggers ----------------------------------------------------------------------------


def test_a_rule_may_ask_for_a_language() -> None:
    rules = (CurationRule(id="L1", languages=("de", "fr"), slice="languages"),)
    configuration = Configuration(constitution=a_constitution(curation=rules))
    for text, slice_name, language in (
        ("Bitte schreibe einen Brief an meine Mutter.", "languages", "de"),
        ("Please write a letter to my mother in the evening.", "general", "en"),
        ("x = 1", "general", "und"),
    ):
        event = a_prompt_submitted(messages=(a_message(text),))
        said = curated(event, given_to(event, configuration))
        assert (said.slice, said.language) == (slice_name, language)
        assert (f"language:{language}" in said.tags) is (language != "und")


def test_a_language_that_the_submitter_declares_holds() -> None:
    event = a_prompt_submitted(tags=("language:cy",))
    said = curated(event, given_to(event))
    assert (said.language, said.tags) == ("cy", ("language:cy",))


def test_triggers_of_the_constitution_leave_their_tags() -> None:
    trigger = EscalationTrigger(id="E9", pattern="chest pain", clause="P1")
    configuration = Configuration(constitution=a_constitution(escalation=(trigger,)))
    event = a_prompt_submitted(messages=(a_message("I have had CHEST PAIN since this morning, what now?"),))
    assert "trigger:E9" in curated(event, given_to(event, configuration)).tags


# Duplicates ---------------------------------------------------------------------------------------


def test_the_first_to_say_something_is_remembered_and_who_says_it_again_is_set_aside() -> None:
    first = a_prompt_submitted(prompt_id="p1", messages=(a_message("What is 17 times 23?"),))
    again = a_prompt_submitted(prompt_id="p2", messages=(a_message("  what is 17 TIMES 23"),))
    outcome = Curation().handle(first, given_to(first))
    assert outcome.states == {state_key(first): b"p1"}
    assert state_key(again) == state_key(first)

    aside = set_aside(again, given_to(again, first="p1"))
    assert (aside.reason, aside.detail, aside.clause) == ("duplicate", "says the same as p1", None)


def test_a_redelivered_first_prompt_is_not_its_own_duplicate_and_says_the_same_again() -> None:
    event = a_prompt_submitted(prompt_id="p1")
    outcome = Curation().handle(event, given_to(event))
    again = Curation().handle(event, given_to(event, first="p1"))
    assert again.events == outcome.events
    assert again.states == {}


def test_who_spoke_is_part_of_what_was_said() -> None:
    asked = a_prompt_submitted(messages=(a_message("Hello"), a_message("Go on")))
    replied = a_prompt_submitted(messages=(a_message("Hello", role="assistant"), a_message("Go on")))
    assert state_key(asked) != state_key(replied)


# Protected sets -----------------------------------------------------------------------------------


def test_a_protected_prompt_is_set_aside_and_names_the_set_in_any_of_its_turns() -> None:
    exam = protected_set("exam", ["What is 17 times 23?"])
    configuration = Configuration(constitution=a_constitution(), protection=Protection(sets=(exam,)))
    event = a_prompt_submitted(messages=(a_message("WHAT IS 17 TIMES 23"), a_message("Now explain it.")))
    aside = set_aside(event, given_to(event, configuration))
    assert (aside.reason, aside.clause, aside.detail) == (
        "protected",
        exam.set_id,
        "the whole prompt is in the set",
    )
    assert Curation().handle(event, given_to(event, configuration)).states == {}


# Sampling -----------------------------------------------------------------------------------------


def test_a_prompt_that_is_drawn_stands_for_those_that_are_not() -> None:
    plan = a_sampling_plan(keep={"arithmetic": 0.25}, keep_others=1.0)
    configuration = Configuration(constitution=a_constitution(), sampling=plan)
    events = [a_prompt_submitted(prompt_id=f"p{n}") for n in range(40)]
    said: list[Event] = [
        one for event in events for one in Curation().handle(event, given_to(event, configuration)).events
    ]
    drawn = [one for one in said if isinstance(one, PromptCurated)]
    left_out = [one for one in said if isinstance(one, PromptSetAside)]
    assert len(drawn) + len(left_out) == 40
    assert drawn
    assert left_out
    assert {(one.stratum_weight, one.sampling_plan_id) for one in drawn} == {(4.0, plan.id)}
    assert {(one.reason, one.keep_probability, one.sampling_plan_id) for one in left_out} == {
        ("not_sampled", 0.25, plan.id)
    }


def test_a_prompt_that_is_not_drawn_still_claims_what_it_says() -> None:
    plan = a_sampling_plan(keep={}, keep_others=0.0)
    configuration = Configuration(constitution=a_constitution(), sampling=plan)
    event = a_prompt_submitted(prompt_id="p1")
    assert set_aside(event, given_to(event, configuration)).reason == "not_sampled"
    assert Curation().handle(event, given_to(event, configuration)).states == {state_key(event): b"p1"}


# Classifier ---------------------------------------------------------------------------------------


def test_a_classifier_says_slice_and_stakes_where_no_rule_does() -> None:
    event = a_prompt_submitted()
    said = curated(event, answered(event, says("code", "high")), Curation(classifier=MODEL))
    assert (said.slice, said.stakes, said.classifier_id) == ("code", Stakes.HIGH, MODEL.id)
    assert (said.occurred_at - NOON).total_seconds() == 5, "event time is that of the answer"


def test_rules_and_the_submitter_beat_the_classifier() -> None:
    rule = CurationRule(id="C1", any_tag=("grave",), stakes=Stakes.HIGH)
    configuration = Configuration(constitution=a_constitution(curation=(rule,)))
    event = a_prompt_submitted(slice="law", tags=("grave",))
    stage = Curation(classifier=MODEL)
    assert stage.needs(event, given_to(event, configuration)).calls == (), "there is nothing to ask"
    assert curated(event, given_to(event, configuration), stage).classifier_id is None

    declared = a_prompt_submitted(slice="law")
    given = answered(declared, says("code", "medium"), configuration=configuration)
    said = curated(declared, given, stage)
    assert (said.slice, said.stakes) == ("law", Stakes.MEDIUM)


def test_nobody_is_asked_about_a_prompt_that_is_not_used() -> None:
    stage = Curation(classifier=MODEL)
    duplicate = a_prompt_submitted(prompt_id="p2")
    assert stage.needs(duplicate, given_to(duplicate, OPEN, first="p1")).calls == ()
    filler = a_prompt_submitted(messages=(a_message("lorem ipsum"),))
    assert stage.needs(filler, given_to(filler)).calls == ()


def test_a_classifier_is_asked_only_after_it_is_known_who_said_the_same_first() -> None:
    event = a_prompt_submitted()
    stage = Curation(classifier=MODEL)
    assert stage.needs(event, Given(configuration=OPEN)) == Needs(keys=frozenset({state_key(event)}))
    (call,) = stage.needs(event, given_to(event, OPEN)).calls
    assert (call.about.purpose, call.about.subject) == ("classification", event.prompt_id)
    assert call.about.asked_by == MODEL.id


@pytest.mark.parametrize(
    "unreadable",
    [
        says("no such slice"),
        says("code", "enormous"),
        says(stop="max_tokens"),
        says(tool=None),
        Failure(reason="unreadable_answer", detail="nonsense", transient=True),
    ],
)
def test_an_unreadable_answer_is_asked_for_once_more_then_rules_stand_alone(unreadable: Answer) -> None:
    event = a_prompt_submitted()
    stage = Curation(classifier=MODEL)
    second = curated(event, answered(event, unreadable, says("code")), stage)
    assert (second.slice, second.classifier_id) == ("code", MODEL.id)

    never = curated(event, answered(event, unreadable, unreadable), stage)
    assert (never.slice, never.stakes, never.classifier_id) == ("general", Stakes.LOW, None)


def test_a_failing_provider_puts_the_prompt_off_and_a_refusing_one_ends_it() -> None:
    event = a_prompt_submitted()
    stage = Curation(classifier=MODEL)
    busy = Failure(reason="overloaded", detail="529", transient=True, retry_after_s=7.0)
    outcome = stage.handle(event, answered(event, busy))
    assert outcome.detour == Retry(reason="overloaded", detail="529", after_s=7.0)
    assert (outcome.events, outcome.states) == ((), {})

    waiting = Failure(reason="budget_day", detail="", transient=True, waiting=True)
    detour = stage.handle(event, answered(event, waiting)).detour
    assert isinstance(detour, Retry)
    assert detour.waiting

    never = Failure(reason="unknown_model", detail="404", transient=False)
    assert stage.handle(event, answered(event, never)).detour == Refusal(reason="unknown_model", detail="404")


def test_the_offline_classifier_needs_no_calls_and_says_what_it_is() -> None:
    stage = Curation(classifier=OfflineClassifier(slices={"code": ""}))
    event = a_prompt_submitted(messages=(a_message("Write a Python function that sorts a list of names."),))
    assert stage.needs(event, given_to(event, OPEN)) == Needs(keys=frozenset({state_key(event)}), final=True)
    said = curated(event, given_to(event, OPEN), stage)
    assert said.slice == "code"
    assert said.classifier_id is not None
    assert said.classifier_id.startswith("offline:")
