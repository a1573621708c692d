from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.agreement import Statistic
from prefstream.domain.reliability import (
    against_others,
    anchor_drift,
    calibration_set,
    drift,
    order_for,
)

ITEMS = {f"p{n:04}": ("code", "math", "safety")[n % 10 // 4] for n in range(1000)}


def test_everybody_gets_the_same_fifty_and_another_week_other_ones() -> None:
    one = calibration_set(ITEMS, week="2026-W47", seed="s")
    again = calibration_set(dict(reversed(ITEMS.items())), week="2026-W47", seed="s")
    other = calibration_set(ITEMS, week="2026-W48", seed="s")
    assert one == again
    assert len(set(one)) == 50
    assert len(set(one).intersection(other)) < 10


def test_slices_have_the_shares_they_have_among_the_candidates() -> None:
    drawn = Counter(ITEMS[item] for item in calibration_set(ITEMS, week="2026-W47", seed="s"))
    assert drawn == {"code": 20, "math": 20, "safety": 10}


def test_ten_anchors_come_from_the_earlier_set_and_the_rest_is_fresh() -> None:
    earlier = calibration_set(ITEMS, week="2026-W43", seed="s")
    drawn = calibration_set(ITEMS, week="2026-W47", seed="s", earlier=earlier)
    assert len(set(drawn)) == 50
    assert len(set(drawn).intersection(earlier)) == 10


@given(
    st.dictionaries(st.integers(0, 200).map(str), st.sampled_from(["a", "b", "c"]), max_size=60),
    st.integers(0, 70),
    st.integers(0, 20),
    st.sets(st.integers(0, 200).map(str), max_size=20),
)
def test_a_set_is_as_large_as_asked_or_as_can_be(
    candidates: dict[str, str], size: int, anchors: int, earlier: set[str]
) -> None:
    drawn = calibration_set(candidates, week="w", seed="s", earlier=earlier, size=size, anchors=anchors)
    fresh = len(set(candidates) - earlier)
    kept = min(len(earlier & set(candidates)), anchors, size)
    assert len(drawn) == len(set(drawn)) == kept + min(fresh, size - kept)
    assert set(drawn) <= set(candidates)


def test_everybody_meets_the_set_in_an_order_of_their_own() -> None:
    items = calibration_set(ITEMS, week="2026-W47", seed="s")
    ann, bob = (order_for(name, items, week="2026-W47", seed="s") for name in ("ann", "bob"))
    assert sorted(ann) == sorted(bob) == list(items)
    assert ann != bob


def weekly(seed: int, *, own: float, hard: float) -> Statistic:
    """Return the figure of a person whose accuracy is `own` below the others', in a week so hard."""
    chance = Random(seed)
    answers, others = {}, {}
    for n in range(50):
        easy = min(0.98, max(0.05, 1.0 - hard + chance.uniform(-0.3, 0.3)))
        answers[f"p{n}"] = chance.random() < max(0.0, easy - own)
        others[f"p{n}"] = (sum(chance.random() < easy for _ in range(8)), 8)
    return against_others(answers, others)


def test_a_hard_week_is_no_drift_and_a_fall_is() -> None:
    hard, fallen = 0, 0
    for seed in range(200):
        before = weekly(seed, own=0.0, hard=0.1)
        same = drift(weekly(1000 + seed, own=0.0, hard=0.5), before)
        worse = drift(weekly(1000 + seed, own=0.35, hard=0.1), before)
        hard += same.high is not None and same.high < 0
        fallen += worse.high is not None and worse.high < 0
    assert hard / 200 < 0.06
    assert fallen / 200 > 0.9


def test_too_few_common_items_say_nothing() -> None:
    figure = against_others({"p": True}, {"p": (1, 2)})
    assert figure.value is None
    assert drift(figure, figure).value is None


def test_items_that_the_others_did_not_answer_do_not_count() -> None:
    own = {f"p{n}": True for n in range(8)}
    assert against_others(own, {f"p{n}": (n % 2, n % 2) for n in range(8)}).n_units == 4


@given(st.dictionaries(st.integers(0, 20).map(str), st.tuples(st.booleans(), st.booleans())))
def test_anchors_told_backwards_gain_what_was_lost(answers: dict[str, tuple[bool, bool]]) -> None:
    now, before = ({item: pair[at] for item, pair in answers.items()} for at in (0, 1))
    one, other = anchor_drift(now, before), anchor_drift(before, now)
    assert (one.lost, one.gained) == (other.gained, other.lost)
    assert one.p_value == other.p_value
    assert 0.0 < one.p_value <= 1.0


def test_mcnemar_is_a_binomial_test() -> None:
    before = {f"p{n}": n < 9 for n in range(12)}
    now = {item: not right for item, right in before.items()}
    found = anchor_drift(now, before)
    assert (found.lost, found.gained, found.items) == (9, 3, 12)
    assert found.p_value == pytest.approx(2 * (1 + 12 + 66 + 220) / 4096)
