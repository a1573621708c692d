"""Routing: every reason is named, and only a certified threshold accepts."""

from dataclasses import replace

import pytest
from tests.factories import CONSTITUTION, JUDGE, a_constitution, a_policy

from prefstream.domain.routing import Case, Decision, coin, decide
from prefstream.schemas.constitutions import EscalationTrigger
from prefstream.schemas.policies import Policy, SlicePolicy
from prefstream.schemas.routes import ReasonCode
from prefstream.schemas.values import Preference, Stakes

CASE = Case(
    pair_id="pair-1",
    slice="arithmetic",
    stakes=Stakes.LOW,
    tags=("sum",),
    flags=(),
    label=Preference.A_BETTER,
    confidence=0.9,
    judge_id=JUDGE,
    constitution_id=CONSTITUTION,
)
POLICY = a_policy(audit_share=0.0)


def routed(
    case: Case = CASE, policy: Policy | None = POLICY, triggers: tuple[EscalationTrigger, ...] = ()
) -> Decision:
    return decide(case, policy=policy, constitution=a_constitution(escalation=triggers))


def codes(decision: Decision) -> list[ReasonCode]:
    return [reason.code for reason in decision.reasons]


@pytest.mark.parametrize(("confidence", "route"), [(0.8, "accept"), (0.81, "accept"), (0.799, "escalate")])
def test_a_pair_is_accepted_at_or_above_its_slices_threshold(confidence: float, route: str) -> None:
    decision = routed(replace(CASE, confidence=confidence))
    assert (decision.route, decision.threshold) == (route, 0.8)
    accepted = ReasonCode.AT_OR_ABOVE_THRESHOLD
    assert codes(decision) == [accepted if route == "accept" else ReasonCode.BELOW_THRESHOLD]


def test_without_a_policy_everything_escalates_and_no_coin_is_tossed() -> None:
    decision = routed(policy=None)
    assert (decision.route, decision.audit, decision.propensity) == ("escalate", False, 0.0)
    assert codes(decision) == [ReasonCode.NO_POLICY]


@pytest.mark.parametrize(
    "slices", [{}, {"code": SlicePolicy(threshold=0.1)}, {"arithmetic": SlicePolicy(threshold=None)}]
)
def test_a_slice_with_nothing_certified_escalates(slices: dict[str, SlicePolicy]) -> None:
    decision = routed(policy=a_policy(slices=slices, audit_share=0.0))
    assert (decision.route, decision.threshold) == ("escalate", None)
    assert codes(decision) == [ReasonCode.NOT_CERTIFIED]


def test_a_policy_applies_only_to_the_judge_and_the_constitution_it_was_certified_for() -> None:
    for changes in ({"judge_id": "another"}, {"constitution_id": "another@1#0"}):
        decision = routed(policy=a_policy(audit_share=0.0, **changes))
        assert decision.route == "escalate"
        assert codes(decision) == [ReasonCode.POLICY_NOT_APPLICABLE]
    anyone = a_policy(audit_share=0.0, judge_id=None, constitution_id=None)
    bound = a_policy(audit_share=0.0, constitution_id=CONSTITUTION)
    assert routed(policy=anyone).route == routed(policy=bound).route == "accept"


@pytest.mark.parametrize(
    "trigger",
    [
        EscalationTrigger(id="t", any_tag=("sum", "other"), clause="P1"),
        EscalationTrigger(id="t", slices=("arithmetic",), clause="P1"),
        EscalationTrigger(id="t", stakes=(Stakes.LOW,), clause="P1"),
    ],
)
def test_a_trigger_of_the_constitution_escalates_at_any_confidence_and_names_its_clause(
    trigger: EscalationTrigger,
) -> None:
    decision = routed(triggers=(trigger,))
    assert decision.route == "escalate"
    assert [(reason.code, reason.clause) for reason in decision.reasons] == [(ReasonCode.MANDATORY, "P1")]


def test_a_trigger_that_does_not_match_changes_nothing() -> None:
    beside = EscalationTrigger(id="t", any_tag=("x",), slices=("y",), stakes=(Stakes.HIGH,), clause="P1")
    assert routed(triggers=(beside,)) == routed()


def test_no_verdict_and_a_suspected_injection_escalate_with_all_their_reasons() -> None:
    case = replace(CASE, label=None, confidence=None, flags=("injection_suspected",))
    assert codes(routed(case)) == [
        ReasonCode.NO_VERDICT,
        ReasonCode.INJECTION_SUSPECTED,
        ReasonCode.BELOW_THRESHOLD,
    ]


def test_a_missing_judge_escalates_although_the_others_are_sure() -> None:
    decision = routed(replace(CASE, confidence=1.0, flags=("judge_missing",)))
    assert decision.route == "escalate"
    assert codes(decision) == [ReasonCode.JUDGE_MISSING]


def test_the_coin_falls_for_every_pair_whatever_its_route() -> None:
    policy = a_policy(audit_share=1.0)
    for case, route in ((CASE, "accept"), (replace(CASE, confidence=0.1), "escalate")):
        decision = routed(case, policy)
        assert (decision.route, decision.audit, decision.propensity) == (route, True, 1.0)
        assert codes(decision)[-1] is ReasonCode.AUDIT


def test_the_coin_is_fixed_by_pair_and_seed_and_close_to_uniform() -> None:
    tosses = [coin(f"p{number}", "seed") for number in range(10_000)]
    assert tosses == [coin(f"p{number}", "seed") for number in range(10_000)]
    assert all(0 <= toss < 1 for toss in tosses)
    assert sum(toss < 0.1 for toss in tosses) / 10_000 == pytest.approx(0.1, abs=0.01)
    assert coin("p1", "seed") != coin("p1", "another seed")
    assert coin("bc", "a") != coin("c", "ab")


def test_heads_is_a_coin_below_the_audit_share() -> None:
    share = coin(CASE.pair_id, "seed-1")
    assert routed(policy=a_policy(audit_share=share)).audit is False
    assert routed(policy=a_policy(audit_share=min(1.0, share + 1e-9))).audit is True
