"""Gates on how people agree: alpha and the mean of their kappas, by lower limits."""

from collections.abc import Iterator

from prefstream.domain.agreement import Statistic
from prefstream.domain.gates.census import Census
from prefstream.domain.gates.kappas import MIN_SHARED, alpha, mean_kappa
from prefstream.domain.gates.remedies import units_for_bound, units_without_evidence
from prefstream.domain.gates.results import number, of, reaches, result, short, undefined
from prefstream.schemas.releases import GateResult, ReleasePlan

_NOBODY = "nobody labelled it"


def agreement_gates(census: Census, plan: ReleasePlan) -> Iterator[GateResult]:
    """Yield alpha and kappa of each slice."""
    for name in census.slices:
        if (limit := plan.limits.alpha) is not None:
            yield _judged("alpha", census, name, alpha(census.ordinal(name)), limit)
    for name in census.slices:
        if (limit := plan.limits.kappa) is not None:
            most = max((int(size) for size in census.by("overlap", name)), default=1)
            found = mean_kappa(census.pair_tables(name), labels_per_pair=most)
            yield _judged("kappa", census, name, found, limit)


def _judged(gate: str, census: Census, name: str, found: Statistic, limit: float) -> GateResult:
    if not census.total("verdict", name):
        return undefined(gate, name, _NOBODY, limit=limit, expected=False)
    if found.value is None:
        why = found.reason or ""
        return undefined(gate, name, why, limit=limit, remedy=_start(gate, name, limit), expected=True)
    if found.low is None:
        why = found.bounds_reason or ""
        remedy = _start(gate, name, limit)
        return undefined(gate, name, why, limit=limit, remedy=remedy, expected=True, n=found.n_units)
    figure = found.value, found.low, found.high
    fault = (
        short(gate, name, figure, limit),
        _remedy(gate, name, found.value, found.low, limit, found.n_units),
    )
    return result(
        gate, name, passed=reaches(found.low, limit), limit=limit, n=found.n_units, figure=figure, fault=fault
    )


def _start(gate: str, name: str, limit: float) -> str:
    least = units_without_evidence(limit)
    if gate == "kappa":
        return (
            f"let the same two people label at least {max(MIN_SHARED, least)} pairs of {name}, "
            "of which either side wins some"
        )
    return f"label at least {least} pairs of {name} twice, of which either side wins some"


def _remedy(gate: str, name: str, value: float, low: float, limit: float, n: int) -> str:
    more = units_for_bound(value, low, limit, n)
    if more is None:
        return (
            f"more labels will not help: people agree by {number(value)}; settle the disagreements of "
            f"{of(name)}, word the clauses that they are about better, and label those pairs anew"
        )
    who = "by the same two people" if gate == "kappa" else "twice"
    return f"label {more} more pairs of {name} {who}, should agreement stay at {number(value)}"
