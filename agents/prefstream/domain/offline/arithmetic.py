"""Arithmetic as far as the offline reader can do it: plain expressions, percentages, equations."""

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

# Every repetition is bounded: a response of two million digits must not take a day to read.
_NUMBER = r"\d[\d,]{0,30}(?:\.\d{1,30})?"
_TOKEN = re.compile(rf"{_NUMBER}|[-+*/()]")
_SIGN = r"[-+*/\u00d7\u00f7\u2212]"
_EXPRESSION = re.compile(
    rf"\({{0,3}}-?{_NUMBER}\){{0,3}}(?:\s{{0,3}}{_SIGN}\s{{0,3}}\({{0,3}}{_NUMBER}\){{0,3}}){{1,30}}"
)
_PERCENT = re.compile(rf"({_NUMBER})\s*%\s*of\s*({_NUMBER})")
_EQUATION = re.compile(rf"({_EXPRESSION.pattern})\s{{0,3}}=\s{{0,3}}(-?{_NUMBER})")
_STATED = re.compile(rf"(?<![\w.])-?{_NUMBER}")
_WORDS = (
    (re.compile(rf"sum of ({_NUMBER}) and ({_NUMBER})"), r"\1 + \2"),
    (re.compile(rf"product of ({_NUMBER}) and ({_NUMBER})"), r"\1 * \2"),
    (re.compile(r"\btimes\b|\bmultiplied by\b|\bmal\b"), "*"),
    (re.compile(r"\bplus\b"), "+"),
    (re.compile(r"\bminus\b"), "-"),
    (re.compile(r"\bdivided by\b"), "/"),
)
_SIGNS = str.maketrans({"\u00d7": "*", "\u00f7": "/", "\u2212": "-"})


@lru_cache(maxsize=4096)
def result_asked(prompt: str) -> Fraction | None:
    """Return the result that a prompt asks for, or `None` where this reader cannot work it out.

    >>> result_asked("What is 12 + 7 * 3?")
    Fraction(33, 1)
    >>> result_asked("What is 15% of 240?")
    Fraction(36, 1)
    >>> result_asked("A shop sells 14 boxes of 24 pencils. How many pencils?") is None
    True
    """
    percent = _PERCENT.search(prompt)
    if percent:
        return _number(percent[1]) * _number(percent[2]) / 100
    for pattern, sign in _WORDS:
        prompt = pattern.sub(sign, prompt)
    expressions = _EXPRESSION.findall(prompt)
    return value_of(max(expressions, key=len)) if expressions else None


def result_stated(response: str) -> Fraction | None:
    """Return the last number that a response states.

    >>> result_stated("12 + 7 is 19, so the answer is 1,019.")
    Fraction(1019, 1)
    """
    numbers = _STATED.findall(response)
    return _number(numbers[-1]) if numbers else None


def equations_hold(response: str) -> bool | None:
    """Return whether every equation in a response holds; `None` when there is none to check.

    >>> equations_hold("14 * 24 = 336")
    True
    >>> equations_hold("14 * 24 = 346")
    False
    """
    if "=" not in response:
        return None
    checks = [value_of(left) == _number(right) for left, right in _EQUATION.findall(response)]
    return all(checks) if checks else None


def value_of(expression: str) -> Fraction | None:
    """Return the value of an expression of + - * / and brackets; `None` if it has none.

    >>> value_of("(12 + 7) * 3 - 5")
    Fraction(52, 1)
    >>> value_of("1 / 0") is None
    True
    """
    tokens = _TOKEN.findall(expression.translate(_SIGNS))
    # Brackets of the sentence around the expression may have come along.
    while tokens.count(")") > tokens.count("("):
        tokens.pop(len(tokens) - 1 - tokens[::-1].index(")"))
    try:
        value, rest = _sum(tokens, 0)
    except (ArithmeticError, LookupError, ValueError, RecursionError):
        return None
    return value if rest == len(tokens) else None


def _sum(tokens: Sequence[str], at: int) -> tuple[Fraction, int]:
    value, at = _product(tokens, at)
    while at < len(tokens) and tokens[at] in "+-":
        term, after = _product(tokens, at + 1)
        value = value + term if tokens[at] == "+" else value - term
        at = after
    return value, at


def _product(tokens: Sequence[str], at: int) -> tuple[Fraction, int]:
    value, at = _factor(tokens, at)
    while at < len(tokens) and tokens[at] in "*/":
        factor, after = _factor(tokens, at + 1)
        value = value * factor if tokens[at] == "*" else value / factor
        at = after
    return value, at


def _factor(tokens: Sequence[str], at: int) -> tuple[Fraction, int]:
    if tokens[at] == "-":
        value, after = _factor(tokens, at + 1)
        return -value, after
    if tokens[at] == "(":
        value, after = _sum(tokens, at + 1)
        if tokens[after] != ")":
            raise ValueError("a bracket is not closed")
        return value, after + 1
    return _number(tokens[at]), at + 1


def _number(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))
