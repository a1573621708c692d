import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.evaluation import Side, length_bias

choices = st.lists(
    st.tuples(
        st.tuples(st.integers(0, 9), st.integers(0, 9)),
        st.sampled_from(["A", "B", "=", None]),
        st.sampled_from(["A", "B", "=", None]),
    ),
    max_size=40,
)


def test_a_judge_that_always_takes_the_longer_is_seen() -> None:
    found = length_bias([((9, 5), "A", "A"), ((5, 9), "A", "B")] * 20)
    assert (found.judge.value, found.people.value, found.bias.value) == (1.0, 0.5, 0.5)
    assert found.bias.low is not None
    assert found.bias.low > 0


def test_pairs_of_equal_length_say_nothing() -> None:
    found = length_bias([((5, 5), "A", "B")])
    assert (found.bias.value, found.judge.value) == (None, None)


def test_all_ties_give_a_reason() -> None:
    found = length_bias([((9, 5), "=", "=")] * 5)
    assert found.bias.reason == "judge or people prefer no response of unequal length"


@given(choices)
def test_a_judge_that_chooses_as_people_do_has_no_bias(
    some: list[tuple[tuple[int, int], Side | None, Side | None]],
) -> None:
    found = length_bias([(lengths, people, people) for lengths, people, _ in some])
    assert found.bias.value in {None, 0.0}
    assert found.bias.low is None


@given(choices)
def test_changing_sides_changes_nothing(
    some: list[tuple[tuple[int, int], Side | None, Side | None]],
) -> None:
    other: dict[Side | None, Side | None] = {"A": "B", "B": "A", "=": "=", None: None}
    turned = [((b, a), other[people], other[judge]) for (a, b), people, judge in some]
    found, after = length_bias(some).bias, length_bias(turned).bias
    assert after.value == found.value
    assert after.standard_error == pytest.approx(found.standard_error)


def test_few_pairs_have_no_limits() -> None:
    found = length_bias([((9, 5), "A", "A"), ((5, 9), "A", "B")] * 10)
    assert (found.bias.value, found.bias.low) == (0.5, None)
    assert "at least 30 pairs" in (found.bias.bounds_reason or "")
