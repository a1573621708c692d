"""Whether a release on the disk is what it says it is: every byte, every file, and its name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from prefstream.adapters.files.release_folder import facts_of, files_in
from prefstream.domain.releases.manifest import (
    BESIDE,
    MANIFEST,
    SUMS,
    FileFacts,
    content_digest,
    sums,
    sums_of,
)
from prefstream.schemas.errors import BadInput


def facts_in(folder: Path) -> dict[str, FileFacts]:
    """Return what is to be said of every file in a folder.

    Raises:
        BadInput: It is no folder of a release, or cannot be read.
    """
    if not (folder / SUMS).is_file():
        raise BadInput(f"{folder} is no release: it has no {SUMS}")
    try:
        return {path: facts_of(folder / path) for path in files_in(folder)}
    except OSError as error:
        raise BadInput(f"{folder} cannot be read: {error}") from error


def findings(folder: Path, *, recorded: Mapping[str, str] | None = None) -> list[str]:
    """Return what is wrong with a release, in sentences; none: nothing is.

    Args:
        folder: The release.
        recorded: SHA-256 by path as it was said when the release was cut; `None`: not known.

    Raises:
        BadInput: It is no folder of a release, or cannot be read.
    """
    facts = facts_in(folder)
    try:
        listed = sums_of((folder / SUMS).read_bytes())
    except BadInput as error:
        return [str(error)]
    found = _against(facts, listed, SUMS)
    if not found and sums(facts) != (folder / SUMS).read_bytes():
        found.append(f"{SUMS} is not as it was written")
    if recorded is not None:
        content = {path: one for path, one in facts.items() if path in recorded or path not in BESIDE}
        found += _against(content, recorded, "what was recorded when it was cut")
    return found + _named(folder, facts)


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return what the manifest of a release says.

    Raises:
        BadInput: There is none that can be read.
    """
    try:
        document = orjson.loads((folder / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise BadInput(f"{folder} is no release: its {MANIFEST} cannot be read") from error
    if not isinstance(document, dict) or "release_id" not in document:
        raise BadInput(f"{folder} is no release: its {MANIFEST} names none")
    return document


def _against(facts: Mapping[str, FileFacts], listed: Mapping[str, str], where: str) -> list[str]:
    there = facts.keys() - {SUMS}
    found = [f"{path} is missing" for path in sorted(listed.keys() - there)]
    found += [f"{path} is not in {where}" for path in sorted(there - listed.keys())]
    changed = [path for path in sorted(there & listed.keys()) if facts[path].digest != listed[path]]
    return found + [f"{path} was changed: its SHA-256 is not that in {where}" for path in changed]


def _named(folder: Path, facts: Mapping[str, FileFacts]) -> list[str]:
    try:
        document = manifest_of(folder)
    except BadInput as error:
        return [str(error)]
    plan = document.get("plan", {})
    expected = f"{plan.get('name')}-{plan.get('version')}-{content_digest(facts)}"
    if document["release_id"] == expected:
        return []
    return [f"its content is that of {expected}, but it says to be {document['release_id']}"]
