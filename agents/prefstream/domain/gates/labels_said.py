"""Gates on what labels say: preferences, clauses, right answers, ties, refusals."""

from collections.abc import Iterator

from prefstream.domain.evaluation.intervals import Share
from prefstream.domain.gates.census import Census
from prefstream.domain.gates.remedies import (
    hits_among,
    hits_to_drop,
    hits_to_reach,
    others_to_dilute,
)
from prefstream.domain.gates.results import of, over, reaches, result, short, undefined
from prefstream.schemas.releases import GateResult, ReleasePlan
from prefstream.schemas.values import Preference


def label_gates(census: Census, plan: ReleasePlan) -> Iterator[GateResult]:
    """Yield informativeness, citations, gold accuracy, ties and refusals."""
    limits = plan.limits
    for name in census.slices:
        if limits.informativeness is not None:
            yield _informativeness(census, name, limits.informativeness)
    for name in census.slices:
        if limits.trace_coverage is not None:
            yield _trace(census, name, limits.trace_coverage)
    if limits.gold_accuracy is not None:
        yield _gold(census, plan, limits.gold_accuracy)
    for name in census.slices:
        if limits.tie_share is not None:
            yield _ties(census, name, plan, limits.tie_share)
    for name in census.slices:
        if limits.refusals_preferred is not None:
            yield _refusals(census, name, limits.refusals_preferred)


def informative(census: Census, name: str) -> Share:
    """Return the share of people's labels that prefer one response."""
    yes = census.count("verdict", name, "yes")
    return Share.counted(yes, census.total("verdict", name), reason="nobody labelled it")


def gold_answers(census: Census, plan: ReleasePlan) -> dict[str, Share]:
    """Return right answers by slice, of those who labelled a pair of the release."""
    workers, origins = census.over("annotator", 1), {str(one) for one in plan.provenance}
    found: dict[str, list[int]] = {}
    for (origin, annotator, name, said), count in census.of("gold").items():
        if annotator in workers and origin in origins:
            hits = found.setdefault(name, [0, 0])
            hits[0] += count * (said == "right")
            hits[1] += count
    return {name: Share.counted(*found[name]) for name in sorted(found)}


def _informativeness(census: Census, name: str, limit: float) -> GateResult:
    gate, found = "informativeness", informative(census, name)
    if found.value is None:
        return undefined(gate, name, found.reason or "", limit=limit, expected=False)
    more = hits_to_reach(found.hits, found.of, limit)
    remedy = f"leave pairs of {name} out on which people see no difference; propose pairs that differ more"
    if more is not None:
        remedy = (
            f"get {more} more labels of {name} that prefer one response: propose pairs that differ more, for "
            "example of other models or temperatures"
        )
    return _at_least(gate, name, found, limit, remedy)


def _trace(census: Census, name: str, limit: float) -> GateResult:
    found = Share.counted(census.count("cited", name), census.count("resolved", name))
    missing = hits_among(found.hits, found.of, limit)
    remedy = (
        f"have a clause cited for {missing} of the {found.of - found.hits} pairs of {name} without one: ask "
        "for it in the task, or judge them by a constitution with clause verdicts"
    )
    return _at_least("trace_coverage", name, found, limit, remedy)


def _gold(census: Census, plan: ReleasePlan, limit: float) -> GateResult:
    by_slice = gold_answers(census, plan)
    found = Share.counted(
        sum(one.hits for one in by_slice.values()),
        sum(one.of for one in by_slice.values()),
        reason="nobody who labelled answered a gold question",
    )
    if found.value is None:
        people = census.total("verdict") > 0
        why = (found.reason or "") if people else "nobody labelled"
        remedy = "choose gold questions and let those who label answer some of them"
        return undefined("gold_accuracy", None, why, limit=limit, remedy=remedy, expected=people)
    worst = min(by_slice, key=lambda name: (by_slice[name].value or 0.0, name))
    more = hits_to_reach(found.hits, found.of, limit)
    answers = f"{more} more right answers would reach it; " if more is not None else ""
    remedy = (
        f"{answers}train those who answer wrong, most of all in slice {worst} "
        f"({by_slice[worst].hits} of {by_slice[worst].of} right), or withdraw their labels"
    )
    return _at_least("gold_accuracy", None, found, limit, remedy)


def _at_least(gate: str, name: str | None, found: Share, limit: float, remedy: str) -> GateResult:
    value = found.value or 0.0
    fault = short(gate, name, (value, None, None), limit), remedy
    figure = value, found.low, found.high
    return result(
        gate, name, passed=reaches(value, limit), limit=limit, n=found.of, figure=figure, fault=fault
    )


def _ties(census: Census, name: str, plan: ReleasePlan, limit: float) -> GateResult:
    n, ties = census.count("pairs", name), census.count("label", name, str(Preference.TIE))
    kept = limit if plan.ties == "keep" else 0.0
    more = others_to_dilute(ties, n, kept)
    remedy = (
        f"leave {ties} ties out: the plan drops ties, so none may be there"
        if more is None
        else f"take {more} more pairs of {name} that are no ties, leave {hits_to_drop(ties, n, kept)} ties "
        "out, or drop them all: `ties: drop`"
    )
    return _at_most("ties", name, ties, n, kept, remedy)


def _refusals(census: Census, name: str, limit: float) -> GateResult:
    n, refused = census.count("pairs", name), census.count("refusal", name)
    more, fewer = others_to_dilute(refused, n, limit), hits_to_drop(refused, n, limit)
    remedy = f"leave {fewer} pairs of {name} out in which a refusal wins"
    if more is not None:
        remedy += f", or take {more} more in which an answer does"
    return _at_most(
        "refusals_preferred",
        name,
        refused,
        n,
        limit,
        f"{remedy}; look first whether {of(name)} should refuse",
    )


def _at_most(gate: str, name: str | None, hits: int, n: int, limit: float, remedy: str) -> GateResult:
    value = hits / n if n else 0.0
    fault = over(gate, name, (value, None, None), limit), remedy
    return result(
        gate, name, passed=reaches(limit, value), limit=limit, n=n, figure=(value, None, None), fault=fault
    )
