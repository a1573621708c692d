from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.agreement import Cell, UnitLabel, change, contributions, nominal, ordinal
from prefstream.domain.agreement.compositions import composition_said
from prefstream.domain.agreement.tally import difference, summed
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Verdict


def label(annotator: str, category: str, minute: int, *, moment: int | None = None) -> UnitLabel:
    order = (minute * 60_000_000 if moment is None else moment, f"{annotator}-{minute}-{category}")
    return UnitLabel(annotator=annotator, category=category, minute=minute, order=order)


labels = st.builds(
    label,
    st.sampled_from(["ann", "bob", "cem", "dee"]),
    st.sampled_from([str(verdict) for verdict in Verdict]),
    st.integers(-3, 6),
    moment=st.integers(0, 8),
)
label_sets = st.lists(labels, max_size=9, unique=True)


def test_two_labels_write_a_pair_cell_and_compositions_in_the_later_minute() -> None:
    cells = contributions([label("bob", "A>", 9), label("ann", "A>>", 7)])

    assert cells == {
        Cell(9, "pair", 2, "ann", "bob", "A>>", "A>"): 1,
        Cell(9, "nominal", 2, "", "", "A:2", ""): 1,
        Cell(9, "ordinal", 2, "", "", "A> A>>", ""): 1,
    }


def test_each_pair_cell_sits_in_the_later_minute_of_its_own_two_labels() -> None:
    cells = contributions([label("ann", "=", 1), label("bob", "=", 5), label("cem", "=", 3)])

    minutes = {(cell.annotator_i, cell.annotator_j): cell.minute for cell in cells if cell.kind == "pair"}
    assert minutes == {("ann", "bob"): 5, ("ann", "cem"): 3, ("bob", "cem"): 5}
    assert {cell.minute for cell in cells if cell.kind != "pair"} == {5}


def test_one_label_writes_only_single_ratings() -> None:
    assert contributions([label("ann", "B>", 4)]) == {
        Cell(4, "nominal", 1, "", "", "B", ""): 1,
        Cell(4, "ordinal", 1, "", "", "B>", ""): 1,
    }


def test_no_label_writes_nothing() -> None:
    assert contributions([]) == {}


def test_unsure_counts_nowhere_and_moves_no_minute() -> None:
    rated = [label("ann", "A>", 1), label("bob", "B>", 2)]

    assert contributions([*rated, label("cem", "unsure", 9)]) == contributions(rated)


def test_both_bad_agrees_with_both_bad_but_has_no_place_on_the_scale() -> None:
    cells = contributions([label("ann", "both_bad", 1), label("bob", "both_bad", 2), label("cem", "A>", 1)])

    assert cells[Cell(2, "nominal", 3, "", "", "A both_bad:2", "")] == 1
    assert {cell: n for cell, n in cells.items() if cell.kind == "ordinal"} == {
        Cell(1, "ordinal", 1, "", "", "A>", ""): 1
    }
    assert sum(cell.kind == "pair" for cell in cells) == 3


def test_only_the_latest_label_of_an_annotator_counts() -> None:
    late = label("ann", "B>", 7, moment=7_000_001)
    early = label("ann", "A>", 7, moment=7_000_000)

    assert contributions([late, early]) == contributions([early, late]) == contributions([late])


@pytest.mark.parametrize(("category", "minute"), [("B>", 7), ("A>", 8)])
def test_two_labels_of_one_order_count_the_same_in_either_order(category: str, minute: int) -> None:
    one = UnitLabel(annotator="ann", category="A>", minute=7, order=(7, "x"))
    other = UnitLabel(annotator="ann", category=category, minute=minute, order=(7, "x"))

    assert contributions([one, other]) == contributions([other, one]) == contributions([other])


def test_turning_unsure_takes_the_earlier_label_back() -> None:
    first, other = label("ann", "A>", 1), label("bob", "A>", 2)
    unsure = label("ann", "unsure", 3)

    assert contributions([first, other, unsure]) == contributions([other])


def test_a_word_that_is_no_verdict_is_refused() -> None:
    with pytest.raises(BadInput, match="is not a verdict"):
        contributions([label("ann", "garbage", 1)])


def test_the_same_labels_change_nothing() -> None:
    standing = [label("ann", "A>", 1), label("bob", "=", 2)]

    assert change(standing, standing) == {}


def test_a_withdrawn_annotator_leaves_no_trace() -> None:
    with_bob = [label("ann", "A>", 1), label("bob", "=", 2)]
    without = with_bob[:1]

    assert summed([contributions(with_bob), change(with_bob, without)]) == contributions(without)


@given(label_sets, st.integers(0, 999))
def test_changes_label_by_label_add_up_to_the_final_contributions(
    given_labels: list[UnitLabel], seed: int
) -> None:
    arriving = Random(seed).sample(given_labels, len(given_labels))
    changes = [change(arriving[:i], arriving[: i + 1]) for i in range(len(arriving))]

    assert summed(changes) == contributions(given_labels)
    assert all(all(delta.values()) for delta in changes)


@given(label_sets, st.integers(0, 999))
def test_taking_labels_back_in_any_order_ends_at_nothing(given_labels: list[UnitLabel], seed: int) -> None:
    leaving = Random(seed).sample(given_labels, len(given_labels))
    changes = [change(leaving[i:], leaving[i + 1 :]) for i in range(len(leaving))]

    assert summed([contributions(given_labels), *changes]) == {}


@given(label_sets, label_sets)
def test_a_change_is_the_difference_of_the_contributions(
    before: list[UnitLabel], after: list[UnitLabel]
) -> None:
    assert change(before, after) == difference(contributions(after), contributions(before))


@given(label_sets)
def test_contributions_are_every_pair_and_both_compositions(given_labels: list[UnitLabel]) -> None:
    latest: dict[str, UnitLabel] = {}
    for one in sorted(given_labels, key=lambda one: (one.order, one.minute, one.category)):
        latest[one.annotator] = one
    said = sorted((one for one in latest.values() if one.category != "unsure"), key=lambda one: one.annotator)
    cells = contributions(given_labels)

    assert {cell: n for cell, n in cells.items() if cell.kind == "pair"} == {
        Cell(max(a.minute, b.minute), "pair", 2, a.annotator, b.annotator, a.category, b.category): 1
        for a, b in combinations(said, 2)
    }
    for kind, scale in (("nominal", nominal), ("ordinal", ordinal)):
        placed = [(one.minute, category) for one in said if (category := scale(one.category)) is not None]
        counts = Counter(category for _, category in placed)
        read = [(cell, n) for cell, n in cells.items() if cell.kind == kind]
        assert [(cell.minute, cell.unit_size, cell.category_j, n) for cell, n in read] == (
            [(max(placed)[0], len(placed), "", 1)] if placed else []
        )
        assert [dict(composition_said(cell.category_i)) for cell, _ in read] == ([counts] if placed else [])


@given(label_sets, st.integers(0, 999))
def test_a_repeated_label_counts_once(given_labels: list[UnitLabel], seed: int) -> None:
    repeated: Sequence[UnitLabel] = Random(seed).choices(given_labels, k=5) if given_labels else []

    assert contributions([*given_labels, *repeated]) == contributions(given_labels)
