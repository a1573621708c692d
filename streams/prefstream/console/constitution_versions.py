"""Versions of the constitution as the console sees them: those published, or the one before any was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from prefstream.adapters.constitutions import load_constitution, shipped_constitution
from prefstream.adapters.postgres.console.history import published_constitutions
from prefstream.console.parts import Parts
from prefstream.schemas.constitutions import Constitution


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version."""

    constitution: Constitution
    #: `None`: it was never published; it holds until one is.
    published_at: datetime | None = None


async def versions(parts: Parts) -> Sequence[Version]:
    """Return the versions, oldest first; the last is in force."""
    published = [
        Version(constitution=event.constitution, published_at=event.occurred_at)
        for event in await published_constitutions(parts.pool)
    ]
    return published or [Version(constitution=_unpublished(parts))]


async def in_force(parts: Parts) -> Version:
    """Return the version in force."""
    return (await versions(parts))[-1]


def _unpublished(parts: Parts) -> Constitution:
    path = parts.settings.constitution
    return load_constitution(path) if path else shipped_constitution()
