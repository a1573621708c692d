"""Positions: up to where the log is read, topic by topic and partition by partition."""

from collections.abc import Mapping
from typing import Any, Final

from prefstream.schemas.errors import BadInput

#: Next offset by topic and partition.
Position = Mapping[tuple[str, int], int]
_SHOWN: Final = 3


def said(position: Position) -> dict[str, int]:
    """Return a position as files and events say it, sorted.

    >>> said({("pairs.validated.v1", 0): 7})
    {'pairs.validated.v1/0': 7}
    """
    return {f"{topic}/{partition}": offset for (topic, partition), offset in sorted(position.items())}


def read(document: Any) -> Position:
    """Return the position that a document says.

    >>> read({"pairs.validated.v1/0": 7})
    {('pairs.validated.v1', 0): 7}

    Raises:
        BadInput: It says none.
    """
    if not isinstance(document, Mapping) or not document:
        raise BadInput('a position is a JSON object like {"pairs.validated.v1/0": 7}')
    return {_place(key): _offset(key, offset) for key, offset in document.items()}


def check_within(wanted: Position, sink: Position) -> None:
    """Refuse a position that the sink has not reached.

    Raises:
        BadInput: It says more than the archive holds.
    """
    beyond = [(place, offset) for place, offset in sorted(wanted.items()) if offset > sink.get(place, 0)]
    if beyond:
        named = ", ".join(
            f"{topic}/{partition} at {offset} (the sink is at {sink.get((topic, partition), 0)})"
            for (topic, partition), offset in beyond[:_SHOWN]
        )
        more = f" and {len(beyond) - _SHOWN} more" if len(beyond) > _SHOWN else ""
        raise BadInput(
            f"the position is beyond the archive: {named}{more}; wait for the sink, then try again"
        )


def _place(key: Any) -> tuple[str, int]:
    topic, slash, partition = str(key).rpartition("/")
    if not slash or not topic or not partition.isdecimal():
        raise BadInput(f'{key!r} names no partition; a position is like {{"pairs.validated.v1/0": 7}}')
    return topic, int(partition)


def _offset(key: Any, offset: Any) -> int:
    if not isinstance(offset, int) or isinstance(offset, bool) or offset < 0:
        raise BadInput(f"the position of {key} is {offset!r}; it is a whole number from 0 on")
    return offset
