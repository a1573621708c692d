"""Protected sets at the edge: a file's prompts become hashes, and only these leave the machine."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from prefstream.adapters.settings import Settings
from prefstream.domain.curation.protection import ProtectedSet, protected_set
from prefstream.schemas.errors import BadInput
from prefstream.streams.places import find_places, open_log
from prefstream.streams.prompt_files import prompts_in
from prefstream.streams.publication import (
    named,
    protection_in_force,
    publish_protected_set,
    remove_protected_set,
)

#: Longest name of a set: the name and a hash must fit into an identifier.
MAX_NAME = 100


def read_set(
    name: str, file: str, *, format_name: str | None = None, columns: Mapping[str, str] | None = None
) -> ProtectedSet:
    """Return the set that protects the prompts of a file.

    Raises:
        BadInput: The name cannot be used, or the file cannot be read or holds no prompts.
    """
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or len(name) > MAX_NAME:
        raise BadInput(
            f"a set cannot be named {name!r}; use letters, digits, '-', '_' and '.', at most {MAX_NAME}"
        )
    found = protected_set(name, _texts(file, format_name, columns))
    if not found.prompt_count:
        raise BadInput(f"{file} holds no prompts")
    return found


async def add_set(found: ProtectedSet) -> bool:
    """Put a set in force; return whether that was news."""
    settings = Settings()
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        return await publish_protected_set(log, found, now=datetime.now(UTC))


async def remove_set(name: str) -> str:
    """Take a set out of force and return its id."""
    settings = Settings()
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        return await remove_protected_set(log, name, now=datetime.now(UTC))


async def sets_in_force() -> list[dict[str, Any]]:
    """Return the sets in force, by name, as documents."""
    settings = Settings()
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        protection = await protection_in_force(log)
    return [document_of(one) for one in protection.sets]


async def set_in_force(name: str) -> dict[str, Any]:
    """Return one set in force as a document.

    Raises:
        BadInput: No set of this name is in force.
    """
    settings = Settings()
    async with open_log(find_places(settings), partitions=settings.partitions) as log:
        found = named(await protection_in_force(log), name)
    if found is None:
        raise BadInput(f"no set {name!r} is protected; `prefstream protect list` shows those that are")
    return document_of(found)


def document_of(found: ProtectedSet) -> dict[str, Any]:
    """Return what there is to say about a set."""
    return {
        "name": found.name,
        "set_id": found.set_id,
        "prompts": found.prompt_count,
        "grams": len(found.grams),
        "parts": found.parts,
    }


def _texts(file: str, format_name: str | None, columns: Mapping[str, str] | None) -> Iterator[str]:
    for event in prompts_in(file, format_name=format_name, columns=columns):
        for message in event.messages:
            if message.role == "user":
                yield message.content
