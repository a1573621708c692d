"""Escalation rules: each names its clause and what made it apply, whatever the confidence."""

from dataclasses import replace

import pytest
from tests.factories import a_constitution

from prefstream.domain.escalation import Judged, rule_reasons, violated_clauses
from prefstream.schemas.constitutions import EscalationTrigger
from prefstream.schemas.judgements import Critique, Finding
from prefstream.schemas.routes import RULES, ReasonCode
from prefstream.schemas.values import Preference, Stakes

JUDGED = Judged(slice="code", stakes=Stakes.LOW, tags=("safety",), flags=(), label=Preference.A_BETTER)


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ({"any_tag": ("safety", "regulated")}, "tag safety"),
        ({"slices": ("code",)}, "slice code"),
        ({"stakes": (Stakes.LOW,)}, "stakes low"),
        ({"flags": ("quote_not_found",)}, "flag quote_not_found"),
        ({"violated": ("P1",)}, "clause P1 violated"),
        ({"pattern": "dose"}, "its pattern is in the prompt"),
        ({"slices": ("code",), "any_tag": ("safety",)}, "tag safety, slice code"),
    ],
)
def test_a_trigger_says_which_of_its_conditions_held(conditions: dict[str, object], told: str) -> None:
    trigger = EscalationTrigger.model_validate({"id": "t", "clause": "P1", **conditions})
    judged = replace(JUDGED, tags=("safety", "trigger:t"), flags=("quote_not_found",), violated=("P1",))
    if trigger.pattern is None:
        judged = replace(judged, tags=("safety",))
    (reason,) = rule_reasons(judged, a_constitution(escalation=(trigger,)))
    assert (reason.code, reason.clause, reason.detail) == (ReasonCode.MANDATORY, "P1", f"trigger t: {told}")


@pytest.mark.parametrize(
    ("flag", "code"),
    [
        ("injection_suspected", ReasonCode.INJECTION_SUSPECTED),
        ("judge_missing", ReasonCode.JUDGE_MISSING),
        ("judges_disagree", ReasonCode.JUDGES_DISAGREE),
    ],
)
def test_what_judging_noticed_is_a_rule_of_the_house(flag: str, code: ReasonCode) -> None:
    (reason,) = rule_reasons(replace(JUDGED, flags=(flag,)), a_constitution(escalation=()))
    assert (reason.code, reason.clause) == (code, f"prefstream:{code.value}")


@pytest.mark.parametrize("flag", ["quote_not_found", "texts_cut"])
def test_other_flags_escalate_only_where_the_constitution_says_so(flag: str) -> None:
    judged = replace(JUDGED, flags=(flag,))
    assert rule_reasons(judged, a_constitution(escalation=())) == ()
    asked = EscalationTrigger(id="t", flags=(flag,), clause="P1")
    assert [one.clause for one in rule_reasons(judged, a_constitution(escalation=(asked,)))] == ["P1"]


def test_every_rule_is_named_and_the_constitutions_come_first() -> None:
    judged = replace(JUDGED, label=None, flags=("injection_suspected", "judge_missing", "judges_disagree"))
    trigger = EscalationTrigger(id="t", slices=("code",), clause="P1")
    codes = [one.code for one in rule_reasons(judged, a_constitution(escalation=(trigger,)))]
    assert codes[0] is ReasonCode.MANDATORY
    assert set(codes) == RULES - {ReasonCode.RANKED}


def test_only_what_a_critic_finds_violated_counts_as_violated() -> None:
    critiques = [
        Critique(judge="j", response=side, findings=(Finding(clause=clause, finding=found),))  # type: ignore[arg-type]
        for side, clause, found in (
            ("a", "P2", "violated"),
            ("b", "P2", "violated"),
            ("b", "P1", "violated"),
            ("a", "P3", "ok"),
            ("a", "P4", "not_applicable"),
        )
    ]
    assert violated_clauses(critiques) == ("P1", "P2")
