"""Counts of a slice and window, and the figures read from them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from prefstream.domain.agreement.statistic import Statistic
from prefstream.domain.agreement.tally import summed
from prefstream.domain.evaluation.intervals import always, wilson
from prefstream.domain.measures.catalog import CATALOG, FUNNEL
from prefstream.domain.measures.counts import Count
from prefstream.domain.measures.durations import quantile

#: A figure with its statistic and subject.
Figure = tuple[str, str, Statistic]

A_COUNT: Final = "it is a count, not an estimate"
_NANO: Final = 1_000_000_000
#: Statistic, subject, what counts, what counts against it, why there is no share without either.
_SHARES: Final[tuple[tuple[str, str, tuple[Count, ...], tuple[Count, ...], str], ...]] = (
    (
        "judge_agreement_all",
        "",
        (("judge_all", "agree"),),
        (("judge_all", "differ"),),
        "people resolved no pair of which the judges gave a label",
    ),
    (
        "trace_coverage",
        "",
        (("trace", "people:cited"), ("trace", "judge:cited")),
        (("trace", "people:bare"), ("trace", "judge:bare")),
        "there is no label by people and no vote of a judge",
    ),
    (
        "trace_coverage",
        "people",
        (("trace", "people:cited"),),
        (("trace", "people:bare"),),
        "there is no label by people",
    ),
    (
        "trace_coverage",
        "judge",
        (("trace", "judge:cited"),),
        (("trace", "judge:bare"),),
        "there is no vote of a judge",
    ),
    (
        "position_bias",
        "people",
        (("position", "people:first"),),
        (("position", "people:second"),),
        "no label by people prefers a response",
    ),
    (
        "position_bias",
        "judge",
        (("position", "judge:first"),),
        (("position", "judge:second"),),
        "no vote of a judge who read both orders prefers a response",
    ),
    *(
        (
            "length_bias",
            subject,
            (("length", f"{who}:longer"),),
            (("length", f"{who}:shorter"),),
            "no resolved pair of unequal lengths has a preferred response",
        )
        for subject, who in (("", "final"), ("people", "people"), ("judge", "judge"))
    ),
    (
        "refusal_preferred_share",
        "",
        (("refusal", "won"),),
        (("refusal", "not_won"),),
        "no resolved pair has a refusal beside an answer",
    ),
    ("informativeness", "", (("informative", "yes"),), (("informative", "no"),), "no pair is resolved"),
    ("escalation_share", "", (("funnel", "escalated"),), (("funnel", "accepted"),), "no pair was routed"),
    ("gold_accuracy", "", (("gold", "right"),), (("gold", "wrong"),), "no gold question was answered"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Counts of one stretch of time; they add, take back and merge, in any order.

    >>> some = Sums().add({("gold", "right"): 2}).add({("gold", "wrong"): 1})
    >>> some.revert({("gold", "wrong"): 1}) == Sums(counts={("gold", "right"): 2})
    True
    """

    #: Never holds a zero.
    counts: Mapping[Count, int] = field(default_factory=dict)

    def add(self, counts: Mapping[Count, int]) -> Self:
        """Return the sums with more counts."""
        return type(self)(counts=summed([self.counts, counts]))

    def revert(self, counts: Mapping[Count, int]) -> Self:
        """Return the sums without counts that were added before."""
        return self.add({count: -n for count, n in counts.items()})

    def merge(self, other: "Sums") -> Self:
        """Return both together."""
        return self.add(other.counts)

    def __getitem__(self, count: Count) -> int:
        """Return how many there are of a kind."""
        return self.counts.get(count, 0)


