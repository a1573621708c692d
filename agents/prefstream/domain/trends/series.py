"""Series: figures at each step of time, from the counts of the step."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from prefstream.domain.agreement import (
    ORDINAL_CATEGORIES,
    Composition,
    Compositions,
    Statistic,
    alpha_nominal,
    alpha_ordinal,
    fleiss_kappa,
    gwet_ac1,
    percent_agreement,
)
from prefstream.domain.agreement.tally import summed
from prefstream.domain.measures import Sums
from prefstream.domain.measures import figures as figures_of_work
from prefstream.domain.measures.counts import Count
from prefstream.domain.trends.steps import Steps

#: Statistic and subject, as `slice_metrics` names them.
Name = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Counted:
    """What was counted in one stretch of time."""

    nominal: dict[Composition, int] = field(default_factory=dict)
    ordinal: dict[Composition, int] = field(default_factory=dict)
    work: dict[Count, int] = field(default_factory=dict)

    def merge(self, other: "Counted") -> "Counted":
        """Return both together."""
        return Counted(
            nominal=summed([self.nominal, other.nominal]),
            ordinal=summed([self.ordinal, other.ordinal]),
            work=summed([self.work, other.work]),
        )

    def reverted(self) -> "Counted":
        """Return what takes it back when it is merged."""
        return Counted(
            nominal={key: -n for key, n in self.nominal.items()},
            ordinal={key: -n for key, n in self.ordinal.items()},
            work={key: -n for key, n in self.work.items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One step: its figures, and how much there was."""

    #: The first minute of the step, and the first after it.
    since: int
    until: int
    figures: Mapping[Name, Statistic]
    #: Labels by people in the step.
    labels: int


#: From the units on the nominal and on the ordinal scale.
_AMONG_PEOPLE: Final[Mapping[str, Callable[[Compositions, Compositions], Statistic]]] = {
    "alpha_nominal": lambda nominal, _: alpha_nominal(nominal),
    "alpha_ordinal": lambda _, ordinal: alpha_ordinal(ordinal, order=ORDINAL_CATEGORIES),
    "gwet_ac1": lambda nominal, _: gwet_ac1(nominal),
    "fleiss_kappa": lambda nominal, _: fleiss_kappa(nominal),
    "percent_agreement": lambda nominal, _: percent_agreement(nominal),
}
#: What a line through people's agreement can show.
AMONG_PEOPLE: Final = tuple(_AMONG_PEOPLE)


def figures_in(counted: Counted, wanted: Collection[str] | None = None) -> dict[Name, Statistic]:
    """Return the figures of one stretch, but those of two people each, and those that are of now.

    Args:
        counted: What was counted.
        wanted: The statistics that are asked for; `None`: all.
    """
    nominal, ordinal = Compositions(units=counted.nominal), Compositions(units=counted.ordinal)
    found = {
        (name, ""): figure(nominal, ordinal)
        for name, figure in _AMONG_PEOPLE.items()
        if wanted is None or name in wanted
    }
    if wanted is not None and found.keys() >= {(name, "") for name in wanted}:
        return found
    work = figures_of_work(Sums(counts=counted.work), wanted)
    return found | {
        (name, subject): figure for name, subject, figure in work if wanted is None or name in wanted
    }


def points(
    steps: Steps,
    counted: Mapping[int, Counted],
    wanted: Collection[str] | None = None,
    *,
    reach: int | None = 1,
) -> Sequence[Point]:
    """Return a point for each step, those in which nothing was counted too.

    Args:
        steps: The steps.
        counted: What was counted, by the first minute of the step; steps before the first as well.
        wanted: The statistics that are asked for; `None`: all.
        reach: How many steps a figure is of, the last of them the point's own; `None`: all until then.
    """
    rolling, found = Counted(), []
    # What leaves with the first step is put in before it.
    back = steps.since if reach is None else reach * steps.length
    for at in (at for at in counted if steps.since - back <= at < steps.since):
        rolling = rolling.merge(counted[at])
    for since in steps.starts():
        step = counted.get(since)
        past = None if reach is None else counted.get(since - reach * steps.length)
        rolling = rolling.merge(step) if step else rolling
        rolling = rolling.merge(past.reverted()) if past else rolling
        found.append(
            Point(
                since=since,
                until=since + steps.length,
                figures=figures_in(rolling, wanted),
                labels=step.work.get(("funnel", "labels"), 0) if step else 0,
            )
        )
    return found
