from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefstream.domain.agreement import (
    Compositions,
    PairTable,
    alpha_interval,
    alpha_nominal,
    gwet_ac1,
    percent_agreement,
)
from prefstream.domain.agreement.bootstrap import bootstrap
from prefstream.domain.agreement.ratings import Rating, Ratings, Scale, kept, scale_of, table_figures
from prefstream.schemas.errors import BadInput

ratings = st.lists(
    st.builds(
        Rating, st.sampled_from("tuvw"), st.sampled_from(["ann", "bob", "cem"]), st.sampled_from("123")
    ),
    max_size=14,
)


def two_raters(agreeing: int, differing: int) -> Compositions:
    both = [{"A": 2}, {"B": 2}] * (agreeing // 2)
    return Compositions.of([*both, *[{"A": 1, "B": 1}] * differing])


@given(ratings)
def test_of_several_ratings_one_counts(some: list[Rating]) -> None:
    last, first = kept(some), kept(some, "first")

    assert [*last.ratings] == [*{(one.task, one.worker): one for one in some}.values()]
    assert {*first.ratings} == {*{(one.task, one.worker): one for one in reversed(some)}.values()}
    assert len(last.ratings) + last.repeated + last.contradicting == len(some)
    assert sorted(kept(some, "each").ratings) == sorted(some)


def test_contradictions_are_refused_where_that_is_asked_for() -> None:
    same, other = [Rating("t", "ann", "A")] * 2, Rating("t", "ann", "B")

    assert kept(same, "refuse").repeated == 1
    with pytest.raises(BadInput, match="the worker 'ann' says 'A' and 'B' of task 't'"):
        kept([*same, other], "refuse")


@given(ratings)
def test_tables_of_two_workers_hold_the_tasks_they_share(some: list[Rating]) -> None:
    table = Ratings.of(some)
    both = [(said["ann"], said["bob"]) for said in table.tasks.values() if {"ann", "bob"} <= set(said)]

    assert table.pairs().get(("ann", "bob"), PairTable()) == PairTable.of(both)
    assert table.compositions.n_ratings == sum(map(len, table.tasks.values()))


def test_the_busiest_workers_have_the_most_labels() -> None:
    said = [("t1", "cem"), ("t1", "ann"), ("t2", "bob"), ("t2", "cem"), ("t3", "cem"), ("t3", "ann")]
    table = Ratings.of(Rating(task, worker, "A") for task, worker in said)

    assert (table.busiest(1), table.busiest(2), table.busiest(9)) == (("cem",), ("ann", "cem"), table.workers)
    assert list(table.pairs(("ann", "cem"))) == [("ann", "cem")]
    assert list(table.pairs()) == [("ann", "cem"), ("bob", "cem")]


def test_numbers_have_an_order_and_words_have_none() -> None:
    assert scale_of(["10", "9", "-1.5"], None).order == ("-1.5", "9", "10")
    assert scale_of(["good", "bad"], None) == Scale()
    assert scale_of(["good", "bad"], ["bad", "fair", "good"]).order == ("bad", "fair", "good")


@pytest.mark.parametrize("label", ["nan", "inf", "1e999", "", "one"])
def test_what_is_no_number_has_no_distance(label: str) -> None:
    assert scale_of(["1", label], None).values is None


def test_one_number_written_twice_has_no_order_of_its_own() -> None:
    scale = scale_of(["1", "1.0", "2"], None)

    assert (scale.order, scale.values is None) == (None, False)


def test_an_order_that_lacks_a_label_or_names_one_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="the labels 'C' are not in the order A,B"):
        scale_of(["A", "C"], ["A", "B"])
    with pytest.raises(BadInput, match="names 'A' twice"):
        scale_of(["A"], ["A", "B", "A"])


@pytest.mark.parametrize(
    "units",
    [[], [{"A": 1}], [{"A": 1}, {"B": 1}], [{"A": 2}], [{"A": 2}, {"A": 3}]],
    ids=["empty", "one rating", "one rater", "one unit alike", "constant raters"],
)
@pytest.mark.parametrize("draws", [0, 50])
def test_what_shows_no_agreement_is_undefined_with_a_reason(units: list[dict[str, int]], draws: int) -> None:
    figures = table_figures(Compositions.of(units), Scale(order=("A", "B")), draws=draws)
    percent = figures.pop("percent_agreement")

    assert all(figure.reason and figure.low is None for figure in figures.values() if figure.value is None)
    chance_corrected = {name: figures[name].value for name in ("alpha_nominal", "alpha_ordinal", "gwet_ac1")}
    assert set(chance_corrected.values()) == {None}
    assert percent.low is None
    assert percent.bounds_reason or percent.reason


def test_limits_of_a_bootstrap_are_near_the_large_sample_ones() -> None:
    state = two_raters(300, 100)
    large = {"alpha": alpha_nominal(state), "ac1": gwet_ac1(state), "percent": percent_agreement(state)}
    drawn = bootstrap(
        state, {"alpha": alpha_nominal, "ac1": gwet_ac1, "percent": percent_agreement}, draws=2000, seed=3
    )

    for name, figure in large.items():
        assert drawn[name].value == figure.value
        assert (drawn[name].low, drawn[name].high) == pytest.approx((figure.low, figure.high), abs=0.012)


@given(st.lists(st.text("AB", min_size=1, max_size=3), min_size=2, max_size=8), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_a_bootstrap_depends_on_its_seed_and_not_on_the_order_of_units(units: list[str], seed: int) -> None:
    counted = [{label: unit.count(label) for label in set(unit)} for unit in units]
    shuffled = Random(seed).sample(counted, len(counted))
    one, other = (
        table_figures(Compositions.of(some), Scale(), draws=60, seed=seed) for some in (counted, shuffled)
    )

    assert one == other


def test_a_figure_that_most_draws_leave_undefined_has_no_limits() -> None:
    state = Compositions.of([{"A": 2}] * 9 + [{"B": 2}])
    drawn = bootstrap(state, {"alpha": alpha_nominal}, draws=400, seed=0)["alpha"]

    assert (drawn.value, drawn.low) == (1.0, None)
    assert "of 400 draws of units" in str(drawn.bounds_reason)


def test_numbers_have_an_interval_alpha() -> None:
    state = Compositions.of([{"1": 2}, {"1": 1, "2": 1}, {"9": 2}])
    alpha = table_figures(state, scale_of(["1", "2", "9"], None))["alpha_interval"]

    assert alpha.value == alpha_interval(state, values={"1": 1, "2": 2, "9": 9}).value


def test_too_few_draws_are_refused() -> None:
    with pytest.raises(BadInput, match="take at least 40"):
        bootstrap(two_raters(4, 2), {}, draws=5, seed=0)
