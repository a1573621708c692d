"""Dawid and Skene's model of people who err, each in their own way, estimated the same way every time.

An item has one true class t, with probability p_t. Annotator a calls an item of class t an l with
probability theta_a(t, l), independently of others given t. From what was said,

    q_i(t) ~ p_t prod_(a, l said of i) theta_a(t, l)                                                   (E)
    p_t = (sum_i q_i(t) + s I / K) / (I + s I)                                                         (M)
    theta_a(t, l) = (beta(t, l) + sum_(a said l of i) w_i q_i(t)) / sum_l' (the same of l')            (M)

in turn, begun with the shares of the votes, until no q changes any more. K classes, I items. Without
s, beta and w this is maximum likelihood (`FLAT`), which does worse than counting votes where items have
one to three labels. So

- `beta` is a Dirichlet prior: c items of each class before the first one, labelled half as a mostly right
  person would (a heavy diagonal, which also keeps names of classes from changing places), half as all
  people together label that class;
- s draws the shares of classes towards equal ones, or a frequent class swallows the rare;
- w_i = (1 - 1/m_i)^3 with m_i labels of the item: what a posterior takes from a label must not come
  back as evidence for the one who gave it. A label that stands alone says nothing about its author.

Gold items keep q at their known class, with w_i = 1; being chosen, not drawn, they teach the tables but
not the shares p.

Why the answer is the same to the last bit in whatever order labels come: posteriors and logarithms of
probabilities are rounded to integers (2^-30 and 2^-32), and whatever is summed is summed as integers.
A sum of integers has no order. The estimate is a function of the set of labels alone; nothing is
carried over from an earlier estimate.

Sources: Dawid and Skene, "Maximum likelihood estimation of observer error-rates using the EM
algorithm", Applied Statistics 28 (1979); partial pooling of tables as in Paun et al., "Comparing Bayesian
models of annotation", TACL 6 (2018). The weight w and the numbers of `Prior` are our own choice, made on
real and simulated crowds; `docs/explanation/reliability.md` says what they cost and gain.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from prefstream.domain.reliability.sheets import Integers, Sheet

#: What a posterior of 1 is in units.
ONE = 1 << 30
#: What a natural logarithm of 1 is in units.
LOG_ONE = 1 << 32
#: What stands for log 0: a zero of a table without a prior forbids a class, but not all of them.
_LOG_ZERO = -700 * LOG_ONE
#: Weights of classes are rounded to this part of the greatest before they are added up.
_WEIGHT_ONE = 1 << 40
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is believed of a person before they label: as if they had labelled a few items already.

    >>> Prior(right=4.0, wrong=1.0).rows(3)[0].tolist()
    [4.0, 0.5, 0.5]
    """

    #: Items of each class they called right.
    right: float = 4.0
    #: Items of each class they called wrong, shared among the other classes.
    wrong: float = 0.4
    #: Part of these items that was labelled as all people together label them instead.
    pooling: float = 0.5
    #: Weight of equal shares of classes against what the items say, which weighs 1.
    equal_shares: float = 0.7
    #: Power of 1 - 1/m in the weight of one of m labels of an item.
    self_doubt: int = 3

    def rows(self, classes: int) -> Numbers:
        """Return the counts beta(t, l) before pooling."""
        others = self.wrong / (classes - 1) if classes > 1 else 0.0
        table = np.full((classes, classes), others)
        np.fill_diagonal(table, self.right)
        return table

    def size(self, classes: int) -> float:
        """Return the items of each class, c."""
        return self.right + (self.wrong if classes > 1 else 0.0)


