"""Budget curves: how accuracy grows with the share of pairs that people label."""

from dataclasses import dataclass

import numpy as np

from prefstream.domain.certification.evidence import NO_VERDICT, Evidence, Floats
from prefstream.schemas.errors import BadInput

_POINTS = 101


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One budget, and the share of all pairs that end with people's answer under it."""

    #: Share of pairs that people label.
    people: float
    #: The least confident pairs go to people; within a tie group, on average over which.
    routed: float
    #: Any pairs go to people.
    random: float
    #: The pairs that the judge has wrong go to people first.
    oracle: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetCurve:
    """Accuracy against the share sent to people."""

    n_pairs: int
    points: tuple[Point, ...]
    #: Mean gain of routing over sending any pairs, over all budgets; negative: confidence misleads.
    gain_over_random: float
    #: Budgets at which routing is worse than sending any pairs.
    worse_than_random: float

    def people_for(self, accuracy: float) -> float | None:
        """Return the smallest share to people, in steps of .01, that reaches an accuracy when routed."""
        return next((point.people for point in self.points if point.routed >= accuracy - 1e-12), None)


def budget_curve(evidence: Evidence) -> BudgetCurve:
    """Return the curve of the labelled pairs; people are right by definition.

    A pair without a verdict is wrong until people label it, and goes to them first.

    Raises:
        BadInput: No pair is labelled.

    >>> from prefstream.domain.certification.evidence import evidence
    >>> curve = budget_curve(evidence([0.9, 0.8, 0.7, 0.6], [False, False, True, False]))
    >>> [round(point.routed, 3) for point in curve.points[::25]]
    [0.75, 0.75, 1.0, 1.0, 1.0]
    """
    labelled = evidence.at(np.flatnonzero(evidence.audited))
    if not labelled.n_pairs:
        raise BadInput("no pair has a label by a person; a budget curve needs some")
    best = labelled.best
    wrong = _wrong_alone(labelled)
    shares = np.linspace(0.0, 1.0, _POINTS)
    left = _left_when_routed(best, wrong, shares)
    rate = float(wrong.mean())
    points = tuple(
        Point(
            people=float(share),
            routed=1.0 - float(still),
            random=1.0 - rate * (1.0 - float(share)),
            oracle=1.0 - max(0.0, rate - float(share)),
        )
        for share, still in zip(shares, left, strict=True)
    )
    gains = [point.routed - point.random for point in points]
    return BudgetCurve(
        n_pairs=labelled.n_pairs,
        points=points,
        gain_over_random=sum(gains) / len(gains),
        worse_than_random=sum(gain < -1e-12 for gain in gains) / len(gains),
    )


def _wrong_alone(labelled: Evidence) -> Floats:
    """Return per pair whether the judge who is surest of it is wrong, 1 where none has a verdict."""
    surest = labelled.confidence.argmax(axis=1)
    wrong = labelled.wrong[np.arange(labelled.n_pairs), surest]
    flags: Floats = np.where(labelled.best == NO_VERDICT, 1.0, wrong.astype(np.float64))
    return flags


def _left_when_routed(best: Floats, wrong: Floats, shares: Floats) -> Floats:
    """Return the share of wrong pairs that are left when the least confident go to people."""
    values, group = np.unique(best, return_inverse=True)
    sizes = np.bincount(group, minlength=len(values)) / len(best)
    mistakes = np.bincount(group, weights=wrong, minlength=len(values)) / len(best)
    sent = np.concatenate(([0.0], np.cumsum(sizes)))
    left: Floats = np.interp(shares, sent, mistakes.sum() - np.concatenate(([0.0], np.cumsum(mistakes))))
    return np.maximum(0.0, left)
