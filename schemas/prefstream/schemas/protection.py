"""Protected sets: prompts that must not be used, e.g. of evaluations, as hashes and never as texts."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import Identifier

#: Hashes in one part, whole prompts and grams together: 8 bytes each, so that a part in base64 stays
#: well below what one event may hold.
MAX_HASHES = 60_000
HASH_BYTES = 8
#: Base64 of whole hashes: three of them make 32 characters, one and two leave 12 and 24.
_PATTERN = r"^(?:[A-Za-z0-9+/]{32})*(?:[A-Za-z0-9+/]{11}=|[A-Za-z0-9+/]{22}==)?$"
Hashes = Annotated[str, StringConstraints(strict=True, max_length=700_000, pattern=_PATTERN)]


class ProtectedSetPublished(Event):
    """One part of a protected set; the set is in force once all its parts are there.

    A newer set of the same name supersedes it. The subject is `NAME/PART`, so that the parts of the
    newer set take the places of the older one's in the compacted topic.
    """

    type: Literal["ProtectedSetPublished"] = "ProtectedSetPublished"
    schema_version: Literal[1] = 1
    name: Identifier
    #: The name and the hash of all the set's hashes.
    set_id: Identifier
    part: Annotated[int, Field(ge=1)]
    parts: Annotated[int, Field(ge=1)]
    #: Prompts in the whole set.
    prompt_count: Annotated[int, Field(ge=1)]
    #: Hashes of whole prompts, after normalisation.
    prompts: Hashes = ""
    #: Hashes of 13-grams and of prompts of fewer words, after normalisation.
    grams: Hashes = ""

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        if self.part > self.parts:
            raise ValueError(f"part {self.part} of {self.parts} cannot be")
        return self


class ProtectedSetRemoved(Event):
    """A protected set protects no more; said once per part, in the place of the part."""

    type: Literal["ProtectedSetRemoved"] = "ProtectedSetRemoved"
    schema_version: Literal[1] = 1
    name: Identifier
    set_id: Identifier
