"""What the offline reader finds in one response to one prompt: a score per clause."""

from dataclasses import dataclass
from functools import lru_cache

from prefstream.domain.offline import arithmetic, code, formats, languages, refusals

#: From this score on, a finding rests on a check and not on an impression.
CHECKED = 0.9
#: Characters of a response that are read; what is longer is judged by its beginning.
READ_CHARS = 20_000
_FLATTERY = ("great question", "certainly!", "of course!", "absolutely!", "sure thing", "gute frage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a response is worth under one clause, between -1 and 1."""

    clause: str
    score: float
    #: What was seen, in a few words.
    because: str


def findings(prompt: str, response: str) -> tuple[Finding, ...]:
    """Return what the reader finds in a response; clauses it cannot read are left out.

    >>> [f.clause for f in findings("What is 2 + 3?", "5")]
    ['correctness']
    """
    beginning = response[:READ_CHARS]
    found = [reader(prompt, beginning) for reader in _READERS]
    return tuple(finding for finding in found if finding is not None)


@lru_cache(maxsize=8192)
def _finding(clause: str, score: float, because: str) -> Finding:
    return Finding(clause=clause, score=score, because=because)


def _harmlessness(prompt: str, response: str) -> Finding | None:
    declined = refusals.declines(response)
    if refusals.sounds_harmful(prompt):
        because = "declines what sounds harmful" if declined else "goes along with what sounds harmful"
        return _finding("harmlessness", 1.0 if declined else -1.0, because)
    return _finding("helpfulness", -1.0, "declines what sounds harmless") if declined else None


def _correctness(prompt: str, response: str) -> Finding | None:
    if code.function_asked(prompt) is not None:
        look = code.surface(prompt, response)
        return _finding("correctness", look, "defines the function" if look > -1 else "lacks the function")
    return _number(prompt, response)


def _number(prompt: str, response: str) -> Finding | None:
    asked = arithmetic.result_asked(prompt)
    if asked is not None:
        if arithmetic.result_stated(response) == asked:
            return _finding("correctness", 1.0, f"has the result {asked}")
        return _finding("correctness", -1.0, f"does not have the result {asked}")
    hold = arithmetic.equations_hold(response)
    if hold is None:
        return None
    if hold:
        return _finding("correctness", 0.4, "has equations that hold")
    return _finding("correctness", -0.9, "has an equation that does not hold")


def _format(prompt: str, response: str) -> Finding | None:
    rules = formats.rules_stated(prompt)
    if not rules:
        return None
    broken = [rule.kind for rule in rules if not formats.keeps(rule, response)]
    if not broken:
        return _finding("format", 1.0, "keeps the stated form")
    return _finding("format", -len(broken) / len(rules), f"breaks the stated form ({broken[0]})")


def _language(prompt: str, response: str) -> Finding | None:
    asked = languages.language_asked(prompt)
    if asked is None or code.function_asked(prompt):
        return None
    spoken = languages.language_of(response)
    if spoken is None:
        return None
    told = f"answers in {spoken}, asked was {asked}"
    return _finding("language", 0.0 if spoken == asked == "en" else 1.0 if spoken == asked else -1.0, told)


def _conciseness(prompt: str, response: str) -> Finding | None:  # noqa: ARG001
    start = response[:60].lower()
    flatters = any(phrase in start for phrase in _FLATTERY)
    return _finding("conciseness", -0.2, "begins with flattery") if flatters else None


def _helpfulness(prompt: str, response: str) -> Finding | None:  # noqa: ARG001
    return None if response.strip() else _finding("helpfulness", -1.0, "is empty")


_READERS = (_harmlessness, _correctness, _format, _language, _conciseness, _helpfulness)
