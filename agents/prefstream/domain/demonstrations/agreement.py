"""How far people agree, in the measure that fits each kind of task.

Rankings: Kendall's tau-b and the share of pairs of candidates on which two people say the same. Ratings
and severity: Krippendorff's ordinal alpha. Harm categories and what a response does: nominal alpha. Of
written responses no agreement is measured: two good ones need not be alike. What is measured of them is
how much editors changed, and how a second person rated them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import fsum, sqrt
from typing import TypeVar

from prefstream.domain.agreement import Compositions, Statistic, alpha_nominal, alpha_ordinal
from prefstream.domain.demonstrations.writing import share_changed
from prefstream.schemas.demonstrations import (
    DemonstrationSubmitted,
    RankingSubmitted,
    RatingSubmitted,
    SafetyLabelSubmitted,
    TaskProposed,
)

Answer = RankingSubmitted | RatingSubmitted | DemonstrationSubmitted | SafetyLabelSubmitted
A = TypeVar("A", bound=Answer)

_POINTS = ("1", "2", "3", "4", "5")
_DEGREES = ("0", "1", "2", "3", "4")
#: From this rating on a second person counts as having accepted a written response.
ACCEPTED_FROM = 4
_NOT_MEASURED = "two good responses need not be alike; see how much was edited and how others rated them"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What was measured of the answers of one kind."""

    #: Tasks with an answer, answers that count, people who gave them, tasks that two or more answered.
    n_tasks: int
    n_answers: int
    n_people: int
    n_shared_tasks: int
    figures: Mapping[str, Statistic]
    #: Figures that are means on a scale of their own, such as ratings from 1 to 5.
    means: Mapping[str, float | None] = field(default_factory=dict)


def standing(answers: Iterable[A]) -> list[A]:
    """Return the answers that count: of several by one person to one task the latest."""
    latest: dict[tuple[str, str], A] = {}
    for answer in answers:
        key = answer.task_id, answer.annotator
        other = latest.get(key)
        if other is None or _rank(answer) > _rank(other):
            latest[key] = answer
    return [latest[key] for key in sorted(latest)]


def ranking_agreement(answers: Iterable[RankingSubmitted]) -> Agreement:
    """Return how far people rank alike: per task the mean over each two people, then the mean over tasks."""
    tasks = _by_task(standing(answers))
    taus = [mean for some in tasks.values() if (mean := _mean(_each_two(some, _tau))) is not None]
    shares = [mean for some in tasks.values() if (mean := _mean(_each_two(some, _alike))) is not None]
    none_shared = "no task was ranked by two people"
    all_tied = "of no task did two people rank with a difference" if shares else none_shared
    figures = {
        "kendall_tau_b": _over_tasks(taus, all_tied),
        "pairwise_agreement": _over_tasks(shares, none_shared, floor=0.0),
    }
    return _agreement(tasks, figures)


def rating_agreement(answers: Iterable[RatingSubmitted]) -> Agreement:
    """Return how far people rate alike, over all and on each dimension: Krippendorff's ordinal alpha."""
    tasks = _by_task(standing(answers))
    dimensions = sorted({name for some in tasks.values() for answer in some for name in answer.dimensions})
    figures = {"overall_alpha_ordinal": _ordinal(tasks, lambda answer: answer.overall, _POINTS)}
    for name in dimensions:
        figures[f"{name}_alpha_ordinal"] = _ordinal(tasks, _on(name), _POINTS)
    return _agreement(tasks, figures)


def safety_agreement(answers: Iterable[SafetyLabelSubmitted]) -> Agreement:
    """Return how far people see the same harm, as grave, and the same conduct of the response."""
    tasks = _by_task(standing(answers))
    figures = {
        "category_alpha_nominal": _nominal(tasks, lambda answer: answer.category),
        "severity_alpha_ordinal": _ordinal(tasks, lambda answer: answer.severity, _DEGREES),
        "response_alpha_nominal": _nominal(tasks, lambda answer: answer.response),
    }
    return _agreement(tasks, figures)


def demonstration_measures(
    answers: Iterable[DemonstrationSubmitted],
    tasks: Mapping[str, TaskProposed],
    ratings: Iterable[RatingSubmitted] = (),
) -> Agreement:
    """Return what can be said of written responses, which is not agreement.

    Args:
        answers: The demonstrations.
        tasks: The tasks that they answer and those of `ratings`, by id.
        ratings: Ratings, those by the writers themselves among them; they do not count.
    """
    written = standing(answers)
    begun = [(answer, _candidate(answer, tasks)) for answer in written]
    changes = [
        share
        for answer, before in begun
        if before is not None and (share := share_changed(before, answer.response)) is not None
    ]
    seconds = _second_ratings(written, tasks, ratings)
    accepted = [float(rating >= ACCEPTED_FROM) for rating in seconds]
    figures = {
        "agreement": Statistic.undefined(_NOT_MEASURED, n_units=0),
        "share_of_words_changed": _over_tasks(changes, "nothing was edited", floor=0.0),
        "share_accepted_by_others": _over_tasks(accepted, "nobody rated what others wrote", floor=0.0),
    }
    return _agreement(_by_task(written), figures, means={"rating_by_others": _mean(seconds)})


