"""Backtests: how often the promise would have held, had it been made many times over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from prefstream.domain.certification.certification import thresholds, together
from prefstream.domain.certification.evidence import Evidence, Places
from prefstream.domain.certification.tails import binomial_tail
from prefstream.domain.certification.terms import Terms
from prefstream.domain.certification.truths import Truth, truth_of
from prefstream.schemas.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the certified thresholds of all runs did on the whole population."""

    #: Share of the population accepted, on average over the runs; a run that accepts nothing counts 0.
    coverage_mean: float
    #: Share of runs in which accepted pairs were wrong more often than the bound.
    violation_rate: float
    #: Share of runs in which nothing was certified.
    abstain_rate: float
    #: The largest share that some threshold accepts within the bound, for who knows every label.
    oracle_coverage: float
    #: Risk of the accepted pairs, on average over the runs that accept any.
    risk_mean: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """Many runs of drawing an audit sample from labelled pairs and certifying from it."""

    terms: Terms
    n_pairs: int
    n_labels: int
    n_runs: int
    replacement: bool
    #: One threshold for all.
    pooled: Outcome
    #: Share of runs in which the pooled threshold broke the bound in some slice.
    pooled_any_slice_violation_rate: float
    #: A threshold of its own for each slice; empty where that was not asked for.
    slices: Mapping[str, Outcome] = field(default_factory=dict)
    #: All pairs under the thresholds of their slices.
    slicewise: Outcome | None = None
    #: Share of runs in which some slice broke the bound under its own threshold.
    any_slice_violation_rate: float | None = None

    @property
    def violation_limit(self) -> float:
        """Return the violation rate that honest runs exceed once in a thousand times by chance."""
        return most_by_chance(self.n_runs, self.terms.delta) / self.n_runs


