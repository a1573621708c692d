"""Cursors: how far somebody has seen what changes."""

import re
from dataclasses import dataclass
from typing import Self

from prefstream.schemas.errors import BadInput

_WRITTEN = re.compile(r"([0-9]{1,18})-([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cursor:
    """The last version somebody has seen, of one run of the database."""

    epoch: int
    version: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the cursor that an id of an event says.

        >>> Cursor.read("1700000000000-42").version
        42

        Raises:
            BadInput: It is no such id.
        """
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise BadInput("the id to go on after is none that was sent; leave it out to begin anew")
        return cls(epoch=int(found[1]), version=int(found[2]))

    def __str__(self) -> str:
        """Return it as the id of an event."""
        return f"{self.epoch}-{self.version}"
