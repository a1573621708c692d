"""What validation knows of a pair, and its bytes.

Plain tuples and JSON arrays: they are read and written for every pair, and nobody else reads them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast

import orjson

from prefstream.domain.checks.policies import graded
from prefstream.schemas.checks import QuarantineDecided, Severity
from prefstream.schemas.labels import LabelResolved
from prefstream.schemas.pairs import CheckResult
from prefstream.schemas.values import Preference, Provenance


class ProposalState(NamedTuple):
    """What is known of a pair's texts."""

    fingerprint: str
    occurred_at: datetime
    #: What the checks that need nothing but the pair and the protected sets found.
    checks: tuple[CheckResult, ...]
    provenance: Provenance
    #: What becomes of findings that are still to come, by check, as far as the policy then said.
    grades: Mapping[str, Severity]
    #: Share of runs from which the policy then spoke of near-duplicates.
    least: float
    #: The earliest pair known that this one nearly repeats; told to people who ask, and no part of a verdict.
    like: str | None = None
    #: Later pairs that came before this one and repeat it.
    revised: tuple[str, ...] = ()


class ResolutionState(NamedTuple):
    """What is known of a pair's label."""

    event_id: str
    occurred_at: datetime
    slice: str
    label: Preference
    soft_label: float | None
    method: str
    provenance: Provenance
    #: What the checks on its grounds found.
    checks: tuple[CheckResult, ...] = ()


class DecisionState(NamedTuple):
    """What a person decided of a pair in quarantine."""

    occurred_at: datetime
    event_id: str
    released: bool
    by: str
    reason: str
    resolution_id: str | None
    #: None named: all that quarantine.
    findings: tuple[str, ...]


class WithdrawalState(NamedTuple):
    """That a label was withdrawn, and what was resolved before does not stand any more."""

    occurred_at: datetime
    event_id: str


class PairState(NamedTuple):
    """All of it, as far as it came."""

    proposal: ProposalState | None = None
    resolution: ResolutionState | None = None
    #: Checks that other pairs, or people's work, make this one fail; sorted, and it never loses one.
    marks: tuple[str, ...] = ()
    decisions: tuple[DecisionState, ...] = ()
    withdrawal: WithdrawalState | None = None

    def marked(self, *checks: str) -> "PairState":
        """Return the state with these marks too; the same object where it has them."""
        news = set(checks) - set(self.marks)
        return self._replace(marks=tuple(sorted({*self.marks, *news}))) if news else self


class GroupState(NamedTuple):
    """The first of the pairs with one fingerprint."""

    pair_id: str
    occurred_at: datetime


def resolution_state(event: LabelResolved, checks: tuple[CheckResult, ...]) -> ResolutionState:
    """Return what a resolution says, and what checks found on its grounds."""
    return ResolutionState(
        event.event_id,
        event.occurred_at,
        event.slice,
        event.label,
        event.soft_label,
        event.method,
        event.provenance,
        checks,
    )


def decision_state(event: QuarantineDecided) -> DecisionState:
    """Return what a decision says."""
    return DecisionState(
        event.occurred_at,
        event.event_id,
        event.released,
        event.by,
        event.reason,
        event.resolution_id,
        event.findings,
    )


def packed_pair(pair: PairState) -> bytes:
    """Return the bytes of a pair's state."""
    proposal, resolution, marks, decisions, withdrawal = pair
    said: list[Any] = [_told_proposal(proposal), _told_resolution(resolution)]
    if marks or decisions or withdrawal:
        said += [marks, [tuple(one) for one in decisions], withdrawal and tuple(withdrawal)]
    return orjson.dumps(said)


def unpacked_pair(stored: bytes | None) -> PairState:
    """Return the state that these bytes say; an empty one for none."""
    if stored is None:
        return PairState()
    proposal, resolution, *more = orjson.loads(stored)
    pair = PairState(_proposal(proposal), _resolution(resolution))
    return _with_more(pair, *more) if more else pair


def packed_group(group: GroupState) -> bytes:
    """Return the bytes of a group's state."""
    return orjson.dumps(tuple(group))


def unpacked_group(stored: bytes) -> GroupState:
    """Return the group that these bytes say."""
    pair_id, occurred_at = orjson.loads(stored)
    return GroupState(pair_id, datetime.fromisoformat(occurred_at))


def _with_more(
    pair: PairState, marks: Sequence[str], decisions: Sequence[list[Any]], withdrawal: list[Any] | None
) -> PairState:
    return pair._replace(
        marks=tuple(marks),
        decisions=tuple([_decision(one) for one in decisions]),
        withdrawal=WithdrawalState(datetime.fromisoformat(withdrawal[0]), withdrawal[1])
        if withdrawal
        else None,
    )


def _told_proposal(proposal: ProposalState | None) -> tuple[Any, ...] | None:
    if proposal is None:
        return None
    fingerprint, occurred_at, checks, *rest = proposal
    return (fingerprint, occurred_at, _told_checks(checks), *rest)


def _told_resolution(resolution: ResolutionState | None) -> tuple[Any, ...] | None:
    return (*resolution[:-1], _told_checks(resolution.checks)) if resolution else None


def _told_checks(checks: Sequence[CheckResult]) -> list[Any]:
    """Return which checks ran with which severity, in one text, and what was found, by place."""
    ran = " ".join([f"{check.check}={check.severity}" for check in checks])
    return [ran, {str(place): check.finding for place, check in enumerate(checks) if not check.passed}]


def _proposal(said: list[Any] | None) -> ProposalState | None:
    if said is None:
        return None
    fingerprint, occurred_at, checks, provenance, grades, least, like, revised = said
    return ProposalState(
        fingerprint,
        datetime.fromisoformat(occurred_at),
        _checks(*checks),
        Provenance(provenance),
        grades,
        least,
        like,
        tuple(revised),
    )


def _resolution(said: list[Any] | None) -> ResolutionState | None:
    if said is None:
        return None
    event_id, occurred_at, slice_name, label, soft_label, method, provenance, checks = said
    return ResolutionState(
        event_id,
        datetime.fromisoformat(occurred_at),
        slice_name,
        Preference(label),
        soft_label,
        method,
        Provenance(provenance),
        _checks(*checks),
    )


def _decision(said: list[Any]) -> DecisionState:
    occurred_at, event_id, released, by, reason, resolution_id, findings = said
    moment = datetime.fromisoformat(occurred_at)
    return DecisionState(moment, event_id, released, by, reason, resolution_id, tuple(findings))


def _checks(ran: str, findings: Mapping[str, str]) -> tuple[CheckResult, ...]:
    passed = _passed(ran)
    if not findings:
        return passed
    checks = list(passed)
    for place, finding in findings.items():
        one = checks[int(place)]
        checks[int(place)] = CheckResult(
            check=one.check, severity=one.severity, passed=False, finding=finding
        )
    return tuple(checks)


@lru_cache(maxsize=64)
def _passed(ran: str) -> tuple[CheckResult, ...]:
    """Return the results of these checks where none found anything: nearly every pair passes the same."""
    found = [one.partition("=") for one in ran.split()]
    return tuple([graded(check, "", cast("Severity", grade)) for check, _, grade in found])
