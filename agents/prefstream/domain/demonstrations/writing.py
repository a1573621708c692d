"""Responses that people write: what is refused at once, and how much of a text an editor changed."""

from difflib import SequenceMatcher
from typing import Final

#: Longest response that a person writes, in characters.
MAX_RESPONSE: Final = 100_000
#: Words beyond which the share of edits is not reckoned: it takes time with the square of them.
MAX_WORDS: Final = 5_000


def fault_in(response: str, *, candidate: str | None, unchanged: bool) -> str | None:
    """Return why a written response cannot be taken, or `None`.

    Args:
        response: What was written.
        candidate: The text to be edited, where there is one.
        unchanged: The person says that the candidate is ideal as it is.

    >>> fault_in("  ", candidate=None, unchanged=False)
    'the response is empty; write one'
    """
    if not response.strip():
        return "the response is empty; write one"
    if len(response) > MAX_RESPONSE:
        return f"the response has {len(response)} characters; {MAX_RESPONSE} is the limit"
    same = candidate is not None and _lines(response) == _lines(candidate)
    if same and not unchanged:
        return "the response is still the candidate; change it, or say that it is ideal as it is"
    if unchanged and not same:
        return "the response is not the candidate; leave out that it is unchanged"
    return None


def _lines(text: str) -> list[str]:
    """Return the lines of a text; how lines end, browsers do not keep."""
    return text.strip().splitlines()


def share_changed(before: str, after: str) -> float | None:
    """Return the share of words that are not common to both texts; `None` for texts too long to compare.

    One minus the Ratcliff-Obershelp similarity of the two lists of words: 2 M / T, with M words in
    common blocks and T words in all (Ratcliff and Metzener 1988).

    >>> share_changed("one two three four", "one two three five")
    0.25
    >>> share_changed("", "")
    0.0
    """
    old, new = before.split(), after.split()
    if len(old) > MAX_WORDS or len(new) > MAX_WORDS:
        return None
    return 1.0 - SequenceMatcher(None, old, new, autojunk=False).ratio()
