"""A window: the sum of the cells of its minutes, and the figures read from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prefstream.domain.agreement.categories import ORDINAL_CATEGORIES, nominal
from prefstream.domain.agreement.cohen import CategoryPair, PairTable, cohen_kappa
from prefstream.domain.agreement.compositions import Composition, Compositions, composition_said
from prefstream.domain.agreement.gwet import gwet_ac1
from prefstream.domain.agreement.krippendorff import alpha_nominal, alpha_ordinal
from prefstream.domain.agreement.raw import fleiss_kappa, percent_agreement
from prefstream.domain.agreement.statistic import Statistic
from prefstream.domain.agreement.tally import without_zeros
from prefstream.domain.agreement.units import Cell
from prefstream.schemas.errors import BadInput

#: Two annotators, in the order of their names.
AnnotatorPair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The counts of a stretch of minutes."""

    #: In verdicts, so that nominal and weighted kappa come from one table.
    pairs: Mapping[AnnotatorPair, PairTable]
    nominal: Compositions
    ordinal: Compositions


def window(
    cells: Iterable[tuple[Cell, int]], *, since_minute: int | None = None, until_minute: int | None = None
) -> Window:
    """Add up cells, in any order and with any repetition of keys.

    Args:
        cells: Cells with their counts, as `contributions` and `change` give them or as stored.
        since_minute: The first minute that counts.
        until_minute: The first minute that no longer counts.

    Raises:
        BadInput: A cell is none that `change` gives.
    """
    pairs: dict[AnnotatorPair, dict[CategoryPair, int]] = {}
    units: dict[str, dict[Composition, int]] = {"nominal": {}, "ordinal": {}}
    for cell, count in cells:
        minute, kind, _, annotator_i, annotator_j, first, second = cell
        if (since_minute is not None and minute < since_minute) or (
            until_minute is not None and minute >= until_minute
        ):
            continue
        if kind == "pair":
            table = pairs.setdefault((annotator_i, annotator_j), {})
            table[first, second] = table.get((first, second), 0) + count
        elif second:
            raise BadInput(f"the cell {cell} counts coincidences, not compositions; count the units anew")
        else:
            scale, composition = units[kind], composition_said(first)
            scale[composition] = scale.get(composition, 0) + count
    tables = {names: PairTable(counts=without_zeros(table)) for names, table in sorted(pairs.items())}
    return Window(
        pairs={names: table for names, table in tables.items() if table.counts},
        nominal=Compositions(units=without_zeros(units["nominal"])),
        ordinal=Compositions(units=without_zeros(units["ordinal"])),
    )


def figures(window: Window) -> dict[str, Statistic]:
    """Return the figures of all annotators together, by name.

    All but `alpha_ordinal` are nominal. A window without labels has every figure, each undefined.

    >>> figures(Window(pairs={}, nominal=Compositions(), ordinal=Compositions()))["gwet_ac1"].reason
    'no unit has two ratings'
    """
    return {
        "alpha_nominal": alpha_nominal(window.nominal),
        "alpha_ordinal": alpha_ordinal(window.ordinal, order=ORDINAL_CATEGORIES),
        "fleiss_kappa": fleiss_kappa(window.nominal),
        "gwet_ac1": gwet_ac1(window.nominal),
        "percent_agreement": percent_agreement(window.nominal),
    }


def kappas(window: Window) -> dict[AnnotatorPair, Statistic]:
    """Return the nominal kappa of every two annotators who share a unit.

    Weighted kappa: `cohen_kappa(table, weights="quadratic", order=ORDINAL_CATEGORIES)` of a table of
    `window.pairs`.

    >>> cells = [(Cell(9, "pair", 2, "ann", "bob", "A>", verdict), 1) for verdict in ("A>>", "B>")]
    >>> kappas(window(cells))["ann", "bob"].value
    0.0
    """
    return {names: cohen_kappa(table.mapped(nominal)) for names, table in window.pairs.items()}
