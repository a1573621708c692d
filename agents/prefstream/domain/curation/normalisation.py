"""When two texts say the same: after Unicode form, case, spacing and idle punctuation are evened out.

Punctuation that carries meaning stays: an operator between numbers, a decimal point, a bracket, a
factorial. "What is 3-4?" and "What is 3*4?" are two prompts; "What is 3 - 4" and "what is 3-4?" are one.
"""

import re
from collections.abc import Sequence
from hashlib import blake2b
from unicodedata import category, normalize

from prefstream.schemas.values import Message

#: Punctuation that is looked at in its place, below, or kept everywhere.
_KEPT = frozenset("-*/%&#@\\_()[]{}.,!'")
#: Signs that look like an ASCII one and mean the same.
_ALIKE = {"\u2212": "-", "\u2010": "-", "\u2011": "-", "\u2019": "'", "\u02bc": "'"}

_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")
#: By the sign they begin with, so that a text is searched only for those it holds: points and commas
#: that are no part of a number, exclamations that are no factorial and no "not", hyphens between words.
_IDLE = {
    ".": re.compile(r"\.(?!\d)"),
    ",": re.compile(r",(?!\d)"),
    "!": re.compile(r"(?<![\d)])!(?![=\w(])"),
    "-": re.compile(r"(?<=[^\W\d_]{2}) ?- ?(?=[^\W\d_]{2})"),
}
_SPACE_AROUND_SIGN = re.compile(r" ?([^\w ]) ?")


class _Characters(dict[int, str]):
    """What becomes of each character, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = evened = _evened(chr(code))
        return evened


_CHARACTERS = _Characters()


def normalised(text: str) -> str:
    """Return the text as it is compared.

    >>> normalised("  What\u2019s  3.5 \u2212 4?! ")
    'whats 3.5-4'
    >>> normalised("well-known \uff26\uff35\uff2c\uff2c\uff0c width")
    'well known full width'
    """
    folded = text.lower() if text.isascii() else normalize("NFKC", normalize("NFKC", text).casefold())
    even = " ".join(folded.translate(_CHARACTERS).split())
    if even.replace(" ", "").isalnum():
        return even
    if "'" in even:
        even = _APOSTROPHE.sub("", even).replace("'", " ")
    for sign, idle in _IDLE.items():
        if sign in even:
            even = idle.sub(" ", even)
    joined = _SPACE_AROUND_SIGN.sub(r"\1", " ".join(even.split()))
    # What consists of idle punctuation alone is told apart by it.
    return joined or text.strip()


def prompt_hash(messages: Sequence[Message]) -> str:
    """Return what a whole prompt is known by, in hex: who said what, as it is compared."""
    digest = blake2b(digest_size=16)
    for message in messages:
        even = normalised(message.content).encode(errors="surrogatepass")
        digest.update(f"{message.role}:{len(even)}:".encode())
        digest.update(even)
    return digest.hexdigest()


def _evened(character: str) -> str:
    if alike := _ALIKE.get(character):
        return alike
    kind = category(character)
    if kind == "Cf":
        return ""  # marks of direction and joining, which nobody sees
    idle = kind[0] == "P" and character not in _KEPT
    return " " if idle or kind[0] == "Z" or kind == "Cc" else character
