from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest  # type: ignore[import-untyped]

from prefstream.domain.evaluation import RecordedEvaluation, RecordedPair, Side, adoption
from prefstream.domain.evaluation.adoption import sign_test
from prefstream.schemas.errors import BadInput


def recorded(
    right: Mapping[str, bool], *, built_from: tuple[str, ...] = (), people: Side = "A", slices: str = ""
) -> RecordedEvaluation:
    pairs = {
        key: RecordedPair(
            slice=slices or key[0], people=people, judge=people if ok else ("B" if people == "A" else "A")
        )
        for key, ok in right.items()
    }
    return RecordedEvaluation(judge="j", built_from=frozenset(built_from), pairs=pairs)


def outcome(right: int, of: int, name: str = "s") -> dict[str, bool]:
    return {f"{name}{n}": n < right for n in range(of)}


@given(st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_sign_test_is_that_of_scipy(count: tuple[int, int]) -> None:
    k, n = count
    expected = binomtest(k, n, alternative="greater").pvalue if n else 1.0
    assert sign_test(k, n) == pytest.approx(expected)


def test_a_candidate_that_is_clearly_better_is_adopted() -> None:
    found = adoption(recorded(outcome(60, 100)), recorded(outcome(75, 100)))
    assert found.adopt
    assert (found.whole.only_candidate, found.whole.only_present) == (15, 0)
    assert found.whole.p_better == 2**-15


def test_an_equal_candidate_is_not_adopted() -> None:
    found = adoption(recorded(outcome(60, 100)), recorded(outcome(60, 100)))
    assert not found.adopt
    assert found.whole.p_better == 1.0


def test_four_pairs_of_difference_can_show_nothing() -> None:
    found = adoption(recorded(outcome(60, 100)), recorded(outcome(64, 100)))
    assert not found.adopt
    assert "fewer than 5 can show nothing" in found.why


def test_what_a_candidate_was_built_from_does_not_count_for_it() -> None:
    present, better = outcome(60, 100), outcome(75, 100)
    learnt = tuple(f"s{n}" for n in range(60, 75))
    found = adoption(recorded(present), recorded(better, built_from=learnt))
    assert not found.adopt
    assert (found.excluded, found.whole.pairs) == (15, 85)


def test_what_the_present_judge_was_built_from_does_not_count_either() -> None:
    learnt = tuple(f"s{n}" for n in range(10))
    assert adoption(recorded(outcome(60, 100), built_from=learnt), recorded(outcome(75, 100))).excluded == 10


def test_a_candidate_that_fails_a_slice_is_kept_out() -> None:
    present = outcome(50, 100, "a") | outcome(20, 20, "b")
    candidate = outcome(90, 100, "a") | outcome(8, 20, "b")
    found = adoption(recorded(present), recorded(candidate))
    assert not found.adopt
    assert found.why == "it is better on the whole, but worse in b"
    assert adoption(recorded(present, slices="x"), recorded(candidate, slices="x")).adopt


def test_trying_again_on_the_same_labels_costs() -> None:
    present, better = recorded(outcome(60, 100)), recorded(outcome(66, 100))
    assert adoption(present, better).adopt
    assert not adoption(present, better, tries=4).adopt


def test_a_label_that_could_not_be_had_is_wrong() -> None:
    missing = RecordedPair(slice="s", people="A", judge=None)
    assert not missing.right


@pytest.mark.parametrize(
    ("present", "candidate", "message"),
    [
        (recorded(outcome(5, 9)), recorded(outcome(5, 10)), "1 pairs are in one evaluation only, 's9' first"),
        (recorded(outcome(5, 9)), recorded(outcome(5, 9), people="B"), "people's label of 's0' differs"),
        (recorded({"s0": True}), recorded({"s0": True}, built_from=("s0",)), "no pair is left"),
        (recorded({}), recorded({}), "no pair is left"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    present: RecordedEvaluation, candidate: RecordedEvaluation, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        adoption(present, candidate)


@pytest.mark.parametrize(("delta", "tries"), [(0.0, 1), (1.0, 1), (0.05, 0), (float("nan"), 1)])
def test_numbers_out_of_range_are_refused(delta: float, tries: int) -> None:
    with pytest.raises(BadInput, match="delta lies between"):
        adoption(recorded(outcome(1, 2)), recorded(outcome(1, 2)), delta=delta, tries=tries)


def test_more_differences_that_balance_show_no_more_than_chance() -> None:
    present = {f"s{n}": n % 2 == 0 for n in range(40)}
    found = adoption(recorded(present), recorded({key: not ok for key, ok in present.items()}))
    assert found.why == "it is not better than the present judge by more than chance"
