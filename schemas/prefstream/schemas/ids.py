"""Names of things: event ids are derived from content, so a repeat repeats them."""

from hashlib import sha1
from typing import Annotated
from uuid import UUID, uuid5  # noqa: F401  (uuid5 serves the doctest)

from pydantic import StringConstraints

#: Namespace of every id that prefstream derives. Changing it changes every id.
NAMESPACE = UUID("6f1c9a52-6c7e-5a9b-9d43-0f4b7a1f2c11")

#: An identifier a user may choose: no surrounding blanks, bounded.
Identifier = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=256, pattern=r"^\S")]

#: The id of an event, a UUID in its usual 36 characters, lower case: ids are compared as text.
EventId = Annotated[
    str,
    StringConstraints(
        strict=True,
        min_length=36,
        max_length=36,
        pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
    ),
]


def derived_id(*parts: str | int) -> EventId:
    """Derive an id (a version 5 UUID) from the parts that define a thing.

    Parts are joined with their lengths, so that ("a|b", "c") and ("a", "b|c") differ.

    >>> derived_id("routing", "e1", "1", 0) == derived_id("routing", "e1", "1", 0)
    True
    >>> derived_id("a|b", "c") == derived_id("a", "b|c")
    False
    >>> derived_id("a") == str(uuid5(NAMESPACE, "1:a"))
    True
    """
    name = "|".join([f"{len(text)}:{text}" for text in map(str, parts)])
    digest = sha1(NAMESPACE.bytes + name.encode(), usedforsecurity=False).hexdigest()
    # The version and variant bits of RFC 9562; uuid.uuid5 itself costs five times as much.
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def event_id(*, stage: str, input_id: str, stage_version: str, ordinal: int = 0) -> EventId:
    """Return the id of the `ordinal`-th event that a stage derives from one input.

    Args:
        stage: The stage's name.
        input_id: Id of the event (or the evidence) the output is derived from.
        stage_version: Bumped whenever the stage would decide differently.
        ordinal: Position among the outputs of that one input.
    """
    return derived_id(stage, input_id, stage_version, ordinal)
