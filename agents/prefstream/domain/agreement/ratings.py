"""Anyone's table of task, worker and label: every figure of it, by name."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations
from typing import Literal, NamedTuple

from prefstream.domain.agreement.bootstrap import bootstrap
from prefstream.domain.agreement.cohen import CategoryPair, PairTable
from prefstream.domain.agreement.compositions import Compositions, UnitCounts
from prefstream.domain.agreement.gwet import gwet_ac1, gwet_ac2
from prefstream.domain.agreement.krippendorff import alpha_interval, alpha_nominal, alpha_ordinal
from prefstream.domain.agreement.raw import fleiss_kappa, percent_agreement
from prefstream.domain.agreement.statistic import Statistic
from prefstream.domain.agreement.windows import AnnotatorPair
from prefstream.schemas.errors import BadInput

_NO_ORDER = "the labels have no order; give one from end to end"
_NO_NUMBERS = "the labels are not numbers"


class Rating(NamedTuple):
    """What a worker said of a task."""

    task: str
    worker: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """The labels of some tasks, one of each worker.

    >>> ratings = Ratings.of([Rating("t1", "ann", "A"), Rating("t1", "bob", "B"), Rating("t2", "ann", "A")])
    >>> ratings.workers, len(ratings.tasks)
    (('ann', 'bob'), 2)
    """

    #: Of each task, what each worker said.
    tasks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, ratings: Iterable[Rating]) -> "Ratings":
        """Put the ratings together; of several by one worker on one task the last counts."""
        tasks: dict[str, dict[str, str]] = {}
        for task, worker, label in ratings:
            tasks.setdefault(task, {})[worker] = label
        return cls(tasks=tasks)

    @property
    def workers(self) -> tuple[str, ...]:
        """The workers by name."""
        return tuple(sorted({worker for said in self.tasks.values() for worker in said}))

    @property
    def compositions(self) -> Compositions:
        """The tasks as units whose raters have no names."""
        return Compositions.of(Counter(said.values()) for said in self.tasks.values())

    def busiest(self, most: int) -> tuple[str, ...]:
        """Return the workers with the most labels, at most so many, by name."""
        labels = Counter(worker for said in self.tasks.values() for worker in said)
        return tuple(sorted(sorted(labels, key=lambda worker: (-labels[worker], worker))[:most]))

    def pairs(self, workers: Collection[str] | None = None) -> dict[AnnotatorPair, PairTable]:
        """Return the tables of every two workers who share a task, by their names.

        Args:
            workers: Only these; their pairs, and the work, grow quadratically. `None`: all.
        """
        among = None if workers is None else frozenset(workers)
        tables: dict[AnnotatorPair, dict[CategoryPair, int]] = {}
        for said in self.tasks.values():
            for one, other in combinations(sorted(said if among is None else among.intersection(said)), 2):
                table = tables.setdefault((one, other), {})
                labels = said[one], said[other]
                table[labels] = table.get(labels, 0) + 1
        return {names: PairTable(counts=table) for names, table in sorted(tables.items())}


#: Which of several labels by one worker on one task count.
Keep = Literal["last", "first", "each", "refuse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The ratings that count, and how many stood beside them."""

    ratings: Sequence[Rating]
    #: Ratings of a worker and task that had one already, with the same label and with another.
    repeated: int
    contradicting: int


def kept(ratings: Iterable[Rating], keep: Keep = "last") -> Kept:
    """Return which ratings count where a worker rated a task more than once.

    >>> found = kept([Rating("t", "ann", "A"), Rating("t", "ann", "B")])
    >>> [rating.label for rating in found.ratings], found.contradicting
    (['B'], 1)

    Args:
        ratings: In the order they came.
        keep: The last one, as live figures do; the first; each, as if different workers gave them; or
            none, which refuses ratings that contradict each other.

    Raises:
        BadInput: A worker gave a task two labels, which is to be refused.
    """
    said: dict[tuple[str, str], list[Rating]] = {}
    for rating in ratings:
        said.setdefault((rating.task, rating.worker), []).append(rating)
    several = [some for some in said.values() if len(some) > 1]
    if keep == "refuse":
        _refuse_contradictions(several)
    contradicting = sum(rating.label != some[0].label for some in several for rating in some[1:])
    place = -1 if keep == "last" else 0
    return Kept(
        ratings=[rating for some in said.values() for rating in (some if keep == "each" else [some[place]])],
        repeated=sum(len(some) - 1 for some in several) - contradicting,
        contradicting=contradicting,
    )


