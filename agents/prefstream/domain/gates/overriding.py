"""Overrides: failing gates that somebody answers for, by name and with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass

from prefstream.domain.gates.catalog import GATES
from prefstream.domain.people import Permission, Role, may
from prefstream.schemas.errors import BadInput
from prefstream.schemas.releases import GateOverride, GateResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """Results of gates, and which of the failing ones somebody answers for."""

    results: tuple[GateResult, ...]
    #: Failing results, each with the override that lets it pass.
    overridden: tuple[tuple[GateResult, GateOverride], ...]
    #: Failing results that nobody answers for: with any, there is no release.
    blocked: tuple[GateResult, ...]
    #: Overrides of gates that pass anyway; they are not told in the card.
    unused: tuple[GateOverride, ...]


def applied(results: Sequence[GateResult], overrides: Sequence[GateOverride]) -> Applied:
    """Return which gates still block a release.

    An override of a gate and a slice answers for that result alone; without a slice it answers for the gate
    in every slice. `origin_share` answers for `origin_share:judge` too.

    Args:
        results: What the gates found.
        overrides: Who answers for what; whoever calls makes sure that they may.

    Raises:
        BadInput: An override names a gate that does not exist.

    >>> law, code = (GateResult(gate="alpha", slice=name, passed=False) for name in ("law", "code"))
    >>> found = applied([law, code], [GateOverride(gate="alpha", slice="law", by="lea", reason="a pilot")])
    >>> [one.slice for one in found.blocked]
    ['code']
    """
    for one in overrides:
        if one.gate.partition(":")[0] not in GATES:
            raise BadInput(f"there is no gate {one.gate!r} to override; there are {', '.join(GATES)}")
    overridden, blocked, used = [], [], set()
    for result in results:
        if result.passed:
            continue
        answer = next((one for one in overrides if _answers(one, result)), None)
        if answer is None:
            blocked.append(result)
        else:
            overridden.append((result, answer))
            used.add(answer)
    return Applied(
        results=tuple(results),
        overridden=tuple(overridden),
        blocked=tuple(blocked),
        unused=tuple(one for one in overrides if one not in used),
    )


def may_override(role: Role) -> bool:
    """Return whether somebody of this role may answer for a failing gate.

    >>> [role.value for role in Role if may_override(role)]
    ['qa_lead', 'admin']
    """
    return may(role, Permission.LEAD_QUALITY)


def _answers(override: GateOverride, result: GateResult) -> bool:
    same_gate = override.gate in {result.gate, result.gate.partition(":")[0]}
    return same_gate and override.slice in {None, result.slice}
