"""What validation knows of a pair, and its bytes.

Plain tuples and JSON arrays: they are read and written for every pair, and nobody else reads them.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import orjson

from prefstream.schemas.labels import LabelResolved
from prefstream.schemas.pairs import CheckResult
from prefstream.schemas.values import Preference, Provenance


class ProposalState(NamedTuple):
    """What is known of a pair's texts."""

    fingerprint: str
    occurred_at: datetime
    checks: tuple[CheckResult, ...]
    provenance: Provenance
    duplicate: bool = False
    #: The pair whose place this one took.
    displaced: str | None = None


class ResolutionState(NamedTuple):
    """What is known of a pair's label."""

    event_id: str
    occurred_at: datetime
    slice: str
    label: Preference
    soft_label: float | None
    method: str
    provenance: Provenance


class PairState(NamedTuple):
    """Both, as far as they came."""

    proposal: ProposalState | None = None
    resolution: ResolutionState | None = None


class GroupState(NamedTuple):
    """The first of the pairs with one fingerprint."""

    pair_id: str
    occurred_at: datetime


def resolution_state(event: LabelResolved) -> ResolutionState:
    """Return what a resolution says."""
    return ResolutionState(
        event.event_id,
        event.occurred_at,
        event.slice,
        event.label,
        event.soft_label,
        event.method,
        event.provenance,
    )


def packed_pair(pair: PairState) -> bytes:
    """Return the bytes of a pair's state."""
    proposal, resolution = pair
    return orjson.dumps((_packed_proposal(proposal), tuple(resolution) if resolution else None))


def unpacked_pair(stored: bytes | None) -> PairState:
    """Return the state that these bytes say; an empty one for none."""
    if stored is None:
        return PairState()
    proposal, resolution = orjson.loads(stored)
    return PairState(_proposal(proposal), _resolution(resolution))


def packed_group(group: GroupState) -> bytes:
    """Return the bytes of a group's state."""
    return orjson.dumps(tuple(group))


def unpacked_group(stored: bytes) -> GroupState:
    """Return the group that these bytes say."""
    pair_id, occurred_at = orjson.loads(stored)
    return GroupState(pair_id, datetime.fromisoformat(occurred_at))


def _packed_proposal(proposal: ProposalState | None) -> tuple[Any, ...] | None:
    if proposal is None:
        return None
    fingerprint, occurred_at, checks, *rest = proposal
    findings = [(check.check, check.severity, check.passed, check.finding) for check in checks]
    return (fingerprint, occurred_at, findings, *rest)


def _proposal(said: list[Any] | None) -> ProposalState | None:
    if said is None:
        return None
    fingerprint, occurred_at, checks, provenance, duplicate, displaced = said
    return ProposalState(
        fingerprint,
        datetime.fromisoformat(occurred_at),
        tuple([_check(*check) for check in checks]),
        Provenance(provenance),
        duplicate,
        displaced,
    )


def _resolution(said: list[Any] | None) -> ResolutionState | None:
    if said is None:
        return None
    event_id, occurred_at, slice_name, label, soft_label, method, provenance = said
    return ResolutionState(
        event_id,
        datetime.fromisoformat(occurred_at),
        slice_name,
        Preference(label),
        soft_label,
        method,
        Provenance(provenance),
    )


@lru_cache(maxsize=1024)
def _check(
    check: str, severity: Literal["note", "quarantine", "reject"], passed: bool, finding: str
) -> CheckResult:
    """Return the one result that says this: nearly every pair passes the same checks."""
    return CheckResult(check=check, severity=severity, passed=passed, finding=finding)
