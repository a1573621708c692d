"""Gates on what wins for no good reason: length and place."""

from collections.abc import Iterator
from math import sqrt

from prefstream.domain.evaluation.intervals import Share, wilson
from prefstream.domain.gates.census import Census
from prefstream.domain.gates.counting import side_of
from prefstream.domain.gates.judges_measured import judged_alone
from prefstream.domain.gates.remedies import hits_to_drop
from prefstream.domain.gates.results import over, reaches, result, undefined
from prefstream.schemas.releases import GateResult, ReleasePlan
from prefstream.schemas.values import Preference

_Figure = tuple[float, float, float]


def leaning_gates(census: Census, plan: ReleasePlan) -> Iterator[GateResult]:
    """Yield length bias of each slice and position bias of the release."""
    if (limit := plan.limits.length_bias) is not None:
        for name in census.slices:
            yield _length(census, name, limit)
    if (limit := plan.limits.position_bias) is not None:
        yield _position(census, limit)


def longer_wins(census: Census, name: str, *, kind: str = "length") -> Share:
    """Return how often the longer response wins, of pairs that differ in length by more than a tenth.

    Args:
        census: The census.
        name: The slice.
        kind: "length": among the rows; "length_people": among audited pairs that people decided.
    """
    longer = census.count(kind, name, "longer")
    return Share.counted(longer, census.total(kind, name), reason="no pair of unequal length prefers either")


def excess(ours: Share, theirs: Share) -> _Figure:
    """Return how much greater one share is than another, with Newcombe's 95 % limits.

    d - sqrt((p1 - l1)^2 + (u2 - p2)^2) to d + sqrt((u1 - p1)^2 + (p2 - l2)^2), l and u being Wilson's
    limits (Newcombe 1998, method 10). Audited pairs are among the rows, which makes the limits wider than
    need be, never narrower.

    >>> [round(one, 4) for one in excess(Share.counted(56, 70), Share.counted(48, 80))]
    [0.2, 0.0524, 0.3339]
    """
    one, other = ours.hits / ours.of, theirs.hits / theirs.of
    (l_1, u_1), (l_2, u_2) = wilson(one, ours.of), wilson(other, theirs.of)
    apart = one - other
    low = apart - sqrt((one - l_1) ** 2 + (u_2 - other) ** 2)
    return apart, low, apart + sqrt((u_1 - one) ** 2 + (other - l_2) ** 2)


def _length(census: Census, name: str, limit: float) -> GateResult:
    gate, ours = "length_bias", longer_wins(census, name)
    theirs = longer_wins(census, name, kind="length_people")
    if not judged_alone(census, name):
        return undefined(gate, name, "people decided every pair", limit=limit, expected=False)
    if not ours.of or not theirs.of:
        why = "no audited pair of unequal length tells what people like" if ours.of else ours.reason or ""
        return undefined(gate, name, why, limit=limit, expected=False)
    figure = excess(ours, theirs)
    fewer = hits_to_drop(ours.hits, ours.of, min(1.0, theirs.hits / theirs.of + limit))
    remedy = (
        f"leave {fewer} pairs of {name} out in which the judge prefers the longer response, or evaluate the "
        "judge for length bias and certify its threshold anew"
    )
    fault = over(gate, name, figure, limit), remedy
    return result(
        gate, name, passed=reaches(limit, figure[1]), limit=limit, n=ours.of, figure=figure, fault=fault
    )


def _position(census: Census, limit: float) -> GateResult:
    sides = {"a": 0, "b": 0, "=": 0}
    for label, count in census.over("label", 1).items():
        sides[side_of(Preference(label))] += count
    of = sides["a"] + sides["b"]
    if not of:
        return undefined("position_bias", None, "no pair prefers either", limit=limit, expected=False)
    more_often = max(("a", "b"), key=lambda side: sides[side])
    share, (low, high) = sides[more_often] / of, wilson(sides[more_often] / of, of)
    # How far the interval stays from one half; nought where it holds it.
    figure = share - 0.5, max(0.0, low - 0.5), high - 0.5
    swaps = round((share - 0.5) * of)
    remedy = (
        f"response {more_often.upper()} wins {sides[more_often]} of {of}: swap the sides of about {swaps} of "
        "those pairs before they are proposed, so that the place tells nothing"
    )
    fault = over("position_bias", None, figure, limit), remedy
    passed = reaches(limit, figure[1])
    return result("position_bias", None, passed=passed, limit=limit, n=of, figure=figure, fault=fault)