def _refuse_contradictions(several: Iterable[Sequence[Rating]]) -> None:
    for some in several:
        if labels := sorted({rating.label for rating in some} - {some[0].label}):
            raise BadInput(
                f"the worker {some[0].worker!r} says {some[0].label!r} and {labels[0]!r}"
                f" of task {some[0].task!r}; keep one of the rows, or say which counts (first, last)"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What is known of the labels besides their names."""

    #: From end to end; `None`: they have no order.
    order: tuple[str, ...] | None = None
    #: The number of each; `None`: they are no numbers.
    values: Mapping[str, Fraction] | None = None


def scale_of(categories: Sequence[str], order: Sequence[str] | None) -> Scale:
    """Return the scale of the labels: the order that is given, else that of numbers.

    >>> scale_of(["10", "9"], None).order, scale_of(["good", "bad"], None).order
    (('9', '10'), None)

    Args:
        categories: The labels that were given.
        order: All labels from end to end; `None` if nobody said.

    Raises:
        BadInput: The order names a label twice, or lacks one that was given.
    """
    values = _numbers([*categories, *(order or ())])
    if order is not None:
        if twice := sorted({label for label in order if list(order).count(label) > 1}):
            raise BadInput(f"the order names {twice[0]!r} twice; name each label once, from end to end")
        if unknown := sorted(set(categories) - set(order)):
            raise BadInput(
                f"the labels {', '.join(map(repr, unknown))} are not in the order {','.join(order)};"
                " name every label, from end to end"
            )
        return Scale(order=tuple(order), values=values)
    if values is None or len(set(values.values())) < len(values):
        return Scale(values=values)
    return Scale(order=tuple(sorted(values, key=values.__getitem__)), values=values)


def _numbers(labels: Iterable[str]) -> dict[str, Fraction] | None:
    try:
        return {label: Fraction(float(label)) for label in labels}
    except (ValueError, OverflowError):
        return None


def table_figures(
    state: Compositions, scale: Scale, *, draws: int = 0, seed: int = 0
) -> dict[str, Statistic]:
    """Return the figures of all workers together, by name.

    Args:
        state: The tasks.
        scale: What is known of the labels.
        draws: Draws of a bootstrap over tasks; 0 for large-sample limits.
        seed: What the draws come from.

    >>> state = Compositions.of([{"a": 2}, {"a": 1, "b": 1}, {"b": 2}])
    >>> table_figures(state, Scale())["alpha_ordinal"].reason
    'the labels have no order; give one from end to end'
    """
    order, values = scale.order, scale.values
    n_used = len({category for composition in state.units for category, _ in composition})
    plain: dict[str, Callable[[UnitCounts], Statistic]] = {
        "percent_agreement": percent_agreement,
        "fleiss_kappa": fleiss_kappa,
        "alpha_nominal": alpha_nominal,
        "gwet_ac1": lambda units: gwet_ac1(units, n_categories=n_used or None),
    }
    if order is not None:
        plain["alpha_ordinal"] = lambda units: alpha_ordinal(units, order=order)
        plain["gwet_ac2"] = lambda units: gwet_ac2(units, order=order)
    if values is not None:
        plain["alpha_interval"] = lambda units: alpha_interval(units, values=values)
    found = (
        bootstrap(state, plain, draws=draws, seed=seed) if draws else {k: f(state) for k, f in plain.items()}
    )
    unknown = {"alpha_ordinal": _NO_ORDER, "gwet_ac2": _NO_ORDER, "alpha_interval": _NO_NUMBERS}
    n_units = state.n_pairable_units
    return {name: Statistic.undefined(reason, n_units=n_units) for name, reason in unknown.items()} | found
