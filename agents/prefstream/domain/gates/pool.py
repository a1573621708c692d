"""Gates on who labelled, and when."""

from collections.abc import Iterator
from datetime import date, timedelta

from prefstream.domain.gates.census import Census
from prefstream.domain.gates.remedies import hits_to_reach, others_to_dilute
from prefstream.domain.gates.results import of, over, reaches, result, short, undefined
from prefstream.schemas.releases import GateResult, ReleasePlan

_NOBODY = "nobody labelled it"


def pool_gates(census: Census, plan: ReleasePlan) -> Iterator[GateResult]:
    """Yield shares and number of annotators, shares of declared groups, and the age of labels."""
    limits = plan.limits
    for name in census.slices:
        if limits.annotator_share is not None:
            yield _largest(census, name, limits.annotator_share)
    for name in census.slices:
        if limits.annotators is not None:
            yield _number(census, name, limits.annotators)
    for group, limit in sorted(limits.annotator_groups.items()):
        yield _group(census, plan, group, limit)
    if limits.age_days is not None:
        yield _age(census, limits.age_days)


def _largest(census: Census, name: str, limit: float) -> GateResult:
    gate, labels = "annotator_share", census.by("annotator", name)
    if not labels:
        return undefined(gate, name, _NOBODY, limit=limit, expected=False)
    most, n = max(labels.values()), sum(labels.values())
    more = others_to_dilute(most, n, limit)
    remedy = (
        f"let others give {more} more labels of {name}"
        if more is not None
        else f"a limit of nought cannot be met; set `annotator_share` to {1 / len(labels):.2f} or more"
    )
    value = most / n
    fault = over(gate, name, (value, None, None), limit), remedy
    return result(
        gate, name, passed=reaches(limit, value), limit=limit, n=n, figure=(value, None, None), fault=fault
    )


def _number(census: Census, name: str, least: int) -> GateResult:
    gate, labels = "annotators", census.by("annotator", name)
    if not labels:
        return undefined(gate, name, _NOBODY, limit=least, expected=False)
    n = len(labels)
    fault = (
        f"{n} different people labelled {of(name)}, {least - n} short of {least}",
        f"let {least - n} other people label pairs of {name}",
    )
    return result(
        gate,
        name,
        passed=n >= least,
        limit=least,
        n=sum(labels.values()),
        figure=(n, None, None),
        fault=fault,
    )


def _group(census: Census, plan: ReleasePlan, group: str, limit: float) -> GateResult:
    gate, labels = f"annotator_groups:{group}", census.over("annotator", 1)
    n = sum(labels.values())
    if not n or not plan.annotator_groups:
        why = "nobody labelled" if not n else "the plan declares no group of any annotator"
        remedy = "name the groups of annotators in the plan, under `annotator_groups`"
        return undefined(gate, None, why, limit=limit, remedy=remedy, expected=n > 0)
    hits = sum(count for who, count in labels.items() if group in plan.annotator_groups.get(who, ()))
    more = hits_to_reach(hits, n, limit)
    wanted = "all labels" if more is None else f"{more} more labels"
    fault = short(gate, None, (hits / n, None, None), limit), f"get {wanted} by people of {group}"
    return result(
        gate,
        None,
        passed=reaches(hits / n, limit),
        limit=limit,
        n=n,
        figure=(hits / n, None, None),
        fault=fault,
    )


def _age(census: Census, limit: float) -> GateResult:
    days = {date.fromisoformat(day): count for day, count in census.over("day", 1).items()}
    if not days:
        return undefined("age", None, "there is no pair", limit=limit, expected=False)
    newest, oldest = max(days), min(days)
    since = newest - timedelta(days=limit)
    old = sum(count for day, count in days.items() if day < since)
    value = (newest - oldest).days
    fault = (
        (
            f"the oldest label of the release is {value} days before the newest, "
            f"{value - limit:g} above {limit:g}"
        ),
        f"label {old} pairs anew that were labelled before {since.isoformat()}, or leave them out",
    )
    return result(
        "age",
        None,
        passed=value <= limit,
        limit=limit,
        n=sum(days.values()),
        figure=(value, None, None),
        fault=fault,
    )
