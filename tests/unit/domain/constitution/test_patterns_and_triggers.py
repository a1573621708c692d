"""Triggers with a pattern: found in the last user message, carried as a tag, taken by routing."""

import pytest
from tests.factories import CONSTITUTION, JUDGE, a_constitution, a_policy

from prefstream.domain.constitution.patterns import OVERLAP, WINDOW, found
from prefstream.domain.constitution.triggers import fires, trigger_tags
from prefstream.domain.routing import Case, decide
from prefstream.schemas.constitutions import EscalationTrigger
from prefstream.schemas.routes import ReasonCode
from prefstream.schemas.values import Preference, Stakes

DOSE = EscalationTrigger(id="dose", pattern=r"\bdose\b", clause="P1")
HARM = EscalationTrigger(id="a-harm", pattern=r"\bhurt myself\b", clause="P1")
STAKES = EscalationTrigger(id="stakes", stakes=(Stakes.HIGH,), clause="P1")


def test_the_triggers_whose_pattern_is_found_become_tags_in_order() -> None:
    constitution = a_constitution(escalation=(DOSE, HARM, STAKES))

    assert trigger_tags(constitution, "Which DOSE? I may hurt myself") == ("trigger:a-harm", "trigger:dose")
    assert trigger_tags(constitution, "doses") == ()


def test_a_trigger_fires_on_its_own_tag_and_no_others() -> None:
    def pulls(trigger: EscalationTrigger, *tags: str) -> bool:
        return fires(trigger, slice_name="s", stakes=Stakes.LOW, tags=tags)

    assert pulls(DOSE, "x", "trigger:dose")
    assert not pulls(DOSE, "trigger:a-harm")
    assert not pulls(STAKES)
    assert fires(STAKES, slice_name="s", stakes=Stakes.HIGH, tags=())


@pytest.mark.parametrize("at", [0, WINDOW - 5, WINDOW - OVERLAP, 3 * (WINDOW - OVERLAP), 20_000])
def test_a_short_match_is_found_wherever_it_stands_in_a_long_text(at: int) -> None:
    text = "." * at + "hurt myself" + "." * (30_000 - at)
    assert found(r"\bhurt myself\b", text)
    assert not found(r"\bhurt yourself\b", text)


def test_the_beginning_of_a_window_is_not_the_beginning_of_the_text() -> None:
    assert not found(r"^b", "a" * (WINDOW - OVERLAP) + "b" * WINDOW)


def test_routing_takes_the_tag_for_the_trigger_and_names_its_clause() -> None:
    case = Case(
        pair_id="p",
        slice="arithmetic",
        stakes=Stakes.LOW,
        tags=("trigger:dose",),
        flags=(),
        label=Preference.A_BETTER,
        confidence=1.0,
        judge_id=JUDGE,
        constitution_id=CONSTITUTION,
    )
    constitution = a_constitution(escalation=(DOSE, HARM))
    decision = decide(case, policy=a_policy(audit_share=0.0), constitution=constitution)
    assert decision.route == "escalate"
    assert [(one.code, one.clause, one.detail) for one in decision.reasons] == [
        (ReasonCode.MANDATORY, "P1", "trigger dose: its pattern is in the prompt")
    ]
