from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.domain.reliability.crowds import crowd

from prefstream.domain.reliability import OverlapRule, estimated, next_step, overlap_step
from prefstream.domain.reliability.overlap import within_reach
from prefstream.schemas.errors import BadInput

RULE = OverlapRule(fewest=2, most=6, sure=0.95)


@pytest.mark.parametrize(
    ("posterior", "given", "reach", "ask", "why"),
    [
        (None, 0, None, True, "too_few"),
        ({"A": 0.99, "B": 0.01}, 1, None, True, "too_few"),
        ({"A": 0.96, "B": 0.04}, 2, None, False, "sure"),
        ({"A": 0.7, "B": 0.3}, 2, 0.99, True, "unsure"),
        ({"A": 0.7, "B": 0.3}, 5, 0.9, False, "out_of_reach"),
        ({"A": 0.7, "B": 0.3}, 6, None, False, "enough"),
        (None, 3, None, True, "unsure"),
        (None, 6, None, False, "enough"),
    ],
)
def test_people_are_asked_until_the_posterior_is_sure(
    posterior: Mapping[str, float] | None, given: int, reach: float | None, ask: bool, why: str
) -> None:
    step = overlap_step(posterior, given=given, rule=RULE, reach=reach)
    assert (step.ask, step.why) == (ask, why)


@given(st.floats(0.5, 1.0), st.integers(0, 10), st.integers(1, 5), st.integers(0, 5), st.floats(0.51, 0.99))
def test_fewest_and_most_always_hold(top: float, given: int, fewest: int, more: int, sure: float) -> None:
    rule = OverlapRule(fewest=fewest, most=fewest + more, sure=sure)
    step = overlap_step({"A": top, "B": 1.0 - top}, given=given, rule=rule)
    assert step.ask or given >= rule.fewest
    assert not step.ask or given < rule.most
    assert step.why != "sure" or (step.error is not None and step.error <= 1.0 - sure)


def test_at_most_the_stated_share_of_sure_items_is_wrong_and_labels_are_saved() -> None:
    skills = (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6)
    learnt, _ = crowd(1, items=600, skills=skills, per_item=4)
    estimate = estimated(learnt)
    chance, asked, sure, wrong = Random(2), 0, 0, 0
    for _ in range(2000):
        true = chance.choice(("A", "=", "B"))
        said: list[tuple[str, str]] = []
        people = chance.sample(range(len(skills)), len(skills))
        step = next_step(estimate, said, rule=RULE)
        while step.ask:
            who = people.pop()
            right = chance.random() < skills[who]
            said.append((f"ann{who}", true if right else chance.choice([c for c in "A=B" if c != true])))
            step = next_step(estimate, said, rule=RULE)
        asked += len(said)
        if step.why == "sure":
            posterior = estimate.posterior_of(said)
            sure, wrong = sure + 1, wrong + (max(posterior, key=posterior.__getitem__) != true)
    assert sure > 1500
    # The bound is .05 on average; 3 standard errors of 1500 items make it .067.
    assert wrong / sure < 0.05 + 3 * (0.05 * 0.95 / sure) ** 0.5
    assert asked / 2000 < 4.0


def test_who_cannot_be_made_sure_is_not_asked_about() -> None:
    labels, _ = crowd(3, items=200, skills=(0.55,) * 5, classes=("A", "B"))
    estimate = estimated(labels)
    said = [("ann0", "A"), ("ann1", "B"), ("ann2", "A"), ("ann3", "B")]
    assert within_reach(estimate, said, left=1) < 0.95
    assert next_step(estimate, said, rule=OverlapRule(fewest=2, most=5)).why == "out_of_reach"


def test_a_rule_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(BadInput, match="fewest"):
        OverlapRule(fewest=4, most=3)
    with pytest.raises(BadInput, match="posterior"):
        OverlapRule(sure=1.0)
