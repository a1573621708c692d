# /// script
# requires-python = ">=3.11,<3.12"
# dependencies = ["irrCAC==0.4.4", "numpy==1.26.4", "pandas==2.3.3", "scipy==1.12.0"]
# ///
"""Record what irrCAC says of random tables and of the real labelled data, for tests to be held against.

    uv run --script ops/oracles/record_irrcac.py [--shared ../shared/data]

irrCAC needs an old scipy, so it cannot live beside prefstream: uv makes an environment of its own for this
script, in its cache. Its answers are kept in `tests/oracles/agreement/irrcac.json`; equal seeds give equal
bytes. A table is one string: units apart by "|", a digit for what each rater said, "." where one said
nothing. Of the real data only the figures are kept. `null` stands where irrCAC fails or says nan.
"""

import argparse
import csv
import json
import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "tests" / "oracles" / "agreement" / "irrcac.json"
CATEGORIES = (1.0, 2.0, 3.0, 4.0, 5.0)
TABLES = 1000
#: Each figure: irrCAC's method, its weights, and whether they need to know categories that nobody used.
FIGURES: Mapping[str, tuple[str, str, bool]] = {
    "gwet_ac1": ("gwet", "identity", False),
    "gwet_ac2_linear": ("gwet", "linear", True),
    "gwet_ac2_quadratic": ("gwet", "quadratic", True),
    "gwet_ac2_ordinal": ("gwet", "ordinal", True),
    "alpha_nominal": ("krippendorff", "identity", False),
    "alpha_interval": ("krippendorff", "quadratic", True),
    "fleiss_kappa": ("fleiss", "identity", False),
}
#: One unit: what each rater said, `None` where one said nothing.
Units = list[list[float | None]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "data")
    shared: Path = parser.parse_args().shared
    warnings.simplefilter("ignore")
    tables = [(seed, table(Random(seed))) for seed in range(TABLES)]
    lines = {
        "irrCAC": json.dumps(version("irrCAC")),
        "figures": json.dumps([*FIGURES, "percent_agreement"]),
        "says": json.dumps(["value, standard error of each figure", "value of percent_agreement"]),
        "real": block(f"{json.dumps(name)}: {said(units, CATEGORIES)}" for name, units in real(shared)),
        "tables": block((f'[{seed}, "{text(units)}", {said(units)}]' for seed, units in tables), "[]"),
    }
    RECORD.write_text(
        "{\n" + ",\n".join(f'"{key}": {line}' for key, line in lines.items()) + "\n}\n", "utf-8"
    )
    print(RECORD, RECORD.stat().st_size, "bytes")


def block(lines: Iterable[str], ends: str = "{}") -> str:
    return ends[0] + "\n" + ",\n".join(lines) + "\n" + ends[1]


def table(chance: Random) -> Units:
    """Return a table by chance: few or many raters, units and categories, with and without holes."""
    raters, units = chance.randint(2, 5), chance.randint(1, 14)
    categories = CATEGORIES[: chance.choice((1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5))]
    holes, right = chance.choice((0.0, 0.0, 0.15, 0.4, 0.8)), chance.choice((0.0, 0.4, 0.6, 0.8, 0.9, 1.0))
    found: Units = []
    for _ in range(units):
        truth = chance.choice(categories)
        said = [truth if chance.random() < right else chance.choice(categories) for _ in range(raters)]
        found.append([None if chance.random() < holes else rating for rating in said])
    return found


def text(units: Units) -> str:
    return "|".join("".join("." if one is None else f"{one:.0f}" for one in unit) for unit in units)


def said(units: Units, categories: tuple[float, ...] = CATEGORIES) -> str:
    """Return value and standard error of every figure, and percent agreement, as JSON."""
    sizes = {size for unit in units if (size := sum(one is not None for one in unit))}
    found: list[Any] = []
    for name, (method, weights, known) in FIGURES.items():
        # The Fleiss of irrCAC is another figure where units differ in their ratings.
        fits = name != "fleiss_kappa" or len(sizes) == 1
        found += asked(units, method, weights, categories if known else None) if fits else [None, None]
    shares = asked(units, "fleiss", "identity", None, names=("pa",)) if len(sizes) == 1 else [None]
    return json.dumps([*found, *shares], separators=(",", ":"))


def asked(
    units: Units,
    method: str,
    weights: str,
    categories: tuple[float, ...] | None,
    names: tuple[str, ...] = ("coefficient_value", "se"),
) -> list[float | None]:
    from irrCAC.raw import CAC
    from pandas import DataFrame

    try:
        of_all = CAC(
            DataFrame(units, dtype=float),
            weights=weights,
            categories=None if categories is None else [*categories],
            digits=15,
        )
        figure: Callable[[], Any] = getattr(of_all, method)
        estimate = figure()["est"]
    except (ArithmeticError, ValueError, IndexError):
        return [None] * len(names)
    return [kept(float(estimate[name])) for name in names]


def kept(number: float) -> float | None:
    return round(number, 12) if math.isfinite(number) else None


def real(shared: Path) -> Iterator[tuple[str, Units]]:
    """Yield the real tables, their labels as places on the scale that the tests use."""
    pandalm = json.loads((shared / "pandalm" / "testset-v1.json").read_text("utf-8"))
    place = {1: 1.0, 0: 2.0, 2: 3.0}
    yield "pandalm", [[place[row[f"annotator{number}"]] for number in (1, 2, 3)] for row in pandalm]
    yield "dices350", crowd(shared / "dices350" / "labels.long.csv")
    for name in ("adult2", "barzan"):
        yield name, crowd(shared / "crowd" / f"{name}.labels.csv")


def crowd(path: Path) -> Units:
    labels: dict[str, dict[str, str]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            labels.setdefault(row["task"], {}).setdefault(row["worker"], row["label"])
    order = sorted({label for unit in labels.values() for label in unit.values()})
    places = {label: float(place) for place, label in enumerate(order, start=1)}
    most = max(map(len, labels.values()))
    # Who said it does not matter to these figures, so a column need not be one person.
    return [
        [*(places[label] for label in unit.values()), *[None] * (most - len(unit))]
        for unit in labels.values()
    ]


if __name__ == "__main__":
    main()
