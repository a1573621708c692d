"""Ways to one label a task: by votes, by weighed votes, by Dawid and Skene's model.

| method | a task's posterior |
|---|---|
| majority | shares of its votes |
| wawa | shares of its votes, each weighed by how often its worker agrees with the majority |
| dawid-skene | of Dawid and Skene's model with a prior that people are mostly right |
| dawid-skene-1979 | of the same model without a prior: maximum likelihood |

The label is the one with the most. Of equals it is the one whose name comes first, and the task is said to be
tied.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from prefstream.domain.agreement.ratings import Rating
from prefstream.schemas.errors import BadInput

if TYPE_CHECKING:
    from prefstream.domain.reliability.dawid_skene import Prior


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a task is taken to be."""

    label: str
    #: How likely each label is; they add up to 1.
    posterior: Mapping[str, float]
    #: Whether another label is as likely.
    tied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """The labels of all tasks, and what they say of the workers."""

    #: By task.
    tasks: Mapping[str, Verdict]
    #: Share of each worker's labels that are right, as the method sees it.
    workers: Mapping[str, float]


def aggregated(ratings: Sequence[Rating], method: str = "majority") -> Aggregate:
    """Return one label of each task.

    Args:
        ratings: What workers said, in any order; all of it counts.
        method: One of `METHODS`.

    Raises:
        BadInput: There is no such method, or no rating.

    >>> said = [Rating("t", "ann", "A"), Rating("t", "bob", "A"), Rating("t", "cem", "B")]
    >>> verdict = aggregated(said).tasks["t"]
    >>> verdict.label, round(verdict.posterior["A"], 3), verdict.tied
    ('A', 0.667, False)
    """
    if method not in METHODS:
        raise BadInput(f"there is no method {method!r}; the methods are {', '.join(METHODS)}")
    if not ratings:
        raise BadInput("there is no rating to aggregate")
    return METHODS[method](ratings)


def _majority(ratings: Sequence[Rating]) -> Aggregate:
    return _voted(ratings, {})


def _wawa(ratings: Sequence[Rating]) -> Aggregate:
    first = _voted(ratings, {})
    return _voted(ratings, _rightness(ratings, first.tasks))


def _dawid_skene(ratings: Sequence[Rating]) -> Aggregate:
    from prefstream.domain.reliability.dawid_skene import Prior

    return _modelled(ratings, Prior())


def _dawid_skene_1979(ratings: Sequence[Rating]) -> Aggregate:
    from prefstream.domain.reliability.dawid_skene import FLAT

    return _modelled(ratings, FLAT)


#: What each method is called.
METHODS: Mapping[str, Callable[[Sequence[Rating]], Aggregate]] = {
    "majority": _majority,
    "wawa": _wawa,
    "dawid-skene": _dawid_skene,
    "dawid-skene-1979": _dawid_skene_1979,
}


def _voted(ratings: Sequence[Rating], weights: Mapping[str, Fraction]) -> Aggregate:
    votes: dict[str, dict[str, Fraction]] = {}
    for task, worker, label in ratings:
        of_task = votes.setdefault(task, {})
        of_task[label] = of_task.get(label, Fraction(0)) + weights.get(worker, 1)
    return _decided(ratings, {task: _shares(some) for task, some in votes.items()})


def _shares(votes: Mapping[str, Fraction]) -> dict[str, Fraction]:
    # Never zero: who voted for the label of the majority has been with it.
    total = sum(votes.values(), Fraction(0))
    return {label: weight / total for label, weight in votes.items()}


def _modelled(ratings: Sequence[Rating], prior: "Prior") -> Aggregate:
    from prefstream.domain.reliability.estimates import estimated
    from prefstream.domain.reliability.sheets import CrowdLabel

    times: Counter[tuple[str, str]] = Counter()
    labels = []
    for task, worker, label in sorted(ratings):
        times[task, worker] += 1
        occasion = str(times[task, worker])
        labels.append(CrowdLabel(item=task, annotator=worker, label=label, occasion=occasion))
    estimate = estimated(labels, prior=prior)
    posteriors = {
        task: {label: Fraction(share) for label, share in estimate.posterior(task).items()}
        for task in estimate.sheet.items
    }
    found = _decided(ratings, posteriors)
    skills = {worker: estimate.skill(worker).accuracy for worker in estimate.sheet.annotators}
    return Aggregate(tasks=found.tasks, workers=skills)


def _decided(ratings: Sequence[Rating], posteriors: Mapping[str, Mapping[str, Fraction]]) -> Aggregate:
    tasks = {task: _verdict(posteriors[task]) for task in sorted(posteriors)}
    workers = {worker: float(share) for worker, share in _rightness(ratings, tasks).items()}
    return Aggregate(tasks=tasks, workers=workers)


def _rightness(ratings: Sequence[Rating], tasks: Mapping[str, Verdict]) -> dict[str, Fraction]:
    """Return the share of each worker's labels that are their tasks' labels."""
    said = Counter(rating.worker for rating in ratings)
    right = Counter(rating.worker for rating in ratings if tasks[rating.task].label == rating.label)
    return {worker: Fraction(right[worker], said[worker]) for worker in sorted(said)}


def _verdict(posterior: Mapping[str, Fraction]) -> Verdict:
    greatest = max(posterior.values())
    best = sorted(label for label, share in posterior.items() if share == greatest)
    shares = {label: float(posterior[label]) for label in sorted(posterior)}
    return Verdict(label=best[0], posterior=shares, tied=len(best) > 1)
