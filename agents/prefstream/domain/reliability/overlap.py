"""How many people label an item: until the posterior is sure, within a fewest and a most.

The bound. Stopping as soon as max_t q(t) >= s leaves, at each stopped item, a chance of 1 - max_t q(t)
<= 1 - s that its most likely class is wrong. So of the items stopped as sure at most 1 - s are wrong on
average, whatever the rule by which they stopped: a posterior does not mind when one looks (Berger, "The
case for Bayesian sequential analysis", section 7.7 of Statistical Decision Theory, 1985). It holds as far as
the model does: people err independently given the class, and their tables are known well. What both
cost is measured in `docs/explanation/reliability.md`; gold items tell it for one's own data.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from prefstream.domain.reliability.estimates import Estimate, Posterior
from prefstream.schemas.errors import BadInput

Why = Literal["too_few", "unsure", "sure", "out_of_reach", "enough"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapRule:
    """When the labels of an item are enough, for one slice."""

    fewest: int = 2
    most: int = 5
    #: The posterior of the most likely class that is enough.
    sure: float = 0.95

    def __post_init__(self) -> None:
        if not 1 <= self.fewest <= self.most:
            raise BadInput(
                f"the fewest labels ({self.fewest}) are at least 1 and at most {self.most}, the most"
            )
        if not 0.5 < self.sure < 1.0:
            raise BadInput(f"a posterior of {self.sure} cannot be asked for; take one between .5 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapStep:
    """Whether to ask one more person."""

    ask: bool
    #: "too_few", "unsure": ask. "sure": the label stands. "out_of_reach", "enough": people stay at odds,
    #: and the item needs a review.
    why: Why
    #: How likely the most likely class is wrong, by the posterior; `None` where there is no posterior.
    error: float | None


def overlap_step(
    posterior: Posterior | None, *, given: int, rule: OverlapRule, reach: float | None = None
) -> OverlapStep:
    """Return whether one more person should label an item.

    Args:
        posterior: How likely each class is; `None` where nothing can be said yet.
        given: Different people whose labels count.
        rule: The slice's.
        reach: The posterior that could still be had if everybody left to ask agreed; see `within_reach`.

    >>> rule = OverlapRule(fewest=2, most=5, sure=0.95)
    >>> overlap_step({"A": 0.97, "B": 0.03}, given=2, rule=rule).why
    'sure'
    >>> overlap_step({"A": 0.7, "B": 0.3}, given=4, rule=rule).ask
    True
    """
    error = None if posterior is None else 1.0 - max(posterior.values())
    if given < rule.fewest:
        return OverlapStep(ask=True, why="too_few", error=error)
    if error is not None and error <= 1.0 - rule.sure:
        return OverlapStep(ask=False, why="sure", error=error)
    if given >= rule.most:
        return OverlapStep(ask=False, why="enough", error=error)
    if reach is not None and reach < rule.sure:
        return OverlapStep(ask=False, why="out_of_reach", error=error)
    return OverlapStep(ask=True, why="unsure", error=error)


def next_step(estimate: Estimate, said: Iterable[tuple[str, str]], *, rule: OverlapRule) -> OverlapStep:
    """Return whether one more person should label an item of which this was said.

    Args:
        estimate: The slice's.
        said: Annotators and their labels of the item, as far as they count.
        rule: The slice's.
    """
    ballots = list(said)
    given = len({annotator for annotator, _ in ballots})
    posterior = estimate.posterior_of(ballots)
    left = rule.most - given
    reach = within_reach(estimate, ballots, left=left) if left > 0 else None
    return overlap_step(posterior, given=given, rule=rule, reach=reach)


def within_reach(estimate: Estimate, said: Iterable[tuple[str, str]], *, left: int) -> float:
    """Return the best posterior that `left` more people can bring about if they are the best there are.

    Args:
        estimate: The slice's.
        said: Annotators and their labels of the item so far.
        left: People still to ask.
    """
    ballots = list(said)
    asked = {annotator for annotator, _ in ballots}
    others = [name for name in estimate.best if name not in asked][:left]
    return max(
        max(estimate.posterior_of([*ballots, *((name, label) for name in others)]).values())
        for label in estimate.sheet.classes
    )
