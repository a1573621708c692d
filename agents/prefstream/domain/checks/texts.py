"""The texts of a pair as the checks read them, and what they say of a place in one."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from prefstream.schemas.pairs import PairProposed

#: Hits that a finding names; the rest are counted.
_NAMED: Final = 3


class Text(NamedTuple):
    """One text of a pair and what to call its place."""

    place: str
    text: str


class Hit(NamedTuple):
    """Something found at a place, told without saying it."""

    place: str
    #: Characters from the start of the text.
    at: int
    #: What was found, e.g. "an e-mail address (x.xxx@xxxx.com)".
    what: str

    def __str__(self) -> str:
        return f"{self.what} in {self.place} at character {self.at + 1}"


class PairTexts:
    """A pair and the texts that several checks ask for, each made once.

    Most pairs hold nothing that a check looks for. Every check therefore asks first, of all texts at
    once, whether there can be anything at all: `whole` and `encoded` are for that.
    """

    def __init__(self, pair: PairProposed) -> None:
        """Take up a pair."""
        self.pair = pair
        parts = [message.content for message in pair.messages]
        parts.append(pair.response_a.text)
        parts.append(pair.response_b.text)
        #: All texts, one below the other.
        self.whole = "\n".join(parts)

    @cached_property
    def encoded(self) -> bytes:
        """Return the bytes of all texts: to look for bytes is several times quicker than for characters."""
        return self.whole.encode("utf-8", "surrogatepass")

    @cached_property
    def responses(self) -> tuple[Text, Text]:
        """Return the two responses."""
        return Text("response A", self.pair.response_a.text), Text("response B", self.pair.response_b.text)

    @cached_property
    def all(self) -> tuple[Text, ...]:
        """Return every message of the prompt and the two responses."""
        messages = self.pair.messages
        names = ["the prompt"] if len(messages) == 1 else [f"message {n + 1}" for n in range(len(messages))]
        prompt = [Text(name, message.content) for name, message in zip(names, messages, strict=True)]
        return (*prompt, *self.responses)


def classes(*kept: bytes, mark: bytes = b"x") -> bytes:
    """Return the table for `bytes.translate` that marks these bytes and makes blanks of all others.

    With it, "are there twenty of these in a row" is two quick passes and not a search with a pattern.

    >>> b"ab12, c3".translate(classes(b"0123456789"))
    b'  xx   x'
    """
    wanted = frozenset(b"".join(kept))
    return bytes(mark[0] if byte in wanted else 0x20 for byte in range(256))


Finder = Callable[[str], Iterator[tuple[int, str]]]


def hits(texts: Sequence[Text], find: Finder) -> list[Hit]:
    """Return what a finder finds in these texts: position and words of each."""
    return [Hit(place, at, what) for place, text in texts for at, what in find(text)]


def told(found: Sequence[Hit]) -> str:
    """Return the finding that these hits make; empty for none.

    >>> told([Hit("response A", 4, "an e-mail address (xx@xx.de)")])
    'an e-mail address (xx@xx.de) in response A at character 5'
    """
    more = len(found) - _NAMED
    return "; ".join([str(hit) for hit in found[:_NAMED]] + ([f"and {more} more"] if more > 0 else []))


def masked(text: str) -> str:
    """Return the shape of a text: letters as x, digits as 9, at most 40 characters.

    >>> masked("jane.doe@acme.com")
    'xxxx.xxx@xxxx.xxx'
    """
    shape = "".join("x" if c.isalpha() else "9" if c.isdigit() else c for c in text[:40])
    return shape.replace("\n", " ")
