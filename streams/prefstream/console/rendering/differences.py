"""What two texts have in common and what not, word by word."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup, escape
from rapidfuzz.distance import LCSseq

from prefstream.console.rendering.invisible import marked

#: Words of each text that are compared; what comes after is left as it is.
MAX_WORDS = 8000
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two texts with what only one of them says marked."""

    left: Markup
    right: Markup
    #: Share of the words that both have, in the same order: 0 to 1.
    common: float


def difference(left: str, right: str, *, only_left: str = "", only_right: str = "") -> Difference:
    """Return two plain texts with their difference marked.

    Args:
        left: The one text.
        right: The other.
        only_left: What is read out before words that only the left has.
        only_right: The same for the right.

    >>> difference("a red car", "a blue car").left
    Markup('a <del>red</del> car')
    """
    words, others = _words(left), _words(right)
    kept_left, kept_right = _kept(words, others)
    total = len(words) + len(others)
    return Difference(
        left=_shown(words, kept_left, "del", only_left, _rest(left, words)),
        right=_shown(others, kept_right, "ins", only_right, _rest(right, others)),
        common=2 * len(kept_left) / total if total else 1.0,
    )


def _words(text: str) -> list[str]:
    found: list[str] = []
    for match in _WORD.finditer(text):
        if len(found) == MAX_WORDS:
            break
        found.append(match.group())
    return found


def _rest(text: str, words: Sequence[str]) -> str:
    return text[sum(map(len, words)) :]


def _kept(left: Sequence[str], right: Sequence[str]) -> tuple[set[int], set[int]]:
    """Return the places of the words that both texts have in common."""
    kept_left: set[int] = set()
    kept_right: set[int] = set()
    for step in LCSseq.opcodes(left, right):
        if step.tag == "equal":
            kept_left.update(range(step.src_start, step.src_end))
            kept_right.update(range(step.dest_start, step.dest_end))
    return kept_left, kept_right


def _shown(words: Sequence[str], kept: set[int], tag: str, said: str, rest: str) -> Markup:
    return Markup("").join([*_runs(words, kept, tag, said), _marked(rest)])


def _runs(words: Sequence[str], kept: set[int], tag: str, said: str) -> Iterator[Markup]:
    for same, places in groupby(range(len(words)), lambda n: _same(words, kept, n)):
        text = _marked("".join(words[n] for n in places))
        if same or not text.strip():
            yield text
        else:
            spoken = Markup('<span class="visually-hidden">{} </span>').format(said) if said else Markup("")
            yield Markup("<{0}>{1}{2}</{0}>").format(Markup(tag), spoken, text)  # noqa: S704  (a constant)


def _same(words: Sequence[str], kept: set[int], place: int) -> bool:
    """Say whether a word counts as common: a blank between two changed words does not."""
    if place not in kept:
        return False
    between = 0 < place < len(words) - 1 and place - 1 not in kept and place + 1 not in kept
    return not (between and words[place].isspace())


def _marked(text: str) -> Markup:
    return Markup(marked(str(escape(text))))  # noqa: S704  (escaped, and marks are our own)
