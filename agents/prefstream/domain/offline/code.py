"""What the offline reader sees in code: its surface. It runs nothing, so it is often wrong here."""

import re
from functools import lru_cache

_NAMED = re.compile(r"\b(?:function|def)\s+`?(\w+)\s*\(")
#: What a prompt may ask to take care of, and what code that does so usually holds.
_CARES = (
    (
        re.compile(r"\bempty\b|\bor none\b", re.IGNORECASE),
        re.compile(r"\bif not \w|\bis None\b|\bdefault=|\belse None\b|\blen\(\w+\) [<>]"),
    ),
    (
        re.compile(r"\b(?:upper|lower|ignoring|regardless of)[- ]?case\b", re.IGNORECASE),
        re.compile(r"\.lower\(|\.upper\(|\.casefold\(|[aeiou]AEIOU"),
    ),
)
_BRANCH = re.compile(r"^\s+(?:el)?if .*:$", re.MULTILINE)


@lru_cache(maxsize=4096)
def function_asked(prompt: str) -> str | None:
    """Return the name of the Python function that a prompt asks for.

    >>> function_asked("Write a Python function `largest(xs)` that ...")
    'largest'
    """
    named = _NAMED.search(prompt)
    return named[1] if named else None


def surface(prompt: str, response: str) -> float:
    r"""Return how well the code in a response looks, between -1 and 1.

    >>> prompt = "Write a function `f(x)` that returns x, or None for an empty list."
    >>> surface(prompt, "def f(x):\n    return x if x else None") > surface(prompt, "Just use a loop.")
    True
    """
    if f"def {function_asked(prompt)}(" not in response:
        return -1.0
    look = 0.0 if "return" in response or "yield" in response else -0.5
    for asked, done in _CARES:
        if asked.search(prompt):
            look += 0.25 if done.search(response) else -0.25
    # More than two branches look like thought, a chain without any like a guess.
    return look + 0.05 * min(2, len(_BRANCH.findall(response)))
