"""1,000 random tables and the real ones against what irrCAC said of them.

irrCAC pins an old scipy, so its answers are recorded: `ops/oracles/record_irrcac.py`. It is not right
everywhere, and there ours is held against the definition instead:

- All ratings alike: it says 1 for AC1 and nan for alpha; ours is null, with a reason.
- A standard error of 0 becomes 1e-15, with limits of no width; ours has no limits, with a reason.
- One unit: it divides by zero. Ours has the value, and no limits.
- "Ordinal" alpha takes fixed weights, not the ratings in between. Ours is held against `krippendorff`.
- Percent agreement is the mean over units, ours the share of pairs: the same where units are of one size.
- Fleiss' kappa is generalised to units of different sizes; ours is null there.
- Limits may go below -1; ours end there.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.oracles.agreement.shared_data import crowd, shared_json

from prefstream.domain.agreement import (
    Compositions,
    Statistic,
    alpha_interval,
    alpha_nominal,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    percent_agreement,
)

RECORD = Path(__file__).parent / "irrcac.json"
ORDER = "12345"
OURS: Mapping[str, Callable[[Compositions], Statistic]] = {
    "gwet_ac1": gwet_ac1,
    "gwet_ac2_linear": lambda units: gwet_ac2(units, order=ORDER, weights="linear"),
    "gwet_ac2_quadratic": lambda units: gwet_ac2(units, order=ORDER, weights="quadratic"),
    "gwet_ac2_ordinal": lambda units: gwet_ac2(units, order=ORDER, weights="ordinal"),
    "alpha_nominal": alpha_nominal,
    "alpha_interval": lambda units: alpha_interval(units, values={place: int(place) for place in ORDER}),
    "fleiss_kappa": fleiss_kappa,
    "percent_agreement": percent_agreement,
}
#: What a standard error of 0 becomes there.
NOTHING = 1e-12
#: A unit as what its raters said.
Unit = Sequence[str]
#: Value and standard error of each figure.
Expected = Mapping[str, tuple[float | None, float | None]]


@pytest.fixture(scope="module")
def record() -> Any:
    return json.loads(RECORD.read_text("utf-8"))


def theirs(record: Any, said: Sequence[float | None]) -> Expected:
    """Return value and standard error of each figure; of percent agreement the value alone is right."""
    *pairs, percent = said
    found = dict(zip(record["figures"], zip(pairs[::2], pairs[1::2], strict=True), strict=False))
    return found | {"percent_agreement": (percent, None)}


def alike(units: Iterable[Unit]) -> bool:
    return len({rating for unit in units for rating in unit}) < 2


def undefined(name: str, units: Sequence[Unit]) -> bool:
    """Return whether a figure has no value by its definition."""
    paired = [unit for unit in units if len(unit) > 1]
    if not paired:
        return True
    match name:
        case "gwet_ac1":
            return alike(units)
        case "alpha_nominal" | "alpha_interval":
            return alike(paired)
        case "fleiss_kappa":
            return alike(units) or len({len(unit) for unit in units}) > 1
    return False


def disagreements(units: Sequence[Unit], expected: Expected) -> list[str]:
    """Return where ours differs from theirs, having to be the same, by more than 1e-10."""
    state, found = Compositions.of(map(Counter, units)), []
    for name, (value, error) in expected.items():
        ours = OURS[name](state)
        if undefined(name, units):
            same = ours.value is None and bool(ours.reason)
        elif value is None:
            same = ours.value is not None
        else:
            same = ours.value == pytest.approx(value, abs=1e-10)
        if same and error is not None and ours.value is not None:
            same = same_error(ours, error)
        if not same:
            found.append(f"{name}: {ours} and {value}, {error}")
    return found


def same_error(ours: Statistic, error: float) -> bool:
    if error <= NOTHING or ours.standard_error is None or ours.standard_error <= NOTHING:
        return error <= NOTHING and (ours.standard_error or 0) <= NOTHING
    return ours.standard_error == pytest.approx(error, abs=1e-10)


def test_random_tables_are_what_irrcac_said(record: Any) -> None:
    found = {}
    for seed, text, said in record["tables"]:
        units = [unit for raters in text.split("|") if (unit := raters.replace(".", ""))]
        if differ := disagreements(units, theirs(record, said)):
            found[seed] = differ

    assert len(record["tables"]) == 1000
    assert found == {}


@pytest.mark.shared
@pytest.mark.parametrize("name", ["pandalm", "dices350", "adult2", "barzan"])
def test_real_tables_are_what_irrcac_said(record: Any, name: str) -> None:
    units = pandalm_units() if name == "pandalm" else placed(name)
    expected = theirs(record, record["real"][name])

    assert disagreements(units, expected) == []


def pandalm_units() -> list[Unit]:
    rows = shared_json("pandalm", "testset-v1.json")
    places = {1: "1", 0: "2", 2: "3"}
    return [[places[row[f"annotator{number}"]] for number in (1, 2, 3)] for row in rows]


def placed(name: str) -> list[Unit]:
    parts = ("dices350", "labels.long.csv") if name == "dices350" else ("crowd", f"{name}.labels.csv")
    units = crowd(*parts)
    order = sorted({label for unit in units for label in unit.values()})
    places = {label: ORDER[place] for place, label in enumerate(order)}
    return [[places[label] for label in unit.values()] for unit in units]
