"""Gates on rows that rest on a judge alone: how often people would have said the same."""

from collections.abc import Iterator

from prefstream.domain.evaluation.intervals import Share
from prefstream.domain.gates.census import Census
from prefstream.domain.gates.remedies import trials_for_bound
from prefstream.domain.gates.results import number, of, reaches, result, short, undefined
from prefstream.schemas.releases import GateResult, ReleasePlan

_NONE = "no row of it rests on a judge alone"


def judge_gates(census: Census, plan: ReleasePlan) -> Iterator[GateResult]:
    """Yield the judge's agreement with people, and how many pairs it is measured on, of each slice."""
    for name in census.slices:
        if (limit := plan.limits.judge_agreement) is not None:
            yield _agreement(census, name, limit)
    for name in census.slices:
        if (least := plan.limits.audit_sample) is not None:
            yield _sample(census, name, least)


def judged_alone(census: Census, name: str) -> int:
    """Return how many rows of a slice rest on a judge alone."""
    return census.count("method", name, "judge")


def audited(census: Census, name: str) -> Share:
    """Return how often people agreed with the judge, of audited pairs whose label it would have given."""
    agreeing, differing = (census.count("audited", name, said) for said in ("agree", "differ"))
    return Share.counted(agreeing, agreeing + differing, reason="no pair that the judge decided was audited")


def _agreement(census: Census, name: str, limit: float) -> GateResult:
    gate, found = "judge_agreement", audited(census, name)
    if found.value is None or found.always_low is None:
        rows = judged_alone(census, name)
        why = (found.reason or "") if rows else _NONE
        remedy = f"raise the audit share of the policy and let people label audited pairs of {name}"
        return undefined(gate, name, why, limit=limit, remedy=remedy, expected=rows > 0)
    # Whoever cuts until it passes looks again and again: the limit must hold at every look.
    figure = found.value, found.always_low, found.always_high
    return result(
        gate,
        name,
        passed=reaches(found.always_low, limit) or not judged_alone(census, name),
        limit=limit,
        n=found.of,
        figure=figure,
        reason="" if judged_alone(census, name) else _NONE,
        fault=(short(gate, name, figure, limit), _remedy(name, found, limit)),
    )


def _remedy(name: str, found: Share, limit: float) -> str:
    more = trials_for_bound(found.hits, found.of, limit)
    if more is None:
        return (
            f"more audits will not help: the judge agrees by {number(found.value or 0.0)}; certify a higher "
            f"threshold for {name}, or send {of(name)} to people"
        )
    return f"audit {more} more pairs of {name}, should agreement stay at {number(found.value or 0.0)}"


def _sample(census: Census, name: str, least: int) -> GateResult:
    gate, n, rows = "audit_sample", audited(census, name).of, judged_alone(census, name)
    fault = (
        (
            f"{of(name)} has {n} audited pairs beside {rows} rows that rest on a judge alone, "
            f"{least - n} short of {least}"
        ),
        f"audit {least - n} more pairs of {name}",
    )
    return result(
        gate,
        name,
        passed=n >= least or not rows,
        limit=least,
        n=n,
        figure=(n, None, None),
        reason="" if rows else _NONE,
        fault=fault,
    )
