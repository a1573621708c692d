"""Cohen's kappa of two raters, nominal or weighted, from integer counts.

Sources: Cohen 1960 (kappa), Cohen 1968 (weights), Fleiss, Cohen and Everitt 1969 (standard error).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

from prefstream.domain.agreement.statistic import Statistic
from prefstream.domain.agreement.tally import summed
from prefstream.schemas.errors import BadInput

Weights = Literal["nominal", "linear", "quadratic"]
#: What the first and what the second rater said of one unit.
CategoryPair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTable:
    """How often two raters gave which two categories to the same unit.

    The raters have a fixed order (by name), so that a table adds to its likes.

    >>> table = PairTable.of([("A", "A"), ("A", "B")]).revert("A", "B")
    >>> table == PairTable().add("A", "A")
    True
    """

    #: Never holds a zero.
    counts: Mapping[CategoryPair, int] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Iterable[CategoryPair]) -> Self:
        """Count the pairs."""
        counts: dict[CategoryPair, int] = {}
        for pair in pairs:
            counts[pair] = counts.get(pair, 0) + 1
        return cls(counts=counts)

    @classmethod
    def sum(cls, tallies: Iterable[Mapping[CategoryPair, int]]) -> Self:
        """Return the table of all the tallies together."""
        return cls(counts=summed(tallies))

    @property
    def n_units(self) -> int:
        """Units that both raters rated."""
        return sum(self.counts.values())

    def add(self, first: str, second: str) -> Self:
        """Return the table with one more unit."""
        return self.sum([self.counts, {(first, second): 1}])

    def revert(self, first: str, second: str) -> Self:
        """Return the table without a unit that was added before."""
        return self.sum([self.counts, {(first, second): -1}])

    def merge(self, other: "PairTable") -> Self:
        """Return both tables together."""
        return self.sum([self.counts, other.counts])

    def mapped(self, category: Callable[[str], str | None]) -> Self:
        """Return the table on other categories; a pair with a missing one (`None`) is left out."""
        counts: dict[CategoryPair, int] = {}
        for (first, second), count in self.counts.items():
            row, column = category(first), category(second)
            if row is not None and column is not None:
                counts[row, column] = counts.get((row, column), 0) + count
        return self.sum([counts])


def cohen_kappa(
    table: PairTable, *, weights: Weights = "nominal", order: Sequence[str] | None = None
) -> Statistic:
    """Return Cohen's kappa with its asymptotic standard error and 95 % limits.

    kappa = (p_o - p_e) / (1 - p_e), with p_o = sum w_ij p_ij and p_e = sum w_ij p_i. p_.j. The
    agreement weights w_ij are [i = j] (nominal), 1 - |i - j| / (q - 1) (linear) or
    1 - (i - j)^2 / (q - 1)^2 (quadratic). The variance is that of Fleiss, Cohen and Everitt, which SAS
    prints as ASE:

        (sum p_ij (w_ij - (w_i. + w_.j)(1 - kappa))^2 - (kappa - p_e (1 - kappa))^2) / (n (1 - p_e)^2)

    All of it is integer arithmetic up to one division and one square root, so equal counts give
    equal bits. Undefined without units, and where p_e = 1: two raters who both gave everything the
    same category have shown nothing, least of all a kappa of 1.

    Args:
        table: The two raters' counts.
        weights: How near misses count.
        order: The scale from end to end; weighted kappa needs it. Units with a category that is not
            on it are missing.

    Raises:
        BadInput: Weights without an order, or an order that names a category twice.

    >>> rows = [[0, 4, 1], [0, 8, 0], [0, 1, 5]]
    >>> table = PairTable(counts={("abc"[i], "abc"[j]): n for i, row in enumerate(rows)
    ...                           for j, n in enumerate(row) if n})
    >>> kappa = cohen_kappa(table)
    >>> [round(x, 4) for x in (kappa.value, kappa.standard_error, kappa.low, kappa.high)]
    [0.4842, 0.138, 0.2137, 0.7547]
    >>> round(cohen_kappa(table, weights="linear", order="abc").value, 4)
    0.4701
    """
    scale = _scale(table, weights, order)
    counts = {(scale[a], scale[b]): n for (a, b), n in table.counts.items() if a in scale and b in scale}
    n_units = sum(counts.values())
    if any(count < 0 for count in counts.values()):
        return Statistic.undefined("a count is negative: something was taken back twice", n_units=n_units)
    if not n_units:
        return Statistic.undefined("no unit was rated by both", n_units=0)
    return _kappa(counts, _weight_matrix(weights, len(scale)), n_units)


def _scale(table: PairTable, weights: Weights, order: Sequence[str] | None) -> dict[str, int]:
    if order is None:
        if weights != "nominal":
            raise BadInput(f"{weights} weights need the order of the categories; pass order=")
        order = sorted({category for pair in table.counts for category in pair})
    scale = {category: place for place, category in enumerate(order)}
    if len(scale) != len(order):
        raise BadInput(f"the order {list(order)} names a category twice; name each once")
    return scale


def _weight_matrix(weights: Weights, size: int) -> list[list[int]]:
    """Return the agreement weights times `top`, the weight of full agreement, as integers."""
    places = range(size)
    if weights == "nominal":
        return [[int(i == j) for j in places] for i in places]
    power = 1 if weights == "linear" else 2
    top = (size - 1) ** power
    return [[top - abs(i - j) ** power for j in places] for i in places]


def _kappa(counts: Mapping[tuple[int, int], int], weight: list[list[int]], n: int) -> Statistic:
    places = range(len(weight))
    rows = [sum(count for (i, _), count in counts.items() if i == place) for place in places]
    columns = [sum(count for (_, j), count in counts.items() if j == place) for place in places]
    row_means = [sum(weight[i][j] * columns[j] for j in places) for i in places]
    column_means = [sum(weight[i][j] * rows[i] for i in places) for j in places]
    # With W = weight[0][0] for full agreement: observed / (W n) is p_o, expected / (W n^2) is p_e,
    # gain / room is kappa and miss / room is 1 - kappa.
    observed = sum(weight[i][j] * count for (i, j), count in counts.items())
    expected = sum(rows[i] * row_means[i] for i in places)
    room = weight[0][0] * n * n - expected
    if room == 0:
        reason = "chance agreement is 1: both raters gave every unit the same category"
        return Statistic.undefined(reason, n_units=n)
    gain = n * observed - expected
    miss = room - gain
    squares = sum(
        count * (n * room * weight[i][j] - (row_means[i] + column_means[j]) * miss) ** 2
        for (i, j), count in counts.items()
    )
    centre = weight[0][0] * n * n * gain - expected * miss
    variance = (n * squares - centre**2) / (n * room**4)
    return Statistic.with_variance(gain / room, variance, n_units=n)
