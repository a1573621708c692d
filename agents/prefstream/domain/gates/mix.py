"""Gates on what a release is made of: targets, the last release, origins."""

from collections.abc import Iterator, Mapping

from prefstream.domain.gates.census import Census
from prefstream.domain.gates.remedies import hits_among, hits_to_drop, others_to_dilute
from prefstream.domain.gates.results import of, over, reaches, result, short, undefined
from prefstream.domain.gates.stability import Stability, stability
from prefstream.schemas.releases import GateResult, ReleasePlan

#: What drifts, by gate: the kind of its counts, and what it is called.
_DRIFTS: Mapping[str, tuple[str, str]] = {
    "prompt_drift": ("pairs", "slice"),
    "tag_drift": ("tag", "tag"),
    "length_drift": ("prompt_length", "prompts of characters from"),
}
_FIRST = "there is no last release to compare with"


def mix_gates(census: Census, plan: ReleasePlan, previous: Census | None) -> Iterator[GateResult]:
    """Yield coverage of targets, what became of the last release's mix, and shares by origin."""
    limits = plan.limits
    if (limit := limits.slice_coverage) is not None:
        for name, target in sorted(plan.targets.items()):
            yield _coverage(census, name, target, limit)
    if (limit := limits.prompt_drift) is not None:
        yield from _kept(census, plan, previous)
        for gate in _DRIFTS:
            yield _drift(gate, census, previous, limit)
    for origin, limit in sorted(limits.origin_share.items()):
        yield _origin(census, origin, limit)


def _coverage(census: Census, name: str, target: int, limit: float) -> GateResult:
    n = census.count("pairs", name)
    value = n / target if target else 1.0
    more = hits_among(n, target, limit)
    fault = (
        f"{short('slice_coverage', name, (value, None, None), limit)} ({n} of {target} pairs)",
        f"label {more} more pairs of {name}, or lower its target",
    )
    return result(
        "slice_coverage",
        name,
        passed=reaches(value, limit),
        limit=limit,
        n=n,
        figure=(value, None, None),
        fault=fault,
    )


def _kept(census: Census, plan: ReleasePlan, previous: Census | None) -> Iterator[GateResult]:
    """Yield a failure for each slice that vanished, or one result that says that none did."""
    if previous is None:
        yield undefined("slices_kept", None, _FIRST, limit=1, expected=False)
        return
    wanted = [name for name in previous.slices if not plan.slices or name in plan.slices]
    gone = sorted(set(wanted) - set(census.slices))
    for name in gone:
        n = previous.count("pairs", name)
        fault = (
            f"{of(name)} has no pair; the last release had {n}",
            f"label pairs of {name}, or name the slices that the plan takes, without it",
        )
        yield result("slices_kept", name, passed=False, limit=1, n=0, figure=(0, None, None), fault=fault)
    if not gone:
        n = len(wanted)
        yield result("slices_kept", None, passed=True, limit=1, n=n, figure=(1, None, None))


def _drift(gate: str, census: Census, previous: Census | None, limit: float) -> GateResult:
    kind, called = _DRIFTS[gate]
    if previous is None:
        return undefined(gate, None, _FIRST, limit=limit, expected=False)
    found = stability(previous.over(kind, 0), census.over(kind, 0))
    if found is None:
        why = f"one of both releases has no {called}"
        return undefined(gate, None, why, limit=limit, expected=False)
    bar = max(limit, found.by_chance)
    reason = "" if bar == limit else f"with so few pairs, chance alone gives up to {found.by_chance:.2f}"
    fault = over(gate, None, (found.value, None, None), bar), _restore(census, kind, called, found)
    return result(
        gate,
        None,
        passed=reaches(bar, found.value),
        limit=bar,
        n=found.n,
        figure=(found.value, None, None),
        reason=reason,
        fault=fault,
    )


def _restore(census: Census, kind: str, called: str, found: Stability) -> str:
    """Return how many pairs bring what moved most back to its share."""
    hits = census.over(kind, 0).get(found.moved, 0)
    moved = f"most moved {called} {found.moved}, from {found.before:.1%} to {found.now:.1%}: "
    if found.now > found.before:
        fewer, more = hits_to_drop(hits, found.n, found.before), others_to_dilute(hits, found.n, found.before)
        rest = f", or {more} more of others" if more is not None else ""
        return f"{moved}take {fewer} fewer of it{rest}, or cut under another name if the change is meant"
    share = found.before
    more = round((share * found.n - hits) / (1 - share)) if share < 1 else found.n
    return f"{moved}take {more} more of it, or cut under another name if the change is meant"


def _origin(census: Census, origin: str, limit: float) -> GateResult:
    n = census.total("pairs")
    hits = census.over("method", 1).get(origin, 0) + census.over("strategy", 1).get(origin, 0)
    value, gate = (hits / n if n else 0.0), f"origin_share:{origin}"
    more, fewer = others_to_dilute(hits, n, limit), hits_to_drop(hits, n, limit)
    rest = f", or take {more} more of others" if more is not None else ""
    fault = over(gate, None, (value, None, None), limit), f"leave {fewer} pairs by {origin} out{rest}"
    return result(
        gate,
        None,
        passed=reaches(limit, value),
        limit=limit,
        n=n,
        figure=(value, None, None),
        fault=fault,
    )
