"""What the commands of policies do to a running deployment."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg

from prefstream.adapters.log import Log
from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.settings import Settings
from prefstream.domain.policies import Entry, PolicyBook, PolicyEvent
from prefstream.schemas.errors import BadInput
from prefstream.schemas.policies import PolicyProposed, PolicyPublished, PolicyRevoked, PolicySuperseded
from prefstream.streams.places import find_places, open_log
from prefstream.streams.policy_book import policy_book
from prefstream.streams.publication import approve_policy
from prefstream.streams.suspects import Suspect, revocation_of, sent_to_people, suspects_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSuspects:
    """Suspect pairs of a policy, and how many were sent to people; `None`: nobody asked for that."""

    policy_id: str
    reason: str
    pairs: Sequence[Suspect]
    sent: int | None

    def document(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "policy_id": self.policy_id,
            "reason": self.reason,
            "count": len(self.pairs),
            "sent": self.sent,
            "pairs": [one.document() for one in self.pairs],
        }


async def policies() -> list[dict[str, Any]]:
    """Return all policies, the newest last."""
    async with _deployment() as (pool, log):
        book = await policy_book(pool, log)
    return [_summary(entry) for entry in book.entries.values()]


async def policy(policy_id: str | None) -> dict[str, Any]:
    """Return one policy with its life; the one in force if none is named.

    Raises:
        BadInput: There is no such policy, or none is in force.
    """
    async with _deployment() as (pool, log):
        entry = _chosen(await policy_book(pool, log), policy_id)
    return {
        "policy_id": entry.policy_id,
        "status": entry.status,
        "policy": entry.policy.model_dump(mode="json") if entry.policy else None,
        "life": [_moment(event) for event in entry.events],
    }


async def approve(policy_id: str, *, by: str) -> str:
    """Put a proposed policy in force and return its id.

    Raises:
        BadInput: There is no such policy, or it is not proposed.
    """
    settings = Settings()
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        return await approve_policy(log, policy_id, by=by, now=datetime.now(UTC))


async def suspects(policy_id: str, *, send: bool) -> SentSuspects:
    """Return the suspect pairs of a revoked policy and, if asked to, send them to people.

    Raises:
        BadInput: There is no such policy, or it was not revoked.
    """
    async with _deployment() as (pool, log):
        book = await policy_book(pool, log)
        entry = book.entry(policy_id)
        pairs = await suspects_of(pool, entry, book)
        sent = await sent_to_people(pool, log, pairs, entry) if send else None
    return SentSuspects(policy_id=entry.policy_id, reason=revocation_of(entry).reason, pairs=pairs, sent=sent)


@asynccontextmanager
async def _deployment() -> AsyncIterator[tuple[asyncpg.Pool, Log]]:
    settings = Settings()
    places = find_places(settings)
    async with (
        pool_of(places.dsn.get_secret_value(), size=2) as pool,
        open_log(places, partitions=settings.partitions) as log,
    ):
        yield pool, log


def _chosen(book: PolicyBook, policy_id: str | None) -> Entry:
    if policy_id is not None:
        return book.entry(policy_id)
    if book.active is None:
        raise BadInput("no policy is in force; `prefstream policy list` shows those there were")
    return book.active


def _summary(entry: Entry) -> dict[str, Any]:
    said = entry.policy.model_dump(mode="json") if entry.policy else None
    return {
        "policy_id": entry.policy_id,
        "status": entry.status,
        "slices": {name: one["threshold"] for name, one in said["slices"].items()} if said else {},
        "certificate": said["certificate"] if said else None,
        "audit_share": said["audit_share"] if said else None,
        "since": entry.events[-1].occurred_at.isoformat(),
    }


def _moment(event: PolicyEvent) -> dict[str, Any]:
    match event:
        case PolicyPublished():
            said = f"by {event.by}" if event.by else ""
        case PolicySuperseded():
            said = f"by {event.superseded_by}"
        case PolicyRevoked():
            said = event.reason
        case PolicyProposed():
            said = ""
    return {
        "type": event.type,
        "occurred_at": event.occurred_at.isoformat(),
        "source": event.source,
        "said": said,
    }
