from hypothesis import given
from hypothesis import strategies as st
from tests.unit.domain.evaluation.judged import judged

from prefstream.domain.evaluation import Side, consistency
from prefstream.domain.evaluation.consistency import unreadable_words

sides = st.sampled_from(["A", "B", "="])
verdicts = st.sampled_from(["A>", "A>>", "=", "B>", "unsure", None])
cases = st.lists(st.tuples(sides, st.tuples(verdicts, verdicts)), max_size=30)


def test_a_reading_without_verdict_counts_as_wrong_and_never_as_a_tie() -> None:
    found = consistency([("=", judged(None, "=")), ("A", judged("A>", "A>"))])
    assert (found.by_order["ab"].hits, found.by_order["ab"].of) == (1, 2)
    assert found.without_verdict == {"ab": 1, "ba": 0}
    assert found.same.value == 0.5


def test_two_missing_verdicts_are_not_the_same_verdict() -> None:
    found = consistency([("A", judged(None, None))])
    assert (found.same.value, found.without_both.value, found.right_when_same.value) == (0.0, 1.0, None)
    assert "same verdict" in (found.right_when_same.reason or "")


def test_a_judge_that_always_takes_the_first_is_seen() -> None:
    found = consistency([("A", judged("A>", "B>"))] * 10)
    assert (found.first_of_decisive.value, found.first_of_all.value, found.same.value) == (1.0, 1.0, 0.0)


def test_ties_are_no_preference_for_what_stands_first() -> None:
    found = consistency([("=", judged("=", "="))] * 3)
    assert found.first_of_decisive.value is None
    assert (found.first_of_all.value, found.agreement.value) == (0.0, 1.0)


def test_one_order_alone_says_nothing_of_swaps() -> None:
    found = consistency([("A", judged("A>", orders="ab"))])
    assert (found.same.value, found.both.value) == (None, None)
    assert found.by_order["ba"].reason == "no pair was read in the order ba"


def test_no_pair_at_all_gives_reasons() -> None:
    found = consistency([])
    assert (found.agreement.value, found.readings.value, found.pairs) == (None, None, 0)


def test_what_could_not_be_read_is_counted_word_for_word() -> None:
    unread = judged(None, None)
    assert unreadable_words([unread, judged("A>", None)]) == {"": 3}


@given(cases, st.randoms())
def test_the_order_of_pairs_changes_nothing(some: list[tuple[Side, tuple[str, str]]], chance: object) -> None:
    compared = [(side, judged(*said)) for side, said in some]
    shuffled = list(compared)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert consistency(compared) == consistency(shuffled)


@given(cases)
def test_right_in_both_orders_is_right_in_each_and_the_same_in_both(
    some: list[tuple[Side, tuple[str, str]]],
) -> None:
    found = consistency([(side, judged(*said)) for side, said in some])
    assert found.both.hits <= min(found.by_order["ab"].hits, found.by_order["ba"].hits, found.same.hits)
    assert found.readings.hits == found.by_order["ab"].hits + found.by_order["ba"].hits
