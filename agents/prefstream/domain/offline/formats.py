"""Shapes and limits that a prompt states, as far as the offline reader knows them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import orjson

_COUNTS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
}
_COUNT = rf"(\d+|{'|'.join(_COUNTS)})"
_BULLET = re.compile(r"^\s*[-*•]\s+\S", re.MULTILINE)
_NUMBERED = re.compile(r"^\s*\d+[.)]\s+\S", re.MULTILINE)
_SENTENCE = re.compile(r"[.!?]+(?=\s|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of form that a prompt states."""

    kind: str
    count: int = 0
    words: tuple[str, ...] = ()


_STATED: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("bullets", re.compile(rf"exactly {_COUNT} (?:\w+ )?bullet", re.IGNORECASE)),
    ("numbered", re.compile(rf"(?:exactly {_COUNT} numbered|numbered list of {_COUNT})", re.IGNORECASE)),
    ("max_words", re.compile(rf"at most {_COUNT} words", re.IGNORECASE)),
    ("sentences", re.compile(rf"exactly {_COUNT} sentences?|\bin (one) sentence", re.IGNORECASE)),
    ("items", re.compile(rf"exactly {_COUNT} comma-separated", re.IGNORECASE)),
    ("last_word", re.compile(r"end with the word ['\"]?(\w+)", re.IGNORECASE)),
    (
        "json",
        re.compile(r"json object with the keys ([\w, ]{1,80}?)(?: and nothing|[.:;]| for)", re.IGNORECASE),
    ),
    ("lower_case", re.compile(r"lower ?case()", re.IGNORECASE)),
)


@lru_cache(maxsize=4096)
def rules_stated(prompt: str) -> tuple[Rule, ...]:
    """Return the rules of form that a prompt states and this reader can check.

    >>> rules_stated("Name fruits as exactly three bullet points.")
    (Rule(kind='bullets', count=3, words=()),)
    """
    found = ((kind, pattern.search(prompt)) for kind, pattern in _STATED)
    return tuple(_rule(kind, next(filter(None, hit.groups()), "")) for kind, hit in found if hit)


def keeps(rule: Rule, response: str) -> bool:
    """Return whether a response keeps a rule.

    >>> keeps(Rule(kind="max_words", count=3), "Far too many words.")
    False
    """
    return _CHECKS[rule.kind](rule, response.strip())


def _rule(kind: str, said: str) -> Rule:
    if kind == "json":
        keys = re.split(r",| and ", said)
        return Rule(kind=kind, words=tuple(sorted(key.strip() for key in keys if key.strip())))
    if kind == "last_word":
        return Rule(kind=kind, words=(said.lower(),))
    count = int(said) if said.isdigit() else _COUNTS.get(said.lower(), 0)
    return Rule(kind=kind, count=count)


def _json(rule: Rule, text: str) -> bool:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return isinstance(document, dict) and tuple(sorted(document)) == rule.words


def _last_word(rule: Rule, text: str) -> bool:
    words = re.findall(r"\w+", text.lower())
    return words[-1:] == list(rule.words)


_CHECKS: dict[str, Callable[[Rule, str], bool]] = {
    "bullets": lambda rule, text: len(_BULLET.findall(text)) == rule.count,
    "numbered": lambda rule, text: len(_NUMBERED.findall(text)) == rule.count,
    "max_words": lambda rule, text: 0 < len(text.split()) <= rule.count,
    "sentences": lambda rule, text: len(_SENTENCE.findall(text)) == rule.count,
    "items": lambda rule, text: text.count(",") + 1 == rule.count and "\n" not in text,
    "last_word": _last_word,
    "json": _json,
    "lower_case": lambda rule, text: text == text.lower(),  # noqa: ARG005
}
