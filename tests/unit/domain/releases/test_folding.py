"""Folding a pair's events: what holds, what stays out, and that no order of events matters."""

from datetime import timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st
from tests import factories as make
from tests.unit.domain.releases.pairs import LATER, PAIR, chain, folded, reason, resolved, validated

from prefstream.domain.releases.examples import Example
from prefstream.domain.releases.exclusions import Exclusion
from prefstream.domain.releases.folding import example
from prefstream.domain.releases.history import history_of
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import Ground, LabelSubmitted
from prefstream.schemas.pairs import CheckResult, PairProposed
from prefstream.schemas.routes import Reason, ReasonCode
from prefstream.schemas.values import Preference, Verdict


def ground(constitution_id: str, by: str) -> Ground:
    return Ground(event_id=derived_id("test", by), by=by, constitution_id=constitution_id)


def test_a_validated_pair_is_an_example_with_its_label_and_all_it_rests_on() -> None:
    found = folded(*chain())

    assert isinstance(found, Example)
    assert (found.label, found.method, found.margin) == (Preference.A_BETTER, "consensus", 1)
    assert [label.annotator for label in found.labels] == ["ann", "bob"]
    assert found.evidence == tuple(event.event_id for event in history_of(PAIR, chain()).events)
    assert found.cost_nanousd > 0


@given(st.permutations(range(7)), st.lists(st.integers(0, 6), max_size=4))
def test_the_order_and_repetition_of_events_change_nothing(order: list[int], again: list[int]) -> None:
    events = chain()

    assert folded(*[events[place] for place in [*order, *again]]) == folded(*events)


def test_a_revision_takes_the_place_of_what_it_revises() -> None:
    revision = resolved(label=Preference.B_BETTER, occurred_at=LATER)
    events = [*chain(), revision, validated(revision)]

    for order in (events, events[::-1]):
        found = folded(*order)
        assert isinstance(found, Example)
        assert found.label is Preference.B_BETTER


def test_a_label_whose_check_is_still_to_come_stays_out() -> None:
    assert reason(*chain(), resolved(label=Preference.B_BETTER, occurred_at=LATER)) == "not_validated"


def test_a_dispute_after_the_resolution_takes_it_back() -> None:
    dispute = make.a_label_disputed(pair_id=PAIR, occurred_at=LATER, reason="label_withdrawn")
    assert reason(*chain(), dispute) == "disputed"

    again = resolved(occurred_at=LATER + timedelta(seconds=1))
    assert isinstance(folded(*chain(), dispute, again, validated(again)), Example)


def test_a_withdrawn_label_is_not_among_the_labels() -> None:
    found = folded(*chain(), make.a_label_withdrawn(pair_id=PAIR, annotator="ann", occurred_at=LATER))

    assert isinstance(found, Example)
    assert [label.annotator for label in found.labels] == ["bob"]


def test_of_one_persons_labels_in_a_round_the_latest_counts() -> None:
    second = make.a_label_submitted(
        pair_id=PAIR, annotator="ann", task_id="again", verdict=Verdict.TIE, occurred_at=LATER
    )

    found = folded(*chain(), second)

    assert isinstance(found, Example)
    assert {label.annotator: label.verdict for label in found.labels} == {
        "ann": Verdict.TIE,
        "bob": Verdict.A_BETTER,
    }


def test_what_somebody_said_before_seeing_others_is_what_they_said() -> None:
    review = make.a_label_submitted(
        pair_id=PAIR,
        annotator="cid",
        round="review",
        verdict=Verdict.A_BETTER,
        blind_verdict=Verdict.B_BETTER,
    )

    found = folded(*chain(), review)

    assert isinstance(found, Example)
    assert {label.annotator: label.verdict for label in found.labels}["cid"] is Verdict.B_BETTER


def test_a_pair_that_was_ever_a_gold_question_stays_out() -> None:
    assert reason(*chain(), make.a_gold_chosen(pair_id=PAIR)) == "gold"
    assert reason(*chain(), make.a_gold_retired(pair_id=PAIR)) == "gold"


def test_a_judges_label_that_was_taken_back_stays_out_until_people_decide() -> None:
    route = make.an_accepted_pair_routed(pair_id=PAIR)
    accepted = resolved(method="judge", evidence=(route.event_id,))
    reopened = make.a_pair_routed(
        pair_id=PAIR, revises=route.event_id, occurred_at=LATER, event_id=derived_id("test", "reopened")
    )
    events = [make.a_pair_proposed(pair_id=PAIR), make.a_pair_judged(pair_id=PAIR), route]
    events += [accepted, validated(accepted)]
    assert isinstance(folded(*events), Example)
    assert reason(*events, reopened) == "suspect"

    decided = resolved(occurred_at=LATER + timedelta(seconds=1))
    assert isinstance(folded(*events, reopened, decided, validated(decided)), Example)


