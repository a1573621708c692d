"""Published tables, with the values printed for them and recomputed by other libraries."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from tests.oracles.agreement.shared_data import shared_json

from prefstream.domain.agreement import (
    Compositions,
    GwetWeights,
    PairTable,
    Statistic,
    alpha_interval,
    alpha_nominal,
    alpha_ordinal,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    percent_agreement,
)

pytestmark = pytest.mark.shared
VALUES = {str(value): value for value in range(8)}


@pytest.fixture(scope="module")
def textbook() -> Any:
    return shared_json("textbook_agreement", "reference.json")


def state_of(units: Sequence[Sequence[float | None]]) -> Compositions:
    return Compositions.of(Counter(str(int(value)) for value in unit if value is not None) for unit in units)


def table_of(rows: Sequence[Sequence[int]]) -> PairTable:
    cells = {(str(i), str(j)): count for i, row in enumerate(rows) for j, count in enumerate(row)}
    return PairTable.sum([cells])


def near(figure: Statistic, expected: float, *, digits: int = 8) -> bool:
    return figure.value is not None and figure.value == pytest.approx(expected, abs=0.5001 * 10**-digits)


@pytest.mark.parametrize("name", ["krippendorff_C", "krippendorff_W"])
def test_krippendorffs_examples(textbook: Any, name: str) -> None:
    state = state_of(list(zip(*textbook[name]["data_raters_x_units"], strict=True)))
    expected = textbook[name]["alpha"]

    assert near(alpha_nominal(state), expected["nominal"])
    assert near(alpha_ordinal(state, order=list(VALUES)), expected["ordinal"])
    assert near(alpha_interval(state, values=VALUES), expected["interval"])


def test_fleiss_1971(textbook: Any) -> None:
    state = state_of(textbook["fleiss_1971"]["data_units_x_raters"])

    assert near(fleiss_kappa(state), textbook["fleiss_1971"]["fleiss"])
    assert near(alpha_nominal(state), textbook["fleiss_1971"]["alpha_nominal"])


def test_the_fleiss_example_of_wikipedia(textbook: Any) -> None:
    counts = textbook["fleiss_wikipedia"]["counts"]
    state = Compositions.of({str(c): int(n) for c, n in enumerate(unit)} for unit in counts)

    assert near(fleiss_kappa(state), textbook["fleiss_wikipedia"]["fleiss"])


def test_the_anxiety_data(textbook: Any) -> None:
    state = state_of(textbook["anxiety_20x3"]["data_units_x_raters"])

    assert near(fleiss_kappa(state), textbook["anxiety_20x3"]["fleiss"])
    assert near(alpha_ordinal(state, order=list(VALUES)), textbook["anxiety_20x3"]["alpha_ordinal"])
    assert near(alpha_interval(state, values=VALUES), textbook["anxiety_20x3"]["alpha_interval"])


def test_the_sas_example(textbook: Any) -> None:
    sas = textbook["sas_cohen_3x3"]
    table = table_of(sas["table"])
    nominal = cohen_kappa(table)
    linear = cohen_kappa(table, weights="linear", order="012")

    assert near(nominal, sas["kappa"], digits=7)
    assert near(linear, sas["wt_linear"])
    assert near(cohen_kappa(table, weights="quadratic", order="012"), sas["wt_quadratic"])
    assert nominal.standard_error == pytest.approx(sas["ase"], abs=5e-9)
    assert [nominal.low, nominal.high] == pytest.approx(sas["ci95"], abs=5e-9)
    assert linear.standard_error == pytest.approx(sas["weighted_linear"]["ase"], abs=5e-9)
    assert [linear.low, linear.high] == pytest.approx(sas["weighted_linear"]["ci95"], abs=5e-9)


def limited(figure: Statistic, expected: Any) -> bool:
    """Return whether value, standard error and limits are those that irrCAC prints with five digits."""
    ours = [figure.value, figure.standard_error, figure.low, figure.high]
    return ours == pytest.approx([expected["coef"], expected["se"], *expected["ci95"]], abs=5.1e-6)


@pytest.mark.parametrize("name", ["gwet_raw_4raters", "gwet_raw_5observers"])
def test_gwets_tables(textbook: Any, name: str) -> None:
    state, identity = state_of(textbook[name]["data"]), textbook[name]["identity"]

    assert limited(gwet_ac1(state), identity["gwet"])
    assert limited(alpha_nominal(state), identity["krippendorff"])


@pytest.mark.parametrize("weights", ["linear", "quadratic", "ordinal"])
def test_ac2_of_gwets_table(textbook: Any, weights: GwetWeights) -> None:
    state = state_of(textbook["gwet_raw_4raters"]["data"])

    assert limited(
        gwet_ac2(state, order="12345", weights=weights), textbook["gwet_raw_4raters"][weights]["gwet"]
    )


def test_interval_alpha_of_gwets_table(textbook: Any) -> None:
    state = state_of(textbook["gwet_raw_4raters"]["data"])

    assert limited(
        alpha_interval(state, values=VALUES), textbook["gwet_raw_4raters"]["quadratic"]["krippendorff"]
    )


@pytest.mark.parametrize("name", ["paradox_balanced", "paradox_skew_A", "paradox_90_pct"])
def test_the_paradox_tables(textbook: Any, name: str) -> None:
    table = table_of(textbook[name]["table"])
    state = Compositions.of(Counter(pair) for pair, n in table.counts.items() for _ in range(n))

    assert near(cohen_kappa(table), textbook[name]["cohen"])
    assert near(gwet_ac1(state), textbook[name]["ac1"])
    assert near(percent_agreement(state), textbook[name]["pa"])
