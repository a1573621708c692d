"""The calibrator's steps: pure, repeatable, and careful after an alarm."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.factories import CONSTITUTION, JUDGE, NOON, a_policy, a_policy_published, a_policy_revoked

from prefstream.agents.policies import said
from prefstream.domain.policies import (
    Audit,
    AuditedPair,
    Calibration,
    PolicyBook,
    PolicyEvent,
    Revoke,
    Rules,
    book_of,
    next_step,
    wanted,
)
from prefstream.domain.policies.certifying import FixedSequence
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.metrics import AlertRaised
from prefstream.schemas.policies import OverlapPolicy, Policy, PolicyProposed, PolicyPublished, PolicyRevoked
from prefstream.schemas.values import Preference, Provenance, Verdict

RULES = Rules(calibration=Calibration(audit_share=0.2), min_labels=60, activate="automatic")
BOTH_SIDES = ((Preference.A_BETTER, Verdict.A_BETTER), (Preference.B_BETTER, Verdict.B_BETTER))


def a_pair(number: int, *, wrong: bool = False, **changes: Any) -> AuditedPair:
    judge, person = BOTH_SIDES[number % 2]
    if wrong:
        person = BOTH_SIDES[1 - number % 2][1]
    moment = NOON + timedelta(minutes=number)
    defaults: dict[str, Any] = {
        "pair_id": f"p{number:05}",
        "slice": "code",
        "judge_id": JUDGE,
        "constitution_id": CONSTITUTION,
        "judge_label": judge,
        "confidence": 0.9,
        "policy_id": "certified-audit-1",
        "propensity": 1.0,
        "accepted": False,
        "eligible": True,
        "routed_at": moment,
        "verdict": person,
        "label_id": derived_id("label", number),
        "labelled_at": moment + timedelta(seconds=30),
        "provenance": Provenance.REAL,
    }
    return AuditedPair(**(defaults | changes))


def taken(
    pairs: Sequence[AuditedPair], book: PolicyBook, *, rules: Rules = RULES
) -> tuple[list[Event], PolicyBook]:
    """Take every step that the sample asks for."""
    events: list[Event] = []
    while (step := next_step(pairs, book=book, rules=rules, certifier=FixedSequence())) is not None:
        news = said(step, book=book, now=NOON)
        again = next_step(pairs, book=book, rules=rules, certifier=FixedSequence())
        assert again is not None
        assert said(again, book=book, now=NOON) == news, "a crash before they are said changes nothing"
        events += news
        for event in news:
            assert isinstance(event, PolicyEvent | AlertRaised)
            book = book if isinstance(event, AlertRaised) else book.after(event)
        assert len(events) < 20, "the steps come to an end"
    return events, book


def begun() -> tuple[PolicyBook, str]:
    """Return the book after the first step, and the policy that audits all."""
    _, book = taken((), PolicyBook())
    assert book.active is not None
    return book, book.active.policy_id


def certified(count: int = 200) -> tuple[PolicyBook, list[AuditedPair], str]:
    book, auditing = begun()
    pairs = [a_pair(number, policy_id=auditing, wrong=number % 50 == 0) for number in range(count)]
    _, book = taken(pairs, book)
    assert book.active is not None
    return book, pairs, book.active.policy_id


def test_without_an_audit_share_nothing_is_promised() -> None:
    rules = replace(RULES, calibration=Calibration())
    pairs = [a_pair(number) for number in range(500)]
    assert next_step(pairs, book=PolicyBook(), rules=rules, certifier=FixedSequence()) is None


def test_the_sample_is_wanted_only_where_something_is_certified_or_watched() -> None:
    idle = replace(RULES, calibration=Calibration())
    certified_book, _, _ = certified()
    assert [wanted(PolicyBook(), idle), wanted(certified_book, idle)] == [False, True]
    assert wanted(PolicyBook(), RULES)
    assert not wanted(book_of([a_policy_published()]), idle), "it was chosen by hand"


def test_first_everything_is_audited_and_nothing_accepted() -> None:
    step = next_step((), book=PolicyBook(), rules=RULES, certifier=FixedSequence())
    assert isinstance(step, Audit)
    assert (step.policy.audit_share, step.policy.slices, step.policy.certificate) == (1.0, {}, None)


def test_nothing_is_proposed_before_enough_labels_have_come() -> None:
    book, auditing = begun()
    pairs = [a_pair(number, policy_id=auditing) for number in range(60)]
    assert taken(pairs[:59], book)[0] == []
    events, _ = taken(pairs, book)
    assert [event.type for event in events] == ["PolicyProposed", "PolicyPublished", "PolicySuperseded"]


def test_labels_that_are_withdrawn_make_thresholds_due_as_new_ones_do() -> None:
    book, pairs, _ = certified()
    assert taken(pairs[:141], book)[0] == []
    events, again = taken(pairs[:140], book)
    assert [event.type for event in events] == ["PolicyProposed", "PolicyPublished", "PolicySuperseded"]
    assert again.active is not None
    assert again.active.policy is not None
    assert again.active.policy.certificate is not None
    assert again.active.policy.certificate.window.labels == 140


def test_thresholds_found_anew_keep_how_people_are_asked_until_they_are_sure() -> None:
    overlaps = {"code": OverlapPolicy(fewest=2, most=6)}
    chosen = a_policy(judge_id=None, overlaps=overlaps)
    book = book_of([a_policy_published(policy=chosen)])
    pairs = [a_pair(number, policy_id=chosen.id) for number in range(60)]

    _, after = taken(pairs, book)

    assert after.active is not None
    assert after.active.policy is not None
    assert after.active.policy.certificate is not None
    assert after.active.policy.overlaps == overlaps
    revoked = after.after(a_policy_revoked(policy_id=after.active.policy_id))
    _, auditing = taken([], revoked)
    assert auditing.active is not None
    assert auditing.active.policy is not None
    assert auditing.active.policy.overlaps == overlaps


def test_a_proposal_carries_its_evidence_and_the_time_of_its_newest_label() -> None:
    book, pairs, policy_id = certified()
    policy = book.entry(policy_id).policy
    assert policy is not None
    assert policy.certificate is not None
    evidence = policy.slices["code"].certificate
    assert evidence is not None
    assert (evidence.labels, evidence.accepted, evidence.errors) == (200, 200, 4)
    assert policy.slices["code"].threshold is not None
    assert policy.slices["code"].threshold <= 0.9
    assert (policy.judge_id, policy.constitution_id) == (JUDGE, CONSTITUTION)
    assert (policy.certificate.look, policy.certificate.spent) == (1, RULES.calibration.delta / 2)
    assert policy.certificate.window.labels == 200
    proposed = book.entry(policy_id).events[0]
    assert proposed.occurred_at == policy.certificate.window.until == pairs[-1].labelled_at


def test_the_order_of_the_sample_does_not_matter() -> None:
    book, auditing = begun()
    pairs = [a_pair(number, policy_id=auditing, wrong=number % 9 == 0) for number in range(200)]
    assert taken(pairs, book)[0] == taken(pairs[::-1], book)[0]


def test_all_looks_together_spend_no_more_than_delta() -> None:
    book, pairs, _ = certified()
    for more in range(10):
        auditing = book.active.policy_id if book.active else ""
        first = 200 + more * 60
        pairs += [a_pair(number, policy_id=auditing) for number in range(first, first + 60)]
        _, book = taken(pairs, book)
    spent = [
        entry.policy.certificate.spent
        for entry in book.entries.values()
        if entry.policy is not None and entry.policy.certificate is not None
    ]
    assert len(spent) == 11
    assert sum(spent) < RULES.calibration.delta


def test_only_pairs_that_no_rule_sends_to_people_count() -> None:
    book, auditing = begun()
    sound = [a_pair(number, policy_id=auditing) for number in range(100)]
    ruled = [a_pair(100 + number, policy_id=auditing, wrong=True, eligible=False) for number in range(100)]
    _, book = taken([*sound, *ruled], book)
    assert book.active is not None
    assert book.active.policy is not None
    evidence = book.active.policy.slices["code"].certificate
    assert evidence is not None
    assert (evidence.labels, evidence.errors) == (100, 0)


def test_a_person_who_names_no_side_does_not_confirm_the_judge() -> None:
    assert not a_pair(0, verdict=Verdict.UNSURE).agrees
    assert not a_pair(0, judge_label=None).agrees
    assert a_pair(0, verdict=Verdict.A_MUCH_BETTER).agrees
    assert not a_pair(0, judge_label=Preference.TIE, verdict=Verdict.A_BETTER).agrees


def test_with_approval_a_policy_waits_and_an_older_proposal_is_withdrawn() -> None:
    rules = replace(RULES, activate="approval")
    book, auditing = begun()
    pairs = [a_pair(number, policy_id=auditing) for number in range(60)]
    events, book = taken(pairs, book, rules=rules)
    assert [event.type for event in events] == ["PolicyProposed"]
    assert book.active is not None
    assert book.active.policy_id == auditing

    pairs += [a_pair(number, policy_id=auditing) for number in range(60, 120)]
    events, book = taken(pairs, book, rules=rules)
    assert [event.type for event in events] == ["PolicyProposed", "PolicySuperseded"]
    assert len(book.proposed) == 1


def test_drift_revokes_the_policy_says_since_when_and_only_a_clean_window_certifies_again() -> None:
    book, pairs, policy_id = certified()
    accepted: dict[str, Any] = {"policy_id": policy_id, "accepted": True}
    pairs += [a_pair(number, **accepted) for number in range(200, 230)]
    pairs += [a_pair(number, slice="law", **accepted) for number in range(230, 240)]
    pairs += [a_pair(number, wrong=True, **accepted) for number in range(240, 252)]

    step = next_step(pairs, book=book, rules=RULES, certifier=FixedSequence())
    assert isinstance(step, Revoke)
    assert step.suspicion.suspect_since == pairs[240].routed_at
    events, book = taken(pairs, book)

    alert, revocation, *rest = events
    assert isinstance(revocation, PolicyRevoked)
    assert isinstance(alert, AlertRaised)
    assert (revocation.policy_id, revocation.slice) == (policy_id, "code")
    assert pairs[240].routed_at.isoformat() in alert.detail
    assert [event.type for event in rest] == ["PolicyProposed", "PolicyPublished"]
    after = book.active
    assert after is not None
    assert after.policy is not None
    assert "code" not in after.policy.slices, "no pair of it was routed since the alarm"

    clean = [a_pair(number, policy_id=after.policy_id) for number in range(300, 400)]
    _, book = taken([*pairs, *clean], book)
    assert book.active is not None
    assert book.active.policy is not None
    evidence = book.active.policy.slices["code"].certificate
    assert evidence is not None
    assert (evidence.labels, evidence.errors) == (100, 0)
    assert book.active.policy.slices["code"].threshold is not None


def test_a_policy_that_was_chosen_by_hand_promises_nothing_that_could_break() -> None:
    by_hand = a_policy(constitution_id=CONSTITUTION)
    book = book_of([a_policy_published(policy=by_hand)])
    pairs = [a_pair(number, wrong=True, accepted=True, policy_id=by_hand.id) for number in range(50)]
    rules = replace(RULES, calibration=Calibration())
    assert next_step(pairs, book=book, rules=rules, certifier=FixedSequence()) is None


def test_a_new_certificate_does_not_forget_what_the_monitor_saw() -> None:
    book, pairs, first = certified()
    pairs += [
        a_pair(number, policy_id=first, accepted=True, wrong=number >= 260) for number in range(200, 264)
    ]
    _, book = taken(pairs, book)
    assert book.active is not None
    second = book.active.policy_id
    assert second != first
    assert not book.entry(first).alarmed, "four errors are no alarm yet"
    pairs += [a_pair(number, policy_id=second, accepted=True, wrong=True) for number in range(264, 267)]
    step = next_step(pairs, book=book, rules=RULES, certifier=FixedSequence())
    assert isinstance(step, Revoke)
    assert step.suspicion.since.pair_id == "p00260"


def test_another_judge_begins_with_a_sample_of_its_own() -> None:
    book, pairs, _ = certified()
    auditing = book.active.policy_id if book.active else ""
    other = [a_pair(number, policy_id=auditing, judge_id="panel-2") for number in range(300, 359)]
    assert taken([*pairs, *other], book)[0] == []
    (proposed, *_), book = taken([*pairs, *other, a_pair(359, policy_id=auditing, judge_id="panel-2")], book)
    assert isinstance(proposed, PolicyProposed)
    assert proposed.policy.judge_id == "panel-2"
    assert proposed.policy.certificate is not None
    assert (proposed.policy.certificate.look, proposed.policy.certificate.window.labels) == (1, 60)


def test_whoever_revokes_by_hand_distrusts_what_was_accepted_before() -> None:
    book, pairs, policy_id = certified()
    by_hand = a_policy_revoked(policy_id=policy_id)
    book = book.after(by_hand)
    events, book = taken(pairs, book)
    (audit,) = events
    assert isinstance(audit, PolicyPublished)
    assert audit.policy.slices == {}
    fresh = [a_pair(number, policy_id=audit.policy_id) for number in range(300, 360)]
    (proposed, *_), _ = taken([*pairs, *fresh], book)
    assert isinstance(proposed, PolicyProposed)
    evidence = proposed.policy.slices["code"].certificate
    assert evidence is not None
    assert evidence.labels == 60


@pytest.mark.parametrize("pooled", [False, True])
def test_a_pooled_bound_is_one_threshold_and_one_watch(*, pooled: bool) -> None:
    rules = replace(RULES, calibration=Calibration(audit_share=0.2, pooled=pooled))
    _, book = taken((), PolicyBook(), rules=rules)
    assert book.active is not None
    auditing = book.active.policy_id
    pairs = [
        a_pair(number, policy_id=auditing, slice=("code", "law")[number // 2 % 2]) for number in range(120)
    ]
    _, book = taken(pairs, book, rules=rules)
    assert book.active is not None
    policy = book.active.policy
    assert policy is not None
    assert policy.certificate is not None
    assert (policy.certificate.together is not None) == pooled
    assert policy.slices.keys() == {"code", "law"}
    accepted: dict[str, Any] = {"policy_id": policy.id, "accepted": True, "wrong": True}
    # Four in each slice: too few for one of them, enough for both together.
    pairs += [a_pair(number, slice=("code", "law")[number % 2], **accepted) for number in range(200, 208)]
    step = next_step(pairs, book=book, rules=rules, certifier=FixedSequence())
    assert isinstance(step, Revoke) == pooled
    if isinstance(step, Revoke):
        assert step.suspicion.slice is None


def test_a_slice_with_three_labels_escalates_and_says_why() -> None:
    book, auditing = begun()
    pairs = [a_pair(number, policy_id=auditing) for number in range(100)]
    pairs += [a_pair(number, policy_id=auditing, slice="rare") for number in range(100, 103)]
    _, book = taken(pairs, book)
    assert book.active is not None
    policy: Policy | None = book.active.policy
    assert policy is not None
    rare = policy.slices["rare"]
    assert rare.threshold is None
    assert rare.certificate is not None
    assert "3 audit labels" in rare.certificate.reason
