from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.agreement import (
    ORDINAL_CATEGORIES,
    Cell,
    Compositions,
    PairTable,
    UnitLabel,
    alpha_ordinal,
    change,
    contributions,
    figures,
    kappas,
    window,
)
from prefstream.domain.agreement.tally import summed
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Verdict

answers = st.tuples(
    st.sampled_from(["ann", "bob", "cem"]),
    st.sampled_from([str(verdict) for verdict in Verdict]),
    st.integers(0, 5),
)
#: Units, each with what its annotators said and in which minute.
unit_lists = st.lists(st.lists(answers, max_size=4, unique_by=lambda answer: answer[0]), max_size=6)


def labels_of(unit: list[tuple[str, str, int]]) -> list[UnitLabel]:
    return [
        UnitLabel(annotator=name, category=verdict, minute=minute, order=(minute, name))
        for name, verdict, minute in unit
    ]


@given(unit_lists, st.integers(0, 999))
def test_figures_do_not_depend_on_arrival(units: list[list[tuple[str, str, int]]], seed: int) -> None:
    chance = Random(seed)
    arrivals = [(place, label) for place, unit in enumerate(units) for label in labels_of(unit)]
    chance.shuffle(arrivals)
    standing: list[list[UnitLabel]] = [[] for _ in units]
    deltas: list[tuple[Cell, int]] = []
    for place, label in arrivals:
        deltas += change(standing[place], [*standing[place], label]).items()
        standing[place].append(label)
    chance.shuffle(deltas)

    rolled, recount = window(deltas), window(summed(contributions(labels_of(unit)) for unit in units).items())

    assert rolled == recount
    assert figures(rolled) == figures(recount)
    assert kappas(rolled) == kappas(recount)


@given(unit_lists, st.integers(-1, 7), st.integers(-1, 7))
def test_windows_side_by_side_add_up(
    units: list[list[tuple[str, str, int]]], first: int, second: int
) -> None:
    low, high = sorted((first, second))
    cells = summed(contributions(labels_of(unit)) for unit in units)
    parts = [
        window(cells.items(), until_minute=low),
        window(cells.items(), since_minute=low, until_minute=high),
        window(cells.items(), since_minute=high),
    ]
    whole = window(cells.items())

    assert Compositions.sum(part.nominal.units for part in parts) == whole.nominal
    assert Compositions.sum(part.ordinal.units for part in parts) == whole.ordinal
    for names, table in whole.pairs.items():
        assert PairTable.sum(part.pairs[names].counts for part in parts if names in part.pairs) == table


@given(unit_lists)
def test_the_tables_are_those_of_the_labels(units: list[list[tuple[str, str, int]]]) -> None:
    read = window(summed(contributions(labels_of(unit)) for unit in units).items())
    said = [{name: verdict for name, verdict, _ in unit if verdict != "unsure"} for unit in units]

    both = [(unit["ann"], unit["bob"]) for unit in said if "ann" in unit and "bob" in unit]
    points = [[v for v in unit.values() if v in ORDINAL_CATEGORIES] for unit in said]
    ordinal = Compositions.of({point: unit.count(point) for point in unit} for unit in points)

    assert read.pairs.get(("ann", "bob"), PairTable()) == PairTable.of(both)
    assert figures(read)["alpha_ordinal"] == alpha_ordinal(ordinal, order=ORDINAL_CATEGORIES)


def test_a_minute_belongs_to_the_window_that_starts_with_it() -> None:
    cells = [(Cell(minute, "nominal", 1, "", "", "A", ""), 1) for minute in (9, 10, 11)]

    assert window(cells, since_minute=10, until_minute=11).nominal.n_ratings == 1


def test_an_empty_window_has_every_figure_undefined() -> None:
    empty = figures(window([]))

    assert sorted(empty) == [
        "alpha_nominal",
        "alpha_ordinal",
        "fleiss_kappa",
        "gwet_ac1",
        "percent_agreement",
    ]
    assert {figure.value for figure in empty.values()} == {None}
    assert all(figure.reason for figure in empty.values())


def test_annotators_whose_shared_units_are_all_taken_back_are_gone() -> None:
    cell = Cell(1, "pair", 2, "ann", "bob", "A>", "A>")

    assert window([(cell, 1), (cell, -1)]).pairs == {}


def test_kappa_joins_much_better_and_better() -> None:
    cells = [
        (Cell(1, "pair", 2, "ann", "bob", "A>>", "A>"), 3),
        (Cell(1, "pair", 2, "ann", "bob", "B>", "B>>"), 2),
    ]

    assert kappas(window(cells))["ann", "bob"].value == 1.0


def test_a_cell_that_is_no_composition_is_refused() -> None:
    with pytest.raises(BadInput, match="'A:many' is no composition"):
        window([(Cell(1, "nominal", 2, "", "", "A:many", ""), 1)])


def test_a_cell_of_coincidences_is_refused_and_not_misread() -> None:
    with pytest.raises(BadInput, match="counts coincidences"):
        window([(Cell(1, "nominal", 2, "", "", "A", "A"), 2)])


def test_the_figures_of_all_annotators_have_bounds() -> None:
    said = [("A>", "A>"), ("A>", "B>"), ("B>", "B>"), ("=", "="), ("A>>", "A>")]
    labels = [
        [UnitLabel(annotator=name, category=verdict, minute=1, order=(1, name)) for name, verdict in pair]
        for pair in (zip(("ann", "bob"), verdicts, strict=True) for verdicts in said)
    ]
    read = figures(window(summed(map(contributions, labels)).items()))

    for figure in read.values():
        assert figure.value is not None
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low <= figure.value <= figure.high