def tau_b(first: Sequence[int], second: Sequence[int]) -> float | None:
    """Return Kendall's tau-b of two rankings; `None` where one of them ties everything.

    tau_b = (C - D) / sqrt((n0 - t1) (n0 - t2)), with C pairs in the same order in both, D in opposite
    orders, n0 = n (n - 1) / 2 pairs in all, t1 and t2 pairs tied in either (Kendall 1945).

    >>> tau_b([1, 2, 3], [1, 2, 3]), tau_b([1, 2, 3], [3, 2, 1]), tau_b([1, 1], [1, 2])
    (1.0, -1.0, None)
    """
    signs = [
        (_sign(first[b] - first[a]), _sign(second[b] - second[a]))
        for a, b in combinations(range(len(first)), 2)
    ]
    untied_first, untied_second = (sum(sign[side] != 0 for sign in signs) for side in (0, 1))
    if not untied_first or not untied_second:
        return None
    return sum(one * other for one, other in signs) / sqrt(untied_first * untied_second)


def _rank(answer: Answer) -> tuple[object, str]:
    return answer.occurred_at, answer.event_id


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _by_task(answers: Iterable[A]) -> dict[str, list[A]]:
    tasks: dict[str, list[A]] = {}
    for answer in answers:
        tasks.setdefault(answer.task_id, []).append(answer)
    return tasks


def _agreement(
    tasks: Mapping[str, Sequence[Answer]],
    figures: Mapping[str, Statistic],
    means: Mapping[str, float | None] | None = None,
) -> Agreement:
    return Agreement(
        n_tasks=len(tasks),
        n_answers=sum(map(len, tasks.values())),
        n_people=len({answer.annotator for some in tasks.values() for answer in some}),
        n_shared_tasks=sum(len(some) > 1 for some in tasks.values()),
        figures=figures,
        means=means or {},
    )


def _each_two(
    rankings: Sequence[RankingSubmitted],
    measure: Callable[[RankingSubmitted, RankingSubmitted], float | None],
) -> list[float]:
    """Return the measure of each two rankings of one task that rank as many candidates."""
    found = [
        measure(one, other) for one, other in combinations(rankings, 2) if len(one.ranks) == len(other.ranks)
    ]
    return [value for value in found if value is not None]


def _tau(one: RankingSubmitted, other: RankingSubmitted) -> float | None:
    return tau_b(one.ranks, other.ranks)


def _alike(one: RankingSubmitted, other: RankingSubmitted) -> float:
    """Return the share of pairs of candidates that stand in the same order, or are tied, in both."""
    same = [
        _sign(one.ranks[a] - one.ranks[b]) == _sign(other.ranks[a] - other.ranks[b])
        for a, b in combinations(range(len(one.ranks)), 2)
    ]
    return sum(same) / len(same)


def _mean(values: Sequence[float]) -> float | None:
    return fsum(values) / len(values) if values else None


def _over_tasks(values: Sequence[float], reason: str, *, floor: float = -1.0) -> Statistic:
    """Return the mean over tasks with limits from how tasks differ."""
    mean = _mean(values)
    if mean is None:
        return Statistic.undefined(reason, n_units=0)
    squares = fsum((value - mean) ** 2 for value in values)
    return Statistic.over_units(mean, squares, n_units=len(values), n_sampled=len(values), floor=floor)


def _counted(tasks: Mapping[str, Sequence[A]], said: Callable[[A], str | int | None]) -> Compositions:
    units = (
        Counter(str(value) for one in some if (value := said(one)) is not None) for some in tasks.values()
    )
    return Compositions.of(units)


def _nominal(tasks: Mapping[str, Sequence[A]], said: Callable[[A], str]) -> Statistic:
    return alpha_nominal(_counted(tasks, said))


def _ordinal(
    tasks: Mapping[str, Sequence[A]], said: Callable[[A], int | None], order: Sequence[str]
) -> Statistic:
    return alpha_ordinal(_counted(tasks, said), order=order)


def _on(dimension: str) -> Callable[[RatingSubmitted], int | None]:
    return lambda answer: answer.dimensions.get(dimension)


def _candidate(answer: DemonstrationSubmitted, tasks: Mapping[str, TaskProposed]) -> str | None:
    task = tasks.get(answer.task_id)
    return task.candidates[0].text if task and task.candidates else None


def _second_ratings(
    written: Sequence[DemonstrationSubmitted],
    tasks: Mapping[str, TaskProposed],
    ratings: Iterable[RatingSubmitted],
) -> list[float]:
    """Return the ratings of these responses by people who did not write them."""
    writers = {answer.event_id: answer.annotator for answer in written}
    found = []
    for rating in standing(ratings):
        task = tasks.get(rating.task_id)
        writer = writers.get(task.rates) if task and task.rates else None
        if writer is not None and writer != rating.annotator:
            found.append(float(rating.overall))
    return found
