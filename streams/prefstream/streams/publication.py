"""Publication: configuration as events, said at the edge with the clock of the edge."""

from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from prefstream.adapters.log import Log
from prefstream.agents.policies import published, revoked
from prefstream.agents.tasks import record_of
from prefstream.domain.curation.protection import ProtectedSet, Protection, parts_of
from prefstream.domain.policies import PolicyBook, book_of
from prefstream.schemas.checks import CheckPolicy, CheckPolicyPublished
from prefstream.schemas.codec import decode
from prefstream.schemas.constitutions import Constitution, ConstitutionPublished
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import BadInput, Undecodable
from prefstream.schemas.ids import derived_id
from prefstream.schemas.policies import Policy
from prefstream.schemas.protection import ProtectedSetPublished, ProtectedSetRemoved
from prefstream.schemas.sampling import SamplingPlan, SamplingPlanPublished, SamplingPlanRevoked
from prefstream.schemas.selection import Selection, SelectionPublished
from prefstream.schemas.topics import CONSTITUTIONS_PUBLISHED, POLICIES_PUBLISHED

_SOURCE = "prefstream/publish"


async def publish_constitution(log: Log, constitution: Constitution, *, now: datetime) -> bool:
    """Put a constitution in force; return `False` when it is in force already."""
    current = await _latest(log, CONSTITUTIONS_PUBLISHED.name, (ConstitutionPublished,))
    if isinstance(current, ConstitutionPublished) and current.constitution_id == constitution.id:
        return False
    envelope = _envelope("constitution", constitution.id, now)
    event = ConstitutionPublished(**envelope, constitution_id=constitution.id, constitution=constitution)
    await _say(log, event)
    return True


async def publish_policy(log: Log, policy: Policy, *, now: datetime, by: str = "") -> bool:
    """Put a policy in force; return `False` when it is in force already.

    Raises:
        BadInput: It carries a certificate and was revoked.
    """
    book = await policies_in_log(log)
    if book.active is not None and book.active.policy_id == policy.id:
        return False
    known = book.entries.get(policy.id)
    if policy.certificate is not None and known is not None and known.status == "revoked":
        raise BadInput(
            f"{policy.id} was revoked, and its certificate with it; wait for the calibrator's next proposal,"
            " or publish thresholds without a certificate under another name"
        )
    await _say(log, *published(policy, book=book, by=by, moment=now, source=_SOURCE))
    return True


async def approve_policy(log: Log, policy_id: str, *, by: str, now: datetime) -> str:
    """Put a proposed policy in force and return its id.

    Raises:
        BadInput: There is no such policy, or it is not proposed.
    """
    book = await policies_in_log(log)
    entry = book.entry(policy_id)
    if entry.status != "proposed" or entry.policy is None:
        waiting = ", ".join(one.policy_id for one in book.proposed)
        raise BadInput(
            f"{entry.policy_id} is {entry.status}, not proposed; "
            f"{f'proposed are: {waiting}' if waiting else 'no policy waits for approval'}"
        )
    await publish_policy(log, entry.policy, now=now, by=by)
    return entry.policy_id


async def revoke_policy(log: Log, *, reason: str, now: datetime, policy_id: str | None = None) -> str:
    """Take a policy out of force, or turn a proposed one down, and return its id.

    Args:
        log: The log.
        reason: Why.
        now: The time.
        policy_id: Which; `None` is the one in force.

    Raises:
        BadInput: No policy is in force, or the one named is neither in force nor proposed.
    """
    book = await policies_in_log(log)
    entry = book.active if policy_id is None else book.entry(policy_id)
    if entry is None:
        raise BadInput("no policy is in force, so there is none to revoke")
    if entry.status not in {"active", "proposed"}:
        raise BadInput(f"{entry.policy_id} is {entry.status}; there is nothing to revoke")
    await _say(log, revoked(entry, reason=reason, moment=now, source=_SOURCE))
    return entry.policy_id


async def policies_in_log(log: Log) -> PolicyBook:
    """Return what the log says of policies; of a compacted log that is the end of each."""
    return book_of([event async for event in _events(log, POLICIES_PUBLISHED.name)])


async def say(log: Log, events: Iterable[Event]) -> None:
    """Say events; returns when every one of them is durable."""
    await _say(log, *events)


async def publish_sampling_plan(log: Log, plan: SamplingPlan, *, now: datetime) -> bool:
    """Put a sampling plan in force; return `False` when it is in force already."""
    current = await sampling_plan_in_force(log)
    if current is not None and current.id == plan.id:
        return False
    envelope = _envelope("sampling", plan.id, now)
    await _say(log, SamplingPlanPublished(**envelope, plan_id=plan.id, plan=plan))
    return True


async def revoke_sampling_plan(log: Log, *, reason: str, now: datetime) -> str:
    """Take the sampling plan in force out of force and return its id: every prompt is kept from now on.

    Raises:
        BadInput: No plan is in force.
    """
    current = await sampling_plan_in_force(log)
    if current is None:
        raise BadInput("no sampling plan is in force, so there is none to revoke")
    envelope = _envelope("sampling-revocation", current.id, now)
    await _say(log, SamplingPlanRevoked(**envelope, plan_id=current.id, reason=reason))
    return current.id


