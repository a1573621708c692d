"""National ids whose check digits can be verified: without one, a number is just a number.

Sources: GB 11643-1999 (China), Orden INT/2058/2008 (Spain), INSEE, NIR (France), DM 23/12/1976 (Italy),
Receita Federal, CPF (Brazil), Skatteverket SKV 704 (Sweden), DVV (Finland).
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Final, NamedTuple


class _NationalId(NamedTuple):
    name: str
    pattern: re.Pattern[str]
    valid: Callable[[re.Match[str]], bool]


def national_ids(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and kind of every national id in a text."""
    for kind in _KINDS:
        for found in near_digits(kind.pattern, text):
            if kind.valid(found):
                yield found.start(), found.end(), kind.name


#: Where a number can be: to try every pattern at every letter would take ten times as long.
_NEAR: Final = re.compile(r"\d[\dA-Z .()+-]{5,}")
#: Characters before the first digit, and behind the last, that a pattern reads.
_BEFORE, _BEHIND = 8, 2


def near_digits(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the places where a pattern fits, looked for only where digits and capitals stand together.

    A pattern must read no more than 8 characters before its first digit, and 2 behind its last sign.
    """
    for place in _NEAR.finditer(text):
        yield from pattern.finditer(text, max(0, place.start() - _BEFORE), place.end() + _BEHIND)


def luhn(digits: str) -> bool:
    """Return whether the last digit checks the others (ISO/IEC 7812-1, by H. P. Luhn).

    >>> luhn("79927398713"), luhn("79927398710")
    (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) << (place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        return date(year, month, day).year >= 1900
    except ValueError:
        return False


def _china(found: re.Match[str]) -> bool:
    said = found[0]
    weighed = sum((1 << (17 - place)) % 11 * int(digit) for place, digit in enumerate(said[:17]))
    born = _is_date(int(said[6:10]), int(said[10:12]), int(said[12:14]))
    return born and "10X98765432"[weighed % 11] == said[17].upper()


def _spain(found: re.Match[str]) -> bool:
    number = int({"X": "0", "Y": "1", "Z": "2"}.get(found[1], found[1]) + found[2])
    return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] == found[3]


def _france(found: re.Match[str]) -> bool:
    plain = re.sub(r"\s", "", found[1]).replace("2A", "19").replace("2B", "18")
    return 97 - int(plain) % 97 == int(found[2])


_ODD: Final = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21),
            *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        ),
        strict=True,
    )
)


def _italy(found: re.Match[str]) -> bool:
    said = found[0]
    even = sum(int(c) if c.isdigit() else ord(c) - 65 for c in said[1:15:2])
    return chr(65 + (even + sum(_ODD[c] for c in said[0:15:2])) % 26) == said[15]


def _brazil(found: re.Match[str]) -> bool:
    digits = [int(c) for c in found[0] if c.isdigit()]
    if len(set(digits)) == 1:
        return False
    checks = [
        sum(weight * digit for weight, digit in zip(range(n + 1, 1, -1), digits, strict=False)) * 10 % 11 % 10
        for n in (9, 10)
    ]
    return checks == digits[9:]


def _sweden(found: re.Match[str]) -> bool:
    year, month, day, last = found.groups()
    born = any(_is_date(century + int(year[-2:]), int(month), int(day)) for century in (1900, 2000))
    return born and luhn(year[-2:] + month + day + last)


def _finland(found: re.Match[str]) -> bool:
    day, month, year, number, check = found.groups()
    born = any(_is_date(century + int(year), int(month), int(day)) for century in (1900, 2000))
    return born and "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(day + month + year + number) % 31] == check


_KINDS: Final = (
    _NationalId(
        "a Chinese resident id", re.compile(r"(?<![\dA-Za-z])[1-9]\d{16}[\dXx](?![\dA-Za-z])"), _china
    ),
    _NationalId(
        "a Spanish id", re.compile(r"(?<![\dA-Za-z])(\d|[XYZ])(\d{7})-?([A-Z])(?![\dA-Za-z])"), _spain
    ),
    _NationalId(
        "a French social security number",
        re.compile(r"(?<!\d)([12] ?\d\d ?(?:0[1-9]|1[0-2]) ?(?:\d\d|2[AB]) ?\d{3} ?\d{3}) ?(\d\d)(?!\d)"),
        _france,
    ),
    _NationalId(
        "an Italian tax code",
        re.compile(r"(?<![\dA-Z])[A-Z]{6}\d\d[ABCDEHLMPRST]\d\d[A-Z]\d{3}[A-Z](?![\dA-Z])"),
        _italy,
    ),
    _NationalId("a Brazilian CPF", re.compile(r"(?<![\d.])\d{3}\.\d{3}\.\d{3}-\d\d(?!\d)"), _brazil),
    _NationalId(
        "a Swedish personal number", re.compile(r"(?<!\d)(\d\d|\d{4})(\d\d)(\d\d)[-+](\d{4})(?!\d)"), _sweden
    ),
    _NationalId(
        "a Finnish personal code",
        re.compile(r"(?<![\dA-Za-z])(\d\d)(\d\d)(\d\d)[-+ABCDEFYXWVU](\d{3})([0-9A-Y])(?![\dA-Za-z])"),
        _finland,
    ),
)
