"""Checks on the labels that a resolution rests on."""

from collections.abc import Collection, Sequence
from typing import Final

from prefstream.domain.checks.policies import result, severity
from prefstream.schemas.checks import CheckPolicy
from prefstream.schemas.labels import Ground
from prefstream.schemas.pairs import CheckResult

STALE: Final = "stale_constitution"
CONTRADICTED: Final = "contradicted_rationale"
#: A label by somebody whose labels were withdrawn meanwhile.
WITHDRAWN: Final = "withdrawn_annotator"
#: Checks on the label: a new label is a new case.
LABEL_CHECKS: Final = frozenset((STALE, CONTRADICTED, WITHDRAWN))


def ground_checks(
    grounds: Sequence[Ground], *, policy: CheckPolicy, in_force: str, superseded: Collection[str]
) -> tuple[CheckResult, ...]:
    """Return the results of the checks on a label's grounds that are not off.

    Args:
        grounds: The labels that count.
        policy: The policy of checks.
        in_force: The constitution in force.
        superseded: Constitutions that were in force before it.
    """
    found = {
        STALE: _stale(grounds, policy.constitutions, in_force, superseded),
        CONTRADICTED: _contradicted(grounds),
    }
    return tuple(
        [
            result(check_id, finding, policy)
            for check_id, finding in found.items()
            if severity(check_id, policy) != "off"
        ]
    )


def _stale(
    grounds: Sequence[Ground], allowed: Sequence[str], in_force: str, superseded: Collection[str]
) -> str:
    """Return which of the constitutions that labels were given under count no more.

    Where labels were given under several, one that counts no more is enough: the others were weighed
    together with it.
    """
    known = list(dict.fromkeys(one.constitution_id for one in grounds if one.constitution_id is not None))
    if allowed:
        stale = [one for one in known if one not in allowed]
    else:
        stale = [one for one in known if one in superseded and one != in_force]
    if not stale:
        return ""
    also = [one for one in known if one not in stale]
    others = f", and on {_listed(also)}" if also else ""
    return f"the label rests on {_listed(stale)}, which counts no more{others}; in force is {in_force}"


def _contradicted(grounds: Sequence[Ground]) -> str:
    said = [f"{one.by}: {one.contradiction}" for one in grounds if one.contradiction]
    return "; ".join(said[:3])


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names)
