"""Policies said as events: each step of their life, with ids that a repeat repeats.

Pure: whoever says them gives what is known, and the time where no label gives one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from prefstream.domain.escalation import Doubtful, priority_of
from prefstream.domain.policies import Activate, Audit, End, Entry, PolicyBook, Propose, Revoke, Step
from prefstream.domain.policies.watching import ALL
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.metrics import AlertRaised
from prefstream.schemas.policies import (
    Policy,
    PolicyProposed,
    PolicyPublished,
    PolicyRevoked,
    PolicySuperseded,
)
from prefstream.schemas.routes import PairRouted, Reason, ReasonCode

CALIBRATOR = "prefstream/calibrator"
MONITOR = "prefstream/monitor"
VERSION = "1"
#: Who put a policy in force that no person approved.
RULE = "rule"


def said(step: Step, *, book: PolicyBook, now: datetime) -> tuple[Event, ...]:
    """Return the events that say a step, in the order in which they must be said.

    Args:
        step: The step.
        book: All policies before it.
        now: The time of what no label gives a time.
    """
    match step:
        case Revoke():
            return _revoked(step)
        case End():
            entry = book.entry(step.policy_id)
            moment = entry.events[-1].occurred_at
            return (superseded(entry, step.by, moment=moment, source=CALIBRATOR),)
        case Propose(policy=policy):
            base = _envelope("proposed", policy.id, _moment(policy, now), CALIBRATOR)
            return (PolicyProposed(**base, policy_id=policy.id, policy=policy),)
        case Activate(policy=policy) | Audit(policy=policy):
            moment = _moment(policy, now)
            return published(policy, book=book, by=RULE, moment=moment, source=CALIBRATOR)


def published(
    policy: Policy, *, book: PolicyBook, by: str, moment: datetime, source: str
) -> tuple[Event, ...]:
    """Return the events that put a policy in force in the place of the one that is.

    The successor comes first: at no time between the two is there none. The predecessor's end stands
    under its own key, so that a compacted log does not bring it back.
    """
    base = _envelope("published", policy.id, moment, source, str(len(_known(book, policy.id))))
    event = PolicyPublished(**base, policy_id=policy.id, policy=policy, by=by)
    # Also of one whose end a crash kept from being said.
    ended = [
        entry
        for entry in book.entries.values()
        if isinstance(entry.events[-1], PolicyPublished) and entry.policy_id != policy.id
    ]
    return (event, *(superseded(entry, policy.id, moment=moment, source=source) for entry in ended))


def superseded(entry: Entry, successor_id: str, *, moment: datetime, source: str) -> PolicySuperseded:
    """Return the event that another policy took the place of this one."""
    base = _envelope("superseded", entry.policy_id, moment, source, successor_id, str(len(entry.events)))
    return PolicySuperseded(**base, policy_id=entry.policy_id, superseded_by=successor_id)


def revoked(entry: Entry, *, reason: str, moment: datetime, source: str) -> PolicyRevoked:
    """Return the event that a person takes a policy back."""
    base = _envelope("revoked", entry.policy_id, moment, source, str(len(entry.events)))
    return PolicyRevoked(**base, policy_id=entry.policy_id, reason=reason)


def reopened(route: PairRouted, revocation: PolicyRevoked) -> PairRouted:
    """Return the route that takes an accepting one back: people label the pair after all."""
    detail = f"accepted under {revocation.policy_id}, which was revoked: {revocation.reason}"
    doubtful = Doubtful(stakes=route.stakes, p_a=route.p_a, label=route.judge_label, sketch=None, audit=False)
    changes: dict[str, Any] = {
        "event_id": derived_id(MONITOR, "reopened", route.event_id, VERSION),
        "occurred_at": max(route.occurred_at, revocation.occurred_at),
        "source": MONITOR,
        "causation_id": revocation.event_id,
        "stage_version": VERSION,
        "route": "escalate",
        "audit": False,
        "reasons": (Reason(code=ReasonCode.SUSPECT, clause="prefstream:suspect", detail=detail),),
        "revises": route.event_id,
        "priority": priority_of(doubtful, selection=None, selection_id=None),
    }
    return route.model_copy(update=changes)


def _moment(policy: Policy, now: datetime) -> datetime:
    """Return the time of the newest label that a policy rests on."""
    window = policy.certificate.window if policy.certificate else None
    return window.until if window and window.until else now


def _revoked(step: Revoke) -> tuple[Event, ...]:
    """Return alert and revocation; the revocation last, for after it nothing asks for the alert again."""
    doubt = step.suspicion
    label, name = doubt.raised_by.label_id, doubt.slice or ALL
    where = f"slice {doubt.slice}" if doubt.slice else "all slices together"
    reason = (
        f"people contradicted {doubt.errors} of the last {doubt.outcomes} audited accepted pairs of {where}"
    )
    moment = doubt.raised_by.labelled_at
    base = _envelope("alarm", doubt.policy_id, moment, MONITOR, name, label)
    revocation = PolicyRevoked(
        **base,
        policy_id=doubt.policy_id,
        reason=reason,
        slice=doubt.slice,
        suspect_since=doubt.suspect_since,
        alarm_id=label,
    )
    alert = AlertRaised(
        **_envelope("alert", name, moment, MONITOR, doubt.policy_id, label)
        | {"causation_id": revocation.event_id},
        alert_id=derived_id("drift", doubt.policy_id, name),
        slice=name,
        statistic="accepted_pair_agreement",
        severity="critical",
        action=f"Look at the accepted pairs since then: prefstream policy suspects {doubt.policy_id}",
        detail=f"{reason}, since {doubt.suspect_since.isoformat()}; the policy {doubt.policy_id} is revoked",
        runbook="docs/runbooks/accepted-pair-agreement.md",
    )
    return (alert, revocation)


def _known(book: PolicyBook, policy_id: str) -> Sequence[Event]:
    entry = book.entries.get(policy_id)
    return [event for event in entry.events if not isinstance(event, PolicyProposed)] if entry else ()


def _envelope(kind: str, subject: str, moment: datetime, source: str, *evidence: str) -> dict[str, Any]:
    return {
        "event_id": derived_id("policies", kind, subject, VERSION, *evidence),
        "occurred_at": moment,
        "source": source,
        "subject": subject,
        "correlation_id": subject,
        "stage_version": VERSION,
    }
