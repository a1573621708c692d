"""The regular expressions of a constitution, searched for in texts that nobody vouches for."""

import re
from collections.abc import Iterator
from functools import lru_cache

#: Longest text that is searched in one go, in characters.
WINDOW = 4_000
#: How far two windows reach into each other: a longer match may be missed where they meet.
OVERLAP = 1_000


def found(pattern: str, text: str) -> bool:
    r"""Return whether a pattern occurs in a text, ignoring case.

    A long text is searched window by window: a pattern such as `\d.*x` takes time that grows with the
    square of the text, and a prompt of a megabyte must not stop the stage that reads it.

    >>> found(r"\bdose\b", "Which DOSE is safe?")
    True
    """
    compiled = compiled_pattern(pattern)
    return any(compiled.search(text, start, end) is not None for start, end in _windows(len(text)))


@lru_cache(maxsize=1024)
def compiled_pattern(pattern: str) -> re.Pattern[str]:
    """Return the pattern compiled, ignoring case.

    Raises:
        re.error: It is no regular expression.
    """
    return re.compile(pattern, re.IGNORECASE)


def _windows(length: int) -> Iterator[tuple[int, int]]:
    start = 0
    while start + WINDOW < length:
        yield start, start + WINDOW
        start += WINDOW - OVERLAP
    yield start, length