#: Nothing is believed: maximum likelihood, as in 1979.
FLAT = Prior(right=0.0, wrong=0.0, pooling=0.0, equal_shares=0.0, self_doubt=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When to stop."""

    #: No posterior changes by more between two sweeps.
    tolerance: float = 1e-4
    sweeps: int = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """Shares of classes and people's tables, as counts and as rounded logarithms."""

    #: log p_t in units.
    shares: Integers
    #: log theta_a(t, l) in units: [t, a * K + l].
    errors: Integers
    #: The same of a person who has not labelled yet: [t, l].
    strangers: Integers
    #: The counts they come from, the prior left out, in units of 1/ONE: [t] and [t, a * K + l].
    share_counts: Integers
    error_counts: Integers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """Where the turns ended."""

    tables: Tables
    #: q_i(t) in units of 1/ONE: [t, i].
    posteriors: Integers
    log_likelihood: float
    sweeps: int
    #: Whether the posteriors stood still; otherwise the turns ran out.
    settled: bool


def fit(sheet: Sheet, *, prior: Prior, schedule: Schedule) -> Fit:
    """Return the estimate for a sheet with at least one label."""
    spoken = sheet.annotator * len(sheet.classes) + sheet.label
    posteriors = _clamped(_vote_shares(sheet), sheet)
    bound = round(schedule.tolerance * ONE)
    sweeps, settled = 0, False
    while True:
        tables = _tables(sheet, spoken, posteriors, prior)
        scores = _scores(sheet, spoken, tables)
        after = _clamped(normalised(scores), sheet)
        settled = bool((np.abs(after - posteriors) <= bound).all())
        posteriors, sweeps = after, sweeps + 1
        if settled or sweeps >= schedule.sweeps:
            break
    return Fit(
        tables=tables,
        posteriors=posteriors,
        log_likelihood=_log_likelihood(sheet, scores),
        sweeps=sweeps,
        settled=settled,
    )


def normalised(scores: Integers) -> Integers:
    """Return posteriors from sums of logarithms, both in units: [t, i].

    >>> (normalised(np.array([[0], [0], [-99 * LOG_ONE]])) / ONE).tolist()
    [[0.5], [0.5], [0.0]]
    """
    weights = _weights(scores)
    shares: Integers = np.rint(weights / weights.sum(axis=0) * ONE).astype(np.int64)
    return shares


def logarithms(probabilities: Numbers) -> Integers:
    """Return natural logarithms in units; that of 0 is very small."""
    with np.errstate(divide="ignore"):
        logs = np.log(probabilities) * LOG_ONE
    rounded: Integers = np.rint(np.maximum(logs, _LOG_ZERO)).astype(np.int64)
    return rounded


def _weights(scores: Integers) -> Numbers:
    """Return the weights of classes as whole numbers, whose sums are exact."""
    below = (scores - scores.max(axis=0)) / LOG_ONE
    weights: Numbers = np.rint(np.exp(below) * _WEIGHT_ONE)
    return weights


def _vote_shares(sheet: Sheet) -> Integers:
    votes = np.stack(
        [_per_item(sheet, (sheet.label == at).astype(np.int64)) for at in range(len(sheet.classes))]
    )
    shares: Integers = np.rint(votes / sheet.sizes * ONE).astype(np.int64)
    return shares


def _clamped(posteriors: Integers, sheet: Sheet) -> Integers:
    known = np.flatnonzero(sheet.gold >= 0)
    posteriors[:, known] = 0
    posteriors[sheet.gold[known], known] = ONE
    return posteriors


def _tables(sheet: Sheet, spoken: Integers, posteriors: Integers, prior: Prior) -> Tables:
    classes, cells = len(sheet.classes), len(sheet.annotators) * len(sheet.classes)
    evidence = np.rint(posteriors * _evidence_weights(sheet, prior))
    # Sums of integers below 2^53 are exact in floats, which is what `bincount` adds.
    counts: Numbers = np.stack([np.bincount(spoken, np.repeat(row, sheet.sizes), cells) for row in evidence])
    seen = posteriors[:, sheet.gold < 0].sum(axis=1)
    by_person = counts.reshape(classes, -1, classes)
    believed = _believed(by_person, prior)
    return Tables(
        shares=logarithms(_shares(seen, prior)),
        errors=logarithms(_rates(by_person, believed, prior)).reshape(classes, -1),
        strangers=logarithms(_rates(np.zeros((classes, 1, classes)), believed, prior))[:, 0, :],
        share_counts=seen,
        error_counts=counts.astype(np.int64),
    )


def _evidence_weights(sheet: Sheet, prior: Prior) -> Numbers:
    weights: Numbers = (1.0 - 1.0 / sheet.sizes) ** prior.self_doubt
    return np.where(sheet.gold >= 0, 1.0, weights)


def _shares(seen: Integers, prior: Prior) -> Numbers:
    total = int(seen.sum())
    if total == 0:
        return np.full(len(seen), 1.0 / len(seen))
    shares: Numbers = (seen / total + prior.equal_shares / len(seen)) / (1.0 + prior.equal_shares)
    return shares


def _believed(counts: Numbers, prior: Prior) -> Numbers:
    """Return beta(t, l), partly pooled, from counts [t, a, l]."""
    rows, size = prior.rows(len(counts)), prior.size(len(counts))
    together = counts.sum(axis=1)
    # Added up as integers, so that the order of classes is nothing either.
    totals = together.sum(axis=1, keepdims=True) / ONE + size
    with np.errstate(invalid="ignore"):
        pooled = np.where(totals > 0, (together / ONE + rows) / totals, 0.0)
    believed: Numbers = (1.0 - prior.pooling) * rows + prior.pooling * size * pooled
    return believed


def _rates(counts: Numbers, believed: Numbers, prior: Prior) -> Numbers:
    """Return theta_a(t, l) from counts [t, a, l]; uniform where nothing is known at all."""
    total = counts.sum(axis=2, keepdims=True) / ONE + prior.size(len(counts))
    with np.errstate(invalid="ignore"):
        rates: Numbers = np.where(total > 0, (counts / ONE + believed[:, None, :]) / total, 1.0 / len(counts))
    return rates


def _scores(sheet: Sheet, spoken: Integers, tables: Tables) -> Integers:
    return np.stack(
        [
            share + _per_item(sheet, np.take(row, spoken))
            for share, row in zip(tables.shares, tables.errors, strict=True)
        ]
    )


def _per_item(sheet: Sheet, values: Integers) -> Integers:
    sums: Integers = np.add.reduceat(values, sheet.begins)
    return sums


def _log_likelihood(sheet: Sheet, scores: Integers) -> float:
    """Return log P(what was said, and the known classes), without the priors' part."""
    greatest = scores.max(axis=0)
    logs = logarithms(_weights(scores).sum(axis=0) / _WEIGHT_ONE) + greatest
    known = np.flatnonzero(sheet.gold >= 0)
    logs[known] = scores[sheet.gold[known], known]
    # Python's integers: a million items times 700 units of log would not fit 63 bits.
    units: list[int] = logs.tolist()
    return sum(units) / LOG_ONE
