"""What was published of people, and when it makes their labels enough."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_reliability_published, rates

from prefstream.domain.crowds import Crowd, Sureness, sureness_of
from prefstream.domain.reliability import CrowdLabel, estimated
from prefstream.domain.resolution import Ballot, Disputed, Resolved, Sure, Withdrawal, resolutions
from prefstream.schemas.policies import OverlapPolicy
from prefstream.schemas.values import Preference, Verdict

RULE = OverlapPolicy(fewest=2, most=4, sure=0.95)
CROWD = Crowd.published(a_reliability_published())


def answer(*said: tuple[str, str], **changes: Any) -> Sureness:
    return sureness_of(said, rule=RULE.model_copy(update=changes), crowd=CROWD)


def test_two_good_people_who_agree_are_enough() -> None:
    assert answer(("ann", "A>"), ("ben", "A>>")) == Sureness(
        answer="sure", side=1, reliability_id="arithmetic#0123456789abcdef"
    )


def test_a_good_and_a_poor_one_who_agree_are_not_enough_for_a_strict_rule() -> None:
    assert answer(("ann", "B>"), ("cid", "B>")).side == -1
    assert answer(("ann", "B>"), ("cid", "B>"), sure=0.97).answer == "ask"


def test_somebody_unknown_labels_as_strangers_do() -> None:
    assert CROWD.posterior_of([("zoe", "A")]) == pytest.approx({"A": 0.8, "B": 0.2})


def test_people_who_cannot_become_sure_are_not_asked() -> None:
    assert answer(("ann", "A>"), ("ben", "B>"), most=3, sure=0.85).answer == "count"
    assert answer(("ann", "A>"), ("ben", "B>"), most=4, sure=0.85).answer == "ask"


def test_nobody_is_asked_once_the_most_have_labelled() -> None:
    assert answer(("ann", "A>"), ("ben", "B>"), most=2).answer == "count"


def test_who_says_nothing_of_the_pair_is_counted_but_makes_nobody_sure() -> None:
    assert answer(("ann", "unsure"), ("ben", "unsure")).answer == "ask"
    assert answer(("ann", "unsure"), ("ben", "unsure"), most=2).answer == "count"
    assert answer(("ann", "both_bad"), ("ben", "both_bad"), most=2).answer == "count"


def test_tables_that_turn_labels_round_do_not_decide_for_a_side_that_nobody_took() -> None:
    liars = {"A": {"A": 0.01, "B": 0.99}, "B": {"A": 0.99, "B": 0.01}}
    crowd = Crowd.of(
        ("A", "B"), shares={"A": 0.5, "B": 0.5}, confusion={"ann": liars, "ben": liars}, strangers=rates(0.8)
    )
    assert max(crowd.posterior_of([("ann", "A"), ("ben", "A")]).values()) > 0.99
    assert sureness_of([("ann", "A>"), ("ben", "A>")], rule=RULE, crowd=crowd).answer != "sure"


def test_where_nothing_is_known_as_many_are_asked_as_the_rule_allows() -> None:
    three = [("ann", "A>"), ("ben", "A>"), ("cid", "A>")]
    assert sureness_of(three, rule=RULE, crowd=None) == Sureness(answer="ask")
    assert sureness_of([*three, ("dee", "A>")], rule=RULE, crowd=None) == Sureness(answer="count")


SAID = st.lists(st.tuples(st.sampled_from(("ann", "bob", "cy", "zoe")), st.sampled_from("AB")), max_size=6)


@given(SAID)
def test_the_posterior_is_that_of_the_estimate_it_was_published_from(said: list[tuple[str, str]]) -> None:
    names = (("ann", 0), ("bob", 0), ("cy", 1))
    labels = [
        CrowdLabel(item=f"p{n}", annotator=who, label="AB"[(n + (n % 3 == 0) * wrong) % 2])
        for n in range(60)
        for who, wrong in names
    ]
    estimate = estimated(labels, classes=("A", "B"))
    crowd = Crowd.of(
        estimate.sheet.classes,
        shares=estimate.shares,
        confusion={name: estimate.skill(name).rates for name, _ in names},  # type: ignore[misc]
        strangers=estimate.skill("nobody").rates,  # type: ignore[arg-type]
    )
    assert crowd.best == estimate.best
    assert crowd.posterior_of(said) == pytest.approx(dict(estimate.posterior_of(said)), abs=1e-6)


@given(SAID, st.randoms(use_true_random=False))
def test_the_posterior_is_the_same_to_the_last_bit_in_whatever_order(said: Any, chance: Any) -> None:
    shuffled = list(said)
    chance.shuffle(shuffled)
    assert CROWD.posterior_of(said) == CROWD.posterior_of(shuffled)


def ballot(name: str, verdict: str, **more: Any) -> Ballot:
    return Ballot(
        **({"event_id": name, "annotator": name, "verdict": Verdict(verdict), "round": "annotate"} | more)
    )


def sure_by(crowd: Crowd | None, **changes: Any) -> Sure:
    rule = RULE.model_copy(update=changes)

    def sure(trigger: str, standing: Any) -> Sureness:
        assert trigger
        return sureness_of([(one.annotator, one.counted) for one in standing], rule=rule, crowd=crowd)

    return sure


def test_sure_labels_resolve_and_unsure_ones_ask_for_one_more() -> None:
    ann, cid, ben = ballot("ann", "A>"), ballot("cid", "B>"), ballot("ben", "A>")
    steps = resolutions([ann, cid, ben], overlap=2, sure=sure_by(CROWD))
    first, second = steps
    assert isinstance(first, Disputed)
    assert (first.reason, first.next_round, first.needed) == ("not_sure", "annotate", 3)
    assert isinstance(second, Resolved)
    assert (second.label, second.method, second.reliability_id) == ("A>", "majority", CROWD.reliability_id)


def test_a_sure_posterior_may_decide_against_an_even_vote() -> None:
    steps = resolutions([ballot("ann", "A>"), ballot("cid", "B>")], overlap=2, sure=sure_by(CROWD, sure=0.9))
    (resolved,) = steps
    assert isinstance(resolved, Resolved)
    assert (resolved.label, resolved.method, resolved.soft_label) == (Preference.A_BETTER, "posterior", 0.5)


def test_at_the_most_votes_are_counted_and_a_review_is_asked_for() -> None:
    steps = resolutions(
        [ballot("ann", "A>"), ballot("ben", "B>"), ballot("rae", "A>", round="review")],
        overlap=2,
        sure=sure_by(CROWD, most=2),
    )
    disputed, resolved = steps
    assert isinstance(disputed, Disputed)
    assert (disputed.reason, disputed.next_round) == ("no_majority", "review")
    assert isinstance(resolved, Resolved)
    assert (resolved.method, resolved.reliability_id) == ("majority", None)


def test_a_withdrawn_label_takes_its_sureness_with_it() -> None:
    steps = resolutions(
        [
            ballot("ann", "A>"),
            ballot("ben", "A>"),
            Withdrawal(event_id="w", label_id="ben"),
            ballot("cid", "B>"),
        ],
        overlap=2,
        sure=sure_by(CROWD),
    )
    assert [step.reason for step in steps[1:] if isinstance(step, Disputed)] == [
        "label_withdrawn",
        "not_sure",
    ]
