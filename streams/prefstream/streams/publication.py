"""Publication: constitutions and policies as events, said at the edge with the clock of the edge."""

from datetime import datetime
from typing import Any

from prefstream.adapters.log import Log
from prefstream.agents.tasks import record_of
from prefstream.schemas.codec import decode
from prefstream.schemas.constitutions import Constitution, ConstitutionPublished
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import BadInput, Undecodable
from prefstream.schemas.ids import derived_id
from prefstream.schemas.policies import Policy, PolicyPublished, PolicyRevoked
from prefstream.schemas.topics import CONSTITUTIONS_PUBLISHED, POLICIES_PUBLISHED


async def publish_constitution(log: Log, constitution: Constitution, *, now: datetime) -> bool:
    """Put a constitution in force; return `False` when it is in force already."""
    current = await _latest(log, CONSTITUTIONS_PUBLISHED.name)
    if isinstance(current, ConstitutionPublished) and current.constitution_id == constitution.id:
        return False
    envelope = _envelope("constitution", constitution.id, now)
    event = ConstitutionPublished(**envelope, constitution_id=constitution.id, constitution=constitution)
    await _say(log, event)
    return True


async def publish_policy(log: Log, policy: Policy, *, now: datetime) -> bool:
    """Put a policy in force; return `False` when it is in force already."""
    current = await _latest(log, POLICIES_PUBLISHED.name)
    if isinstance(current, PolicyPublished) and current.policy_id == policy.id:
        return False
    envelope = _envelope("policy", policy.id, now)
    await _say(log, PolicyPublished(**envelope, policy_id=policy.id, policy=policy))
    return True


async def revoke_policy(log: Log, *, reason: str, now: datetime) -> str:
    """Take the policy in force out of force and return its id: everything escalates from now on.

    Raises:
        BadInput: No policy is in force.
    """
    current = await _latest(log, POLICIES_PUBLISHED.name)
    if not isinstance(current, PolicyPublished):
        raise BadInput("no policy is in force, so there is none to revoke")
    envelope = _envelope("revocation", current.policy_id, now)
    await _say(log, PolicyRevoked(**envelope, policy_id=current.policy_id, reason=reason))
    return current.policy_id


async def _latest(log: Log, topic: str) -> Event | None:
    latest: Event | None = None
    async for record in log.snapshot(topic):
        try:
            latest = decode(record.value)
        except Undecodable:
            continue
    return latest


async def _say(log: Log, event: Event) -> None:
    writer = await log.writer()
    try:
        await writer.append([record_of(event)])
    finally:
        await writer.close()


def _envelope(kind: str, subject: str, now: datetime) -> dict[str, Any]:
    return {
        "event_id": derived_id("publish", kind, subject, now.isoformat()),
        "occurred_at": now,
        "source": "prefstream/publish",
        "subject": subject,
        "correlation_id": subject,
    }