def test_the_route_that_a_label_rests_on_says_policy_and_propensity() -> None:
    route = make.an_accepted_pair_routed(pair_id=PAIR)
    accepted = resolved(method="judge", evidence=(route.event_id,))

    found = folded(make.a_pair_proposed(pair_id=PAIR), route, accepted, validated(accepted))

    assert isinstance(found, Example)
    assert (found.policy_id, found.propensity, found.accepted, found.audit) == (make.POLICY, 0.1, True, False)
    assert found.judge_label is None


def test_a_pair_that_only_the_audit_coin_sent_to_people_counts_as_accepted() -> None:
    audit = Reason(code=ReasonCode.AUDIT, clause="routing.audit")
    escalated = make.a_pair_routed(pair_id=PAIR, audit=True, reasons=(audit,))
    both = make.a_pair_routed(
        pair_id=PAIR, audit=True, reasons=(Reason(code=ReasonCode.BELOW_THRESHOLD, clause="x"), audit)
    )
    base = [event for event in chain() if event.type != "PairRouted"]

    for route, accepted in ((escalated, True), (both, False)):
        found = folded(*base, route)
        assert isinstance(found, Example)
        assert (found.audit, found.accepted) == (True, accepted)


def test_of_two_verdicts_on_one_resolution_the_one_that_knows_more_holds() -> None:
    events = chain()
    resolution = events[-2]
    failed = CheckResult(check="near_duplicate", severity="reject", passed=False, finding="of pair-0")
    rejected = make.a_pair_rejected(
        pair_id=PAIR, resolution_id=resolution.event_id, reasons=("near_duplicate",), checks=(failed,)
    )
    held = rejected.model_copy(update={"quarantined": True, "facts": 1})
    let_go = validated(resolution, facts=2, released_by="lea", released_because="it is not")  # type: ignore[arg-type]

    for order in permutations((events[-1], rejected)):
        assert reason(*events[:-1], *order) == "rejected: near_duplicate"
    assert reason(*events, held) == "quarantined: near_duplicate"
    for order in permutations((events[-1], held, let_go)):
        assert isinstance(folded(*events[:-1], *order), Example)


def test_two_proposals_with_different_texts_stay_out() -> None:
    other = make.a_pair_proposed(
        pair_id=PAIR, response_a=make.a_response("400"), event_id=derived_id("test", "other")
    )
    same = make.a_pair_proposed(pair_id=PAIR, occurred_at=LATER, event_id=derived_id("test", "same"))

    assert reason(*chain(), other) == "texts_differ"
    assert isinstance(folded(*chain(), same), Example)


def test_labels_under_two_versions_of_the_constitution_stay_out_unless_validation_let_them() -> None:
    grounds = (ground("house@1#0123456789abcdef", "ann"), ground("house@2#0123456789abcdef", "bob"))
    resolution = resolved(grounds=grounds)
    base = chain()[:-2]
    looked = CheckResult(check="stale_constitution", severity="quarantine", passed=True)

    assert reason(*base, resolution, validated(resolution)) == "mixed_constitutions"
    found = folded(*base, resolution, validated(resolution, checks=(looked,)))
    assert isinstance(found, Example)
    assert found.constitution_id == "house@2#0123456789abcdef"


def test_a_pair_whose_texts_can_be_read_no_more_is_erased() -> None:
    rest = [event for event in chain() if not isinstance(event, PairProposed)]
    history = history_of(PAIR, rest, erased=True)

    assert example(history) == Exclusion(reason="erased")


def test_a_label_whose_author_had_it_erased_is_missing_and_the_pair_stays() -> None:
    rest = [event for event in chain() if not isinstance(event, LabelSubmitted) or event.annotator != "ann"]

    found = example(history_of(PAIR, rest, erased=True))

    assert isinstance(found, Example)
    assert [label.annotator for label in found.labels] == ["bob"]


def test_pairs_that_are_on_their_way_say_where_they_are() -> None:
    events = chain()
    assert reason(*events[1:]) == "not_proposed"
    assert reason(*events[:3]) == "unresolved"