async def sampling_plan_in_force(log: Log) -> SamplingPlan | None:
    """Return the sampling plan in force."""
    kinds = (SamplingPlanPublished, SamplingPlanRevoked)
    current = await _latest(log, POLICIES_PUBLISHED.name, kinds)
    return current.plan if isinstance(current, SamplingPlanPublished) else None


async def publish_selection(log: Log, selection: Selection, *, now: datetime) -> bool:
    """Let a selection order the queue; return `False` when it does already."""
    current = await selection_in_force(log)
    if current is not None and current.id == selection.id:
        return False
    # The subject is the name: of a compacted topic the newest one stays, and it is all that is needed.
    envelope = _envelope("selection", selection.name, now)
    await _say(
        log,
        SelectionPublished(**envelope, name=selection.name, selection_id=selection.id, selection=selection),
    )
    return True


async def selection_in_force(log: Log) -> Selection | None:
    """Return the selection that orders the queue."""
    current = await _latest(log, POLICIES_PUBLISHED.name, (SelectionPublished,))
    return current.selection if isinstance(current, SelectionPublished) else None


async def publish_check_policy(log: Log, policy: CheckPolicy, *, now: datetime) -> bool:
    """Put a policy of checks in force; return `False` when it is in force already."""
    current = await check_policy_in_force(log)
    if current is not None and current.id == policy.id:
        return False
    envelope = _envelope("checks", policy.id, now)
    await _say(log, CheckPolicyPublished(**envelope, policy_id=policy.id, policy=policy))
    return True


async def check_policy_in_force(log: Log) -> CheckPolicy | None:
    """Return the policy of checks that was published last."""
    current = await _latest(log, POLICIES_PUBLISHED.name, (CheckPolicyPublished,))
    return current.policy if isinstance(current, CheckPolicyPublished) else None


async def publish_protected_set(log: Log, protected: ProtectedSet, *, now: datetime) -> bool:
    """Put a protected set in force in the place of any of its name; `False` when it is so already."""
    standing = named(await protection_in_force(log), protected.name)
    if standing is not None and standing.set_id == protected.set_id:
        return False
    events: list[Event] = [
        ProtectedSetPublished(
            **_envelope("protected", f"{protected.name}/{part}", now),
            name=protected.name,
            set_id=protected.set_id,
            part=part,
            parts=protected.parts,
            prompt_count=protected.prompt_count,
            prompts=prompts,
            grams=grams,
        )
        for part, (prompts, grams) in enumerate(parts_of(protected), start=1)
    ]
    if standing is not None:
        # The newer set takes the places of as many parts of the older one as it has itself.
        events += _removals(standing, range(protected.parts + 1, standing.parts + 1), now)
    await _say(log, *events)
    return True


async def remove_protected_set(log: Log, name: str, *, now: datetime) -> str:
    """Take a protected set out of force and return its id.

    Raises:
        BadInput: No set of this name is in force.
    """
    protection = await protection_in_force(log)
    standing = named(protection, name)
    if standing is None:
        known = ", ".join(one.name for one in protection.sets)
        raise BadInput(f"no set {name!r} is protected; {f'those that are: {known}' if known else 'none is'}")
    await _say(log, *_removals(standing, range(1, standing.parts + 1), now))
    return standing.set_id


async def protection_in_force(log: Log) -> Protection:
    """Return the protected sets in force."""
    protection = Protection()
    async for event in _events(log, POLICIES_PUBLISHED.name):
        if isinstance(event, ProtectedSetPublished | ProtectedSetRemoved):
            protection = protection.after(event)
    return protection


def named(protection: Protection, name: str) -> ProtectedSet | None:
    """Return the protected set of this name."""
    return next((one for one in protection.sets if one.name == name), None)


def _removals(standing: ProtectedSet, parts: Iterable[int], now: datetime) -> list[ProtectedSetRemoved]:
    return [
        ProtectedSetRemoved(
            **_envelope("protected-removal", f"{standing.name}/{part}", now),
            name=standing.name,
            set_id=standing.set_id,
        )
        for part in parts
    ]


async def _latest(log: Log, topic: str, kinds: tuple[type[Event], ...]) -> Event | None:
    latest: Event | None = None
    async for event in _events(log, topic):
        latest = event if isinstance(event, kinds) else latest
    return latest


async def _events(log: Log, topic: str) -> AsyncIterator[Event]:
    async for record in log.snapshot(topic):
        with suppress(Undecodable):
            yield decode(record.value)


async def _say(log: Log, *events: Event) -> None:
    writer = await log.writer()
    try:
        for event in events:
            await writer.append([record_of(event)])
    finally:
        await writer.close()


def _envelope(kind: str, subject: str, now: datetime) -> dict[str, Any]:
    return {
        "event_id": derived_id("publish", kind, subject, now.isoformat()),
        "occurred_at": now,
        "source": _SOURCE,
        "subject": subject,
        "correlation_id": subject,
    }
