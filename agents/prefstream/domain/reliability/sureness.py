"""How sure is sure: the posterior at which labelling may stop, certified on gold items.

Posteriors of Dawid and Skene's model are too sure of themselves where people err together, as they do on
hard items: of real items with posteriors above .95, a fifth can be wrong. So `OverlapRule.sure` should
not be taken on trust. Here the stopping rule is run on items whose class is known, and the least strict
posterior is kept at which at most a share `error` of the items it stops at is wrong, with confidence
1 - delta. The candidates are walked from the strictest on, and the walk ends at the first that fails, so
that no correction for their number is needed (fixed-sequence testing: Maurer, Hothorn and Lehmacher 1995).
It begins at the strictest that stops at enough items to pass at all, ln(delta) / ln(1 - error); that
count does not look at what is right. If none passes, no posterior is sure enough, and every item gets the
most labels.

It holds for items like the gold ones. Gold that is easier than the rest certifies too much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, log, log1p

from prefstream.domain.certification.tails import binomial_tail
from prefstream.domain.reliability.estimates import Estimate, Posterior, most_likely
from prefstream.domain.reliability.overlap import OverlapRule, overlap_step
from prefstream.schemas.errors import BadInput

#: Posteriors that are tried, the strictest first.
CANDIDATES = (0.9999, 0.999, 0.997, 0.99, 0.98, 0.97, 0.96, 0.95, 0.93, 0.9, 0.85, 0.8)
Ballots = Sequence[tuple[str, str]]
_Path = Sequence[tuple[int, Posterior]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One candidate."""

    sure: float
    #: Gold items at which it stops, and how many of them are labelled wrong.
    stopped: int
    wrong: int
    #: P(so few wrong | the share of wrong ones is `error`).
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SureCertificate:
    """What gold items say of stopping."""

    #: The least strict posterior that is sure enough; `None`: none is.
    sure: float | None
    error: float
    delta: float
    #: Gold items a candidate must stop at to pass if none is wrong.
    needed: int
    #: The candidates that stop at so many, up to the first that failed.
    walked: tuple[Tried, ...]


def certified_sure(
    estimate: Estimate,
    ballots: Mapping[str, Ballots],
    gold: Mapping[str, str],
    *,
    rule: OverlapRule,
    error: float = 0.05,
    delta: float = 0.1,
) -> SureCertificate:
    """Return the posterior at which a slice's labelling may stop.

    Args:
        estimate: The slice's, made without clamping these gold items; else they testify for themselves.
        ballots: Annotators and labels of each gold item, in the order in which they were given.
        gold: The known class of items.
        rule: Its fewest and most hold; its `sure` is what is looked for.
        error: Share of wrong items among those stopped at, at most.
        delta: Probability that the certificate is wrong, at most.

    >>> from prefstream.domain.reliability.estimates import estimated
    >>> from prefstream.domain.reliability.sheets import CrowdLabel
    >>> said = {f"p{n}": [("ann", "AB"[n % 2]), ("bob", "AB"[n % 2])] for n in range(60)}
    >>> labels = [CrowdLabel(item=item, annotator=who, label=label)
    ...           for item, both in said.items() for who, label in both]
    >>> gold = {item: both[0][1] for item, both in said.items()}
    >>> found = certified_sure(estimated(labels), said, gold, rule=OverlapRule())
    >>> found.needed, found.sure, found.walked[-1].stopped
    (45, 0.8, 60)

    Raises:
        BadInput: A share is none.
    """
    if not (0.0 < error < 1.0 and 0.0 < delta < 1.0):
        raise BadInput(f"error and delta must lie between 0 and 1, not {error} and {delta}")
    known = {item: said for item, said in ballots.items() if item in gold}
    paths = {item: _path(estimate, said) for item, said in known.items()}
    needed = ceil(log(delta) / log1p(-error))
    walked: list[Tried] = []
    for candidate in CANDIDATES:
        tried = _tried(paths, gold, rule=replace(rule, sure=candidate), error=error)
        if tried.stopped < needed:
            continue
        walked.append(tried)
        if tried.p_value > delta:
            break
    passed = [one.sure for one in walked if one.p_value <= delta]
    return SureCertificate(
        sure=passed[-1] if passed else None, error=error, delta=delta, needed=needed, walked=tuple(walked)
    )


def _tried(paths: Mapping[str, _Path], gold: Mapping[str, str], *, rule: OverlapRule, error: float) -> Tried:
    outcomes = [_stopped(path, gold[item], rule) for item, path in paths.items()]
    stopped, wrong = len(outcomes) - outcomes.count(None), outcomes.count(False)
    p_value = binomial_tail(wrong, stopped, error) if stopped else 1.0
    return Tried(sure=rule.sure, stopped=stopped, wrong=wrong, p_value=p_value)


def _path(estimate: Estimate, said: Ballots) -> _Path:
    """Return different people and the posterior after each ballot."""
    return [
        (len({annotator for annotator, _ in said[:n]}), estimate.posterior_of(said[:n]))
        for n in range(1, len(said) + 1)
    ]


def _stopped(path: _Path, true: str, rule: OverlapRule) -> bool | None:
    """Return whether the item is right where the rule stops as sure; `None` if it never does."""
    for given, posterior in path:
        step = overlap_step(posterior, given=given, rule=rule)
        if not step.ask:
            return most_likely(posterior) == true if step.why == "sure" else None
    return None
