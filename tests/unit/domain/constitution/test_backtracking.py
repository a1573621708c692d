"""Patterns that a text can keep busy are told; those that end soon are let through."""

import re
import time

import pytest

from prefstream.adapters.constitutions import EXAMPLES, example_text, parse_constitution
from prefstream.domain.constitution.backtracking import backtracks
from prefstream.domain.constitution.patterns import found

EXPONENTIAL = {
    r"(a+)+$": "a",
    r"(\w+\s?)*!": "a",
    r"(aa+)*$": "a",
    r"(_\w+)*!": "_",
    r"(\w+_)*!": "_",
    r"(a|aa)*$": "a",
    r"(x+x+)+y": "x",
    r"(?:(?:a*)*)*$": "a",
    r"([a-zA-Z]+)*!": "a",
    r"(\d+[.,]?)+$": "1",
    r"^(\w+\s*)+:$": "a",
}


@pytest.mark.parametrize("pattern", EXPONENTIAL)
def test_a_pattern_that_takes_exponential_time_is_an_error(pattern: str) -> None:
    told = backtracks(pattern)
    assert told is not None
    assert told[0] == "error"


@pytest.mark.parametrize(("pattern", "character"), EXPONENTIAL.items())
def test_the_engine_agrees(pattern: str, character: str) -> None:
    compiled = re.compile(pattern, re.IGNORECASE)

    def took(length: int) -> float:
        text = character * length + "\x01"
        began = time.perf_counter()
        compiled.search(text)
        return time.perf_counter() - began

    # Four more characters make an exponential search take many times as long; a polynomial one hardly longer.
    length = next((n for n in range(8, 40) if took(n) > 0.02), 40)
    assert length < 40


@pytest.mark.parametrize(
    "pattern",
    [
        r"\b(dose|dosage)s?\b",
        r"(\w+\s+)*x",
        r"^\s*(test|hi)\W*$",
        r"a{1,3}b*",
        r"(\bfoo\b.{0,15}){2}",
        r"(?>a+)+b",
        r"(?:a++)+b",
        r"\w+@\w+\.\w+",
        r"(?=.*\d)x",
        r"[\u0590-\u06ff]{2,}",
        r"(a)(?(1)b|c)",
        r"(.)\1",
        r"[^a-z\s]+x",
        r"",
    ],
)
def test_a_pattern_that_ends_soon_is_let_through(pattern: str) -> None:
    assert backtracks(pattern) is None


def test_open_repeats_that_compete_are_told_by_how_many_there_are() -> None:
    assert backtracks(r"\d.*x") is None
    assert (backtracks(r".*a.*b") or ("",))[0] == "warning"
    assert (backtracks(r".*a.*b.*c") or ("",))[0] == "error"


def test_the_shipped_patterns_search_a_long_hostile_text_soon() -> None:
    shipped = [parse_constitution(example_text(name), where=name) for name in EXAMPLES]
    rules = [rule.pattern for one in shipped for rule in one.curation]
    triggers = [trigger.pattern for one in shipped for trigger in one.escalation]
    texts = ["1" * 30_000, "was " * 8_000, " \t" * 15_000, "a" * 30_000]
    began = time.perf_counter()
    for pattern in filter(None, [*rules, *triggers]):
        for text in texts:
            found(pattern, text)
    assert time.perf_counter() - began < 60
