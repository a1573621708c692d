"""Holding: what a person does with a lease until it is answered."""

from typing import Any

import orjson

from prefstream.adapters.postgres.console import leases
from prefstream.console.lending import times_of
from prefstream.console.parts import Parts
from prefstream.console.principals import Principal
from prefstream.console.problems import Problem
from prefstream.domain.tasks import Lease

#: Longest draft, in bytes of JSON.
MOST_DRAFT_BYTES = 1_000_000


def held_or_problem(lease: Lease, fence: int) -> Problem | None:
    """Return why a lease does not hold, or not for whoever has this fence; `None`: it holds."""
    if lease.fence != fence:
        return Problem(409, "this task was opened again elsewhere since; load it again", kind="stale_fence")
    if lease.ended_at is None:
        return None
    if lease.ending == "submitted":
        return Problem(409, "this task was submitted", kind="already_submitted")
    said = "was given back" if lease.ending == "released" else "ended"
    return Problem(
        409,
        f"the lease {said} at {lease.ended_at:%H:%M:%S} UTC; what you wrote is kept",
        kind="lease_expired",
    )


def no_such_lease() -> Problem:
    """Return the answer to who names a lease of somebody else, or none."""
    return Problem(404, "you have no such lease", kind="no_such_lease")


async def shown(parts: Parts, principal: Principal, lease_id: str, fence: int) -> None:
    """Note that the task is before the person's eyes.

    Raises:
        Problem: The lease is not theirs (404) or does not hold (409).
    """
    if not await leases.shown(parts.pool, lease_id, principal.person_id, fence):
        raise await _why_not(parts, principal, lease_id, fence)


async def alive(parts: Parts, principal: Principal, lease_id: str, fence: int) -> dict[str, Any]:
    """Lend for longer; one past its time that nobody has ended yet goes on as well.

    Raises:
        Problem: The lease is not theirs (404) or does not hold (409).
    """
    lease_s = times_of(parts.settings).lease_s
    expires_at = await leases.heartbeat(parts.pool, lease_id, principal.person_id, fence, lease_s=lease_s)
    if expires_at is None:
        raise await _why_not(parts, principal, lease_id, fence)
    return {"expires_at": expires_at}


async def released(parts: Parts, principal: Principal, lease_id: str, fence: int) -> None:
    """Give a task back; the draft stays for when the person gets it again.

    Raises:
        Problem: The lease is not theirs (404) or does not hold (409).
    """
    async with parts.pool.acquire() as connection, connection.transaction():
        found = await leases.lease_of(connection, lease_id, principal.person_id, lock=True)
        if found is None:
            raise no_such_lease()
        if (problem := held_or_problem(found[0].lease, fence)) is not None:
            raise problem
        await leases.release(connection, found[0].lease)


async def drafted(
    parts: Parts, principal: Principal, lease_id: str, fence: int, draft: dict[str, Any]
) -> None:
    """Keep what the person has written; of a lease that has ended too, which is then said.

    Raises:
        Problem: The draft cannot be kept (413, 422), the lease is not theirs (404) or does not hold (409).
    """
    said = _said(draft)
    async with parts.pool.acquire() as connection, connection.transaction():
        found = await leases.lease_of(connection, lease_id, principal.person_id, lock=True)
        if found is None:
            raise no_such_lease()
        problem = held_or_problem(found[0].lease, fence)
        if problem is None or problem.kind == "lease_expired":
            await leases.keep_draft(connection, lease_id, said)
    if problem is not None:
        raise problem


def _said(draft: dict[str, Any]) -> bytes:
    try:
        said = orjson.dumps(draft)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise Problem(422, f"the draft cannot be kept: {error}", kind="invalid_draft") from error
    if len(said) > MOST_DRAFT_BYTES:
        raise Problem(413, f"a draft has at most {MOST_DRAFT_BYTES} bytes; this one has {len(said)}")
    return said


async def _why_not(parts: Parts, principal: Principal, lease_id: str, fence: int) -> Problem:
    """Return why a person does not hold a lease."""
    found = await leases.lease_of(parts.pool, lease_id, principal.person_id, lock=False)
    if found is None:
        return no_such_lease()
    again = Problem(409, "this task changed hands just now; load it again", kind="stale_fence")
    return held_or_problem(found[0].lease, fence) or again