def most_by_chance(n_runs: int, delta: float, *, confidence: float = 0.999) -> int:
    """Return the smallest count that Binomial(n_runs, delta) stays within with this probability.

    >>> most_by_chance(400, 0.1)
    60
    """
    count = int(n_runs * delta)
    while binomial_tail(count, n_runs, delta) < confidence:
        count += 1
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How a backtest draws."""

    n_labels: int = 200
    n_runs: int = 400
    seed: int = 0
    #: Certify each slice by itself, too.
    slices: bool = True
    #: Draw with return, as from a stream without end; always without it where the file is the population.
    replacement: bool = True


def backtest(
    slices: Mapping[str, Evidence],
    terms: Terms,
    design: Design,
    *,
    told: Callable[[int], None] = lambda _: None,
) -> Backtest:
    """Draw audit samples from labelled pairs, certify from each, and look at all pairs.

    Where the terms' population is the file, each run labels some of its pairs and certifies for all of
    them; where it is a stream, each run draws pairs as if the file's were what streams in for ever.

    Args:
        slices: The labelled pairs, by slice; pairs without a label are left out.
        terms: What is promised.
        design: How samples are drawn.
        told: Called after each run with how many are done.

    Raises:
        BadInput: There are fewer labelled pairs than a run is to draw.
    """
    labelled = {name: one.at(np.flatnonzero(one.audited)) for name, one in sorted(slices.items())}
    everything = together(list(labelled.values()))
    replacement = design.replacement and terms.population == "stream"
    _check(design, everything.n_pairs, replacement=replacement)
    runs = _runs(labelled, everything, terms, design, told)
    truths = {name: truth_of(one) for name, one in labelled.items()}
    whole, alpha = truth_of(everything), terms.alpha
    shared = [pooled for pooled, _ in runs]
    found = Backtest(
        terms=terms,
        n_pairs=everything.n_pairs,
        n_labels=design.n_labels,
        n_runs=design.n_runs,
        replacement=replacement,
        pooled=_outcome(whole, shared, alpha),
        pooled_any_slice_violation_rate=_any(truths, [dict.fromkeys(truths, one) for one in shared], alpha),
    )
    if not design.slices:
        return found
    own = [each for _, each in runs]
    of_slices = {name: _outcome(truths[name], [one[name] for one in own], alpha) for name in truths}
    return replace(
        found,
        slices=of_slices,
        slicewise=_all_slices(truths, own, of_slices, terms),
        any_slice_violation_rate=_any(truths, own, alpha),
    )


def _check(design: Design, n_pairs: int, *, replacement: bool) -> None:
    if design.n_runs < 1 or design.n_labels < 1:
        raise BadInput("a backtest needs at least one run and one label in each")
    if not n_pairs:
        raise BadInput("no pair has a label by a person, so there is nothing to draw from")
    if design.n_labels >= n_pairs and not replacement:
        raise BadInput(
            f"{design.n_labels} labels cannot be drawn from {n_pairs} labelled pairs so that some are left;"
            " draw fewer"
        )


_Run = tuple[float | None, dict[str, float | None]]


def _runs(
    labelled: Mapping[str, Evidence],
    everything: Evidence,
    terms: Terms,
    design: Design,
    told: Callable[[int], None],
) -> list[_Run]:
    generator = np.random.default_rng(design.seed)
    ends = np.cumsum([one.n_pairs for one in labelled.values()])
    replacement = design.replacement and terms.population == "stream"
    pooled, each = replace(terms, pooled=True), replace(terms, pooled=False)
    found: list[_Run] = []
    for run in range(design.n_runs):
        drawn = np.sort(generator.choice(everything.n_pairs, design.n_labels, replace=replacement))
        shared = thresholds({"": _sampled(everything, drawn, terms)}, pooled)[""]
        own: dict[str, float | None] = {}
        if design.slices:
            parts = np.split(drawn, np.searchsorted(drawn, ends)[:-1])
            begins = ends - [one.n_pairs for one in labelled.values()]
            samples = {
                name: _sampled(one, part - begin, terms)
                for (name, one), part, begin in zip(labelled.items(), parts, begins, strict=True)
            }
            own = thresholds(samples, each)
        found.append((shared, own))
        told(run + 1)
    return found


def _sampled(population: Evidence, drawn: Places, terms: Terms) -> Evidence:
    if terms.population == "stream":
        return population.at(drawn)
    audited = np.zeros(population.n_pairs, dtype=bool)
    audited[drawn] = True
    return replace(population, audited=audited)


def _outcome(truth: Truth, found: list[float | None], alpha: float) -> Outcome:
    accepted = [truth.at(one) for one in found]
    risks = [wrong / count for count, wrong in accepted if count]
    n_pairs = max(1, truth.n_pairs)
    return Outcome(
        coverage_mean=sum(count for count, _ in accepted) / n_pairs / len(found),
        violation_rate=sum(_broken(count, wrong, alpha) for count, wrong in accepted) / len(found),
        abstain_rate=sum(not count for count, _ in accepted) / len(found),
        oracle_coverage=truth.oracle(alpha),
        risk_mean=sum(risks) / len(risks) if risks else None,
    )


def _all_slices(
    truths: Mapping[str, Truth],
    own: list[dict[str, float | None]],
    outcomes: Mapping[str, Outcome],
    terms: Terms,
) -> Outcome:
    """Return what all pairs look like when each slice has its threshold."""
    n_pairs = sum(truth.n_pairs for truth in truths.values())
    by_slice = [[truths[name].at(one) for name, one in run.items()] for run in own]
    accepted = [(sum(count for count, _ in run), sum(wrong for _, wrong in run)) for run in by_slice]
    risks = [wrong / count for count, wrong in accepted if count]
    oracle = sum(outcomes[name].oracle_coverage * truth.n_pairs for name, truth in truths.items())
    return Outcome(
        coverage_mean=sum(count for count, _ in accepted) / n_pairs / len(own),
        violation_rate=sum(_broken(count, wrong, terms.alpha) for count, wrong in accepted) / len(own),
        abstain_rate=sum(not count for count, _ in accepted) / len(own),
        oracle_coverage=oracle / n_pairs,
        risk_mean=sum(risks) / len(risks) if risks else None,
    )


def _any(truths: Mapping[str, Truth], runs: list[dict[str, float | None]], alpha: float) -> float:
    broken = [
        any(_broken(*truths[name].at(threshold), alpha) for name, threshold in run.items()) for run in runs
    ]
    return sum(broken) / len(broken)


def _broken(accepted: int, wrong: int, alpha: float) -> bool:
    return wrong > alpha * accepted + 1e-9
