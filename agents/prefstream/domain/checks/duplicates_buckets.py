"""What a stream remembers so that a pair finds those before it that say nearly the same, and their bytes.

A bucket holds the pairs whose sketches share one band, the earliest first. What stands in it at the end
does not depend on the order in which pairs came, for it always keeps the earliest.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final, NamedTuple

import orjson

#: Pairs that a bucket holds at most: the earliest. What comes after them is still compared with them.
MOST: Final = 64
#: Pairs of one prompt that are remembered at most.
MOST_USES: Final = 256
_ENTRY: Final = Struct(">qQQQQH")


class Entry(NamedTuple):
    """One pair in a bucket; entries order by time, then by id."""

    at_us: int
    pair_id: str
    #: Hashes of its content, its prompt's id and its group's.
    content: int
    prompt: int
    group: int
    #: Bits of its sketch.
    bits: int

    def may_duplicate(self, other: "Entry") -> bool:
        """Return whether the two are not cut from one prompt on purpose, nor the very same content."""
        return self.prompt != other.prompt and self.group != other.group and self.content != other.content


class Use(NamedTuple):
    """One pair that uses a prompt's text; uses order by time, then by id."""

    at_us: int
    pair_id: str
    prompt_id: str


def with_entry(bucket: Sequence[Entry], entry: Entry, *, copies: bool) -> list[Entry] | None:
    """Return the bucket with one more pair; `None` where it stays what it is.

    Args:
        bucket: The bucket.
        entry: The pair.
        copies: Whether copies of one content under one prompt each have their place; else the earliest of
            them stands for all.
    """
    same = [] if copies else [one for one in bucket if one[2:5] == entry[2:5]]
    if any(one <= entry for one in same):
        return None
    after = sorted([*[one for one in bucket if one not in same], entry])[:MOST]
    return None if after == bucket else after


def with_use(uses: Sequence[Use], use: Use) -> tuple[list[Use] | None, list[str]]:
    """Return the uses with one more, `None` where they stay what they are, and the pairs it comes before.

    Kept are the pairs that come before every pair of another prompt, and the first that does not: by these
    every pair that comes later, or turns up late, is told.

    >>> first, second = Use(1, "p1", "q1"), Use(2, "p2", "q2")
    >>> with_use([first], second)
    ([Use(at_us=1, pair_id='p1', prompt_id='q1'), Use(at_us=2, pair_id='p2', prompt_id='q2')], [])
    >>> with_use([second], first)[1]
    ['p2']
    """
    every = sorted([*uses, use])[:MOST_USES]
    second = next((one for one in every if one.prompt_id != every[0].prompt_id), None)
    kept = [one for one in every if second is None or one <= second]
    came_late = [one.pair_id for one in uses if one > use and one.prompt_id != use.prompt_id]
    return (None if kept == list(uses) else kept), came_late


def is_repeat(uses: Sequence[Use], use: Use) -> bool:
    """Return whether an earlier pair uses the text under another prompt id."""
    return any(one < use and one.prompt_id != use.prompt_id for one in uses)


def packed_bucket(bucket: Sequence[Entry]) -> bytes:
    """Return the bytes of a bucket."""
    parts = []
    for at_us, pair_id, content, prompt, group, bits in bucket:
        name = pair_id.encode(errors="surrogatepass")
        parts += [_ENTRY.pack(at_us, content, prompt, group, bits, len(name)), name]
    return b"".join(parts)


def unpacked_bucket(stored: bytes | None) -> list[Entry]:
    """Return the bucket that these bytes say; an empty one for none."""
    bucket: list[Entry] = []
    place = 0
    while stored and place < len(stored):
        at_us, content, prompt, group, bits, length = _ENTRY.unpack_from(stored, place)
        place += _ENTRY.size + length
        name = stored[place - length : place].decode(errors="surrogatepass")
        bucket.append(Entry(at_us, name, content, prompt, group, bits))
    return bucket


def packed_uses(uses: Sequence[Use]) -> bytes:
    """Return the bytes of a prompt's uses."""
    return orjson.dumps([tuple(use) for use in uses])


def unpacked_uses(stored: bytes | None) -> list[Use]:
    """Return the uses that these bytes say; none for none."""
    return [Use(*said) for said in orjson.loads(stored)] if stored else []
