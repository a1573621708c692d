"""Versions of the constitution: the one in force, one by its id, one in a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prefstream.adapters.constitutions import read_file, shipped_constitution, sound
from prefstream.adapters.log import Log
from prefstream.adapters.settings import Settings
from prefstream.schemas.codec import decode
from prefstream.schemas.constitutions import Constitution, ConstitutionPublished
from prefstream.schemas.errors import BadInput, Undecodable
from prefstream.schemas.topics import CONSTITUTIONS_PUBLISHED
from prefstream.streams.places import find_places, open_log

#: What the name of a constitution's file ends in; anything else is looked up among the published.
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A constitution and where it comes from."""

    constitution: Constitution
    #: When it was published; `None` for one that was not.
    published_at: datetime | None = None
    in_force: bool = False


async def find_version(which: str | None) -> Version:
    """Return the version in a file, the one of an id or the beginning of its hash, or the one in force.

    Raises:
        BadInput: There is none of that name, or more than one.
        Unavailable: It is to be looked up, and nothing runs here.
    """
    if which is not None and which.endswith(_SUFFIXES):
        return Version(constitution=sound(read_file(Path(which))))
    settings = Settings()
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        published = await published_versions(log)
    return chosen(published, which)


def chosen(published: Sequence[Version], which: str | None) -> Version:
    """Return the version meant among those published, the newest last.

    Raises:
        BadInput: There is none of that name, or more than one.
    """
    if which is None:
        unpublished = Version(constitution=shipped_constitution(), in_force=True)
        return published[-1] if published else unpublished
    fitting = {version.constitution.id: version for version in published if _means(version, which)}
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    known = ", ".join(dict.fromkeys(version.constitution.id for version in published)) or "none"
    problem = "means more than one version" if fitting else "is neither a .yaml file nor a published version"
    raise BadInput(f"{which!r} {problem}; published are: {known}")


async def published_versions(log: Log) -> Sequence[Version]:
    """Return what was published, oldest first; what cannot be decoded is left out."""
    events = []
    async for record in log.snapshot(CONSTITUTIONS_PUBLISHED.name):
        try:
            event = decode(record.value)
        except Undecodable:
            continue
        if isinstance(event, ConstitutionPublished):
            events.append(event)
    return [
        Version(constitution=event.constitution, published_at=event.occurred_at, in_force=event is events[-1])
        for event in events
    ]


def _means(version: Version, which: str) -> bool:
    constitution = version.constitution
    if which in (constitution.id, f"{constitution.name}@{constitution.version}"):
        return True
    beginning = which.removeprefix("#")
    return len(beginning) >= 4 and constitution.content_hash.startswith(beginning)
