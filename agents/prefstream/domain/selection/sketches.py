"""Sketches: what is kept of a pair's texts so that stages that do not read them can order it.

Everything is an integer: the same texts give the same sketch on every machine.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from math import log

from prefstream.schemas.selection import PairSketch

#: Another sketch is another version; a selection learned from one says nothing of the other.
SKETCH_VERSION = "1"
#: What is compared of two responses, each A less B.
FEATURES = (
    "length",
    "overlap",
    "lists",
    "headings",
    "code",
    "refusal",
    "digits",
    "question",
    "variety",
    "foreign",
    "empty",
)
#: Characters of a text that are looked at, and words of a prompt.
MAX_CHARACTERS = 8_000
MAX_WORDS = 200

_WORD = re.compile(r"\w+")
_WORD_BYTES = bytes(code if chr(code).isalnum() or code == 95 else 32 for code in range(128)) + bytes(128)
_LIST = re.compile(r"^[ \t]{0,12}(?:[-*\u2022]|\d{1,2}[.)])\s", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} |^\*\*[^*\n]{1,80}\*\*:?[ \t]{0,12}$", re.MULTILINE)
_REFUSAL = re.compile(
    r"\b(?:i(?:'|\u2019)?m sorry|i apologi[sz]e|i can(?:no|'|\u2019)t|i am (?:not able|unable)|as an ai"
    r"|i(?:'|\u2019)?m (?:not able|unable)|i (?:won(?:'|\u2019)t|will not)"
    r"|i don(?:'|\u2019)t feel comfortable)\b",
    re.IGNORECASE,
)
#: One of these stands in every refusal; looking for them first spares most texts the pattern.
_REFUSAL_SIGNS = ("i'm ", "i\u2019m ", "im ", "i apolog", "i can", "i am ", "as an ai", "i w", "i don")
#: Where a refusal stands if there is one.
_OPENING = 300
_MOST_MARKS = 10
#: Letters from which a word is one of the prompt's subjects rather than its grammar.
_SUBJECT = 4
_LANE_BITS = 16
#: Bits of a byte, each in a lane of its own, so that one addition counts eight of them.
_LANES = tuple(sum((byte >> bit & 1) << (_LANE_BITS * bit) for bit in range(8)) for byte in range(256))


def sketch_of(prompt: str, response_a: str, response_b: str) -> PairSketch:
    """Return the sketch of a pair.

    Changing the responses over changes every feature's sign and nothing else.

    Args:
        prompt: The last user message.
        response_a: The text of response A.
        response_b: The text of response B.
    """
    words = _words(prompt)
    asked = frozenset(word for word in words if len(word) >= _SUBJECT)
    foreign = _foreign(prompt[:MAX_CHARACTERS])
    ours, theirs = (_traits(text, asked, foreign) for text in (response_a, response_b))
    return PairSketch(
        version=SKETCH_VERSION,
        prompt=_simhash(words[:MAX_WORDS]),
        features=tuple(a - b for a, b in zip(ours, theirs, strict=True)),
    )


def prompt_sketch(prompt: str) -> str:
    """Return the SimHash of a prompt's words and neighbouring words, 16 hex digits.

    Prompts with most words in common differ in few bits (Charikar, STOC 2002: the chance that a bit
    differs is the angle between the two over pi).

    >>> near = prompt_sketch("Name three rivers of France"), prompt_sketch("Name four rivers of France")
    >>> (int(near[0], 16) ^ int(near[1], 16)).bit_count() < 24
    True
    """
    return _simhash(_words(prompt)[:MAX_WORDS])


def _simhash(words: Sequence[str]) -> str:
    terms = {*words, *map(" ".join, pairwise(words))}
    if not terms:
        return "0" * 16
    counts = [0] * 8
    for term in terms:
        for place, byte in enumerate(_digest(term)):
            counts[place] += _LANES[byte]
    mask = (1 << _LANE_BITS) - 1
    bits = 0
    for count in counts:
        for lane in range(8):
            bits = bits << 1 | (2 * (count >> (_LANE_BITS * lane) & mask) > len(terms))
    return f"{bits:016x}"


@lru_cache(maxsize=65_536)
def _digest(term: str) -> bytes:
    return blake2b(term.encode(errors="surrogatepass"), digest_size=8).digest()


def _words(text: str) -> list[str]:
    """Return the words of a text; where words are not spaced, neighbouring characters instead."""
    read = text[:MAX_CHARACTERS].lower()
    if text.isascii():
        # The same words as the pattern finds, in a third of the time.
        return read.encode().translate(_WORD_BYTES).decode().split()
    words: list[str] = _WORD.findall(read)
    found: list[str] = []
    for word in words:
        if word.isascii() or len(word) <= _MOST_MARKS:
            found.append(word)
        else:
            found += map("".join, pairwise(word))
    return found


def _traits(text: str, asked: frozenset[str], foreign: int) -> tuple[int, ...]:
    """Return what is compared, in thousandths."""
    read = text[:MAX_CHARACTERS]
    words = _words(read)
    different = set(words)
    n = max(1, len(words))
    # One line of plain prose is neither a list nor a heading.
    marked = "\n" in read or not read[:1].isalpha()
    return (
        round(1000 * log(1 + len(words))),
        1000 * len(asked & different) // max(1, len(asked)),
        100 * min(_MOST_MARKS, len(_LIST.findall(read))) if marked else 0,
        100 * min(_MOST_MARKS, len(_HEADING.findall(read))) if marked else 0,
        1000 * ("```" in read),
        1000 * _refuses(read[:_OPENING]),
        1000 * sum(map(str.isdecimal, words)) // n,
        1000 * read.rstrip().endswith("?"),
        1000 * len(different) // n,
        abs(_foreign(read) - foreign),
        1000 * (not words),
    )


def _refuses(opening: str) -> bool:
    lowered = opening.lower()
    for sign in _REFUSAL_SIGNS:
        if sign in lowered:
            return _REFUSAL.search(opening) is not None
    return False


def _foreign(text: str) -> int:
    """Return the share of characters beyond ASCII, in thousandths: a cheap sign of another language."""
    if text.isascii():
        return 0
    return 1000 * sum(character > "\x7f" for character in text) // len(text)