def figures(sums: Sums, wanted: Collection[str] | None = None) -> list[Figure]:
    """Return the figures of the sums, those that are undefined with their reason.

    Shares have Wilson's limits, `judge_agreement_audited` those that hold at every look (Robbins 1970).

    Args:
        sums: The sums.
        wanted: The statistics that are asked for; others may be left out. `None`: all.

    >>> [one] = [figure for name, _, figure in figures(Sums()) if name == "gold_accuracy"]
    >>> one.value, one.reason
    (None, 'no gold question was answered')
    """
    found: list[Figure] = []
    for names, figures_of in _FAMILIES:
        if wanted is None or not names.isdisjoint(wanted):
            found += figures_of(sums, wanted)
    return found


def share_of(hits: int, misses: int, *, reason: str) -> Statistic:
    """Return a share with Wilson's limits (Wilson 1927).

    >>> share = share_of(9, 3, reason="nothing was counted")
    >>> share.value, round(share.low, 3), round(share.high, 3), share.n_units
    (0.75, 0.468, 0.911, 12)
    """
    of = hits + misses
    if of <= 0:
        return Statistic.undefined(reason, n_units=0)
    low, high = wilson(hits / of, of)
    return Statistic(value=hits / of, low=low, high=high, n_units=of)


def _judge_audited(sums: Sums, _wanted: Collection[str] | None) -> Iterator[Figure]:
    name, agree, differ = (
        "judge_agreement_audited",
        *(sums["judge_audited", key] for key in ("agree", "differ")),
    )
    once = share_of(agree, differ, reason="people resolved no audited pair of which the judges gave a label")
    if once.value is None:
        yield name, "", once
        return
    low, high = always(agree, agree + differ)
    yield name, "", Statistic(value=once.value, low=low, high=high, n_units=once.n_units)
    yield name, "wilson", once


def _shares(sums: Sums, wanted: Collection[str] | None) -> Iterator[Figure]:
    for name, subject, hits, misses, reason in _SHARES:
        if wanted is not None and name not in wanted:
            continue
        counted = sum(sums[count] for count in hits), sum(sums[count] for count in misses)
        yield name, subject, share_of(*counted, reason=reason)
    if wanted is not None and "audit_share" not in wanted:
        return
    routed = sums["funnel", "accepted"] + sums["funnel", "escalated"]
    audited = sums["funnel", "audited"]
    yield "audit_share", "", share_of(audited, routed - audited, reason="no pair was routed")


def _work(sums: Sums, _wanted: Collection[str] | None) -> Iterator[Figure]:
    yield "cost_per_usable_pair_usd", "", _cost(sums)
    steps = {int(key): n for (measure, key), n in sums.counts.items() if measure == "wait"}
    for subject, share in (("p50", 0.5), ("p90", 0.9)):
        reason = "people resolved no pair that they were asked for"
        yield "time_to_label_s", subject, quantile(steps, share, reason=reason)


def _cost(sums: Sums) -> Statistic:
    usable = sums["usable", "validated"]
    unpriced = sum(sums[measure, "unpriced_calls"] for measure in ("judging", "generation"))
    if usable <= 0:
        return Statistic.undefined("no pair was validated", n_units=0)
    if unpriced:
        return Statistic.undefined(f"of {unpriced} calls the price is not known", n_units=usable)
    spent = sum(sums[measure, "nanousd"] for measure in ("judging", "generation"))
    return Statistic.unbounded(spent / usable / _NANO, n_units=usable, bounds_reason=A_COUNT)


def _funnel(sums: Sums, _wanted: Collection[str] | None) -> Iterator[Figure]:
    for name in CATALOG:
        if name.startswith(FUNNEL):
            n = sums["funnel", name.removeprefix(FUNNEL)]
            yield name, "", Statistic.unbounded(float(n), n_units=n, bounds_reason=A_COUNT)


_FAMILIES: Final = (
    (frozenset({"judge_agreement_audited"}), _judge_audited),
    (frozenset({"audit_share", *(name for name, *_ in _SHARES)}), _shares),
    (frozenset({"cost_per_usable_pair_usd", "time_to_label_s"}), _work),
    (frozenset(name for name in CATALOG if name.startswith(FUNNEL)), _funnel),
)
