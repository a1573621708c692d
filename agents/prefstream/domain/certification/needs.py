"""Needs: how many more audit labels would certify a slice if its error rate stays what it is."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from prefstream.domain.certification.betting import betting_tail
from prefstream.domain.certification.evidence import Evidence
from prefstream.domain.certification.tails import binomial_tail
from prefstream.domain.certification.terms import Terms
from prefstream.domain.certification.walks import Step

#: More labels than this are no advice.
_MOST = 100_000
#: Stretches that rounding may let pass before the ones after them do.
_ROUNDED_STRETCHES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What is missing."""

    #: Further audit labels; `None` where more labels would not help.
    more_labels: int | None
    reason: str


def least_labels(alpha: float, level: float) -> int:
    """Return the fewest accepted labels that can prove the bound: ceil(ln level / ln(1 - alpha)).

    >>> [least_labels(alpha, 0.1) for alpha in (0.15, 0.1, 0.05)]
    [15, 22, 45]
    """
    least = 1
    while binomial_tail(0, least, alpha) > level:
        least *= 2
    low = least // 2
    while least - low > 1:
        middle = (low + least) // 2
        low, least = (low, middle) if binomial_tail(0, middle, alpha) <= level else (middle, least)
    return least


def need(evidence: Evidence, walk: Sequence[Step], *, terms: Terms, level: float) -> Need:
    """Return the smallest number of further audit labels that would pass the easiest step.

    Assumes that the share of wrong pairs among accepted ones stays what it is (rounded up to whole
    pairs) and that new labels fall on accepted pairs as often as the present ones. Advice, not proof:
    labels are looked at here, so nothing may be accepted because of it.
    """
    found = [more for step in walk if (more := _more(step, evidence.n_labels, terms, level)) is not None]
    if found:
        return Need(
            more_labels=min(found), reason=f"{min(found)} more audit labels at the present error rate"
        )
    if not walk:
        least = least_labels(terms.alpha, level)
        return Need(more_labels=least, reason=f"{least} audit labels on accepted pairs without an error")
    rate = min(step.errors / step.n_accepted for step in walk)
    if rate < terms.alpha:
        said = f"the error rate {rate:.3f} is so close to the bound that {_MOST:,} labels would not prove it"
    else:
        said = (
            f"people disagree with {rate:.1%} of accepted pairs at best, which is not below the bound"
            f" {terms.alpha:.1%}: more labels would not help, a better judge or a laxer bound would"
        )
    return Need(more_labels=None, reason=said)


def _more(step: Step, n_labels: int, terms: Terms, level: float) -> int | None:
    rate = step.errors / step.n_accepted
    if rate >= terms.alpha:
        return None
    tail = betting_tail if terms.anytime else binomial_tail

    def passes(errors: int, accepted: int) -> bool:
        return tail(errors, accepted, terms.alpha) <= level

    accepted = _first_passing(step.errors, step.n_accepted, passes)
    if accepted is None:
        return None
    share = step.n_accepted / n_labels
    return max(1, ceil((accepted - step.n_accepted) / share - 1e-9))


def _first_passing(errors: int, accepted: int, passes: Callable[[int, int], bool]) -> int | None:
    """Return the smallest number of accepted labels, no smaller than now, that would pass.

    Errors come one at a time: while they stay the same more labels only help, so the last number of each
    such stretch tells whether the stretch holds an answer. Longer stretches' ends pass ever more easily,
    but for the rounding, which the few stretches before the one that is found account for.
    """

    def end(count: int) -> int:
        return count * accepted // errors if errors else _MOST

    last = max(errors, _MOST * errors // accepted)
    if not passes(last, end(last)):
        return None
    first = bisect_left(range(last), True, lo=min(errors, last), key=lambda count: passes(count, end(count)))
    stretches = range(max(errors, first - _ROUNDED_STRETCHES), first + 1)
    found = next(count for count in stretches if passes(count, end(count)))
    begin = max(accepted, end(found - 1) + 1) if found > errors else accepted
    return bisect_left(range(end(found)), True, lo=begin, key=lambda drawn: passes(found, drawn))
