r"""Regular expressions that a text can keep busy for ever.

A pattern comes from the author of a constitution and is searched for in texts from strangers. Python's
engine tries every way to match, and for some patterns there are exponentially many: `(\w+\s?)*x` on a
line of words takes longer than the universe has. The check reads the parsed pattern and runs nothing,
so it always ends; it looks for the known shapes and is not a proof.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from re import _constants as codes  # type: ignore[attr-defined,unused-ignore]
from re import _parser as parser  # type: ignore[attr-defined,unused-ignore]
from typing import Any

#: A repeat that may go further than this counts as endless.
MANY = 20
#: Characters that stand for all others of their kind.
_SAMPLE = "".join(map(chr, range(9, 127))) + "äß\u05d0\u0628\u4e2d÷\u2028"
_ALL = frozenset(_SAMPLE)
_CATEGORIES = {
    codes.CATEGORY_DIGIT: r"\d",
    codes.CATEGORY_NOT_DIGIT: r"\D",
    codes.CATEGORY_SPACE: r"\s",
    codes.CATEGORY_NOT_SPACE: r"\S",
    codes.CATEGORY_WORD: r"\w",
    codes.CATEGORY_NOT_WORD: r"\W",
}
#: As many repeats that compete make the time grow with at least the cube of the text.
_CUBIC = 3
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What a part of a pattern can begin and end with."""

    nullable: bool
    first: frozenset[str]
    last: frozenset[str]
    #: Characters of endless repeats that stand at its beginning, and at its end.
    head: frozenset[str] = _NOTHING
    tail: frozenset[str] = _NOTHING
    #: What parts at its end that may be left out begin with.
    optional_tail: frozenset[str] = _NOTHING
    #: What each endless repeat runs over, as long as nothing after it stops it.
    runs: tuple[frozenset[str], ...] = ()
    #: The most endless repeats that compete for one character anywhere in it.
    rivals: int = 0
    endless: bool = False


_EMPTY = _Shape(nullable=True, first=_NOTHING, last=_NOTHING)


@lru_cache(maxsize=1024)
def backtracks(pattern: str) -> tuple[str, str] | None:
    r"""Return the level and what is wrong with a pattern that can take far too long, else `None`.

    >>> backtracks(r"(\w+\s?)*x")[0]
    'error'
    >>> backtracks(r"\b(dose|dosage)s?\b") is None
    True

    Raises:
        re.error: It is no regular expression.
    """
    try:
        shape = _sequence(parser.parse(pattern, re.IGNORECASE))
    except RecursionError:
        return "error", "the pattern is nested too deeply to be checked"
    if shape.endless:
        return "error", "a repeat inside a repeat can split the same text in endlessly many ways"
    if shape.rivals >= _CUBIC:
        return "error", "three open repeats over the same characters take time with the cube of the text"
    if shape.rivals == _CUBIC - 1:
        return "warning", "two open repeats over the same characters are slow on long texts"
    return None


def _sequence(items: Any) -> _Shape:
    shape = _EMPTY
    for code, argument in items:
        shape = _joined(shape, _item(code, argument))
    return shape


def _joined(left: _Shape, right: _Shape) -> _Shape:
    skipped = right.first if right.nullable else _NOTHING
    going = (run for run in left.runs if right.nullable or (run & right.first and run & right.last))
    runs = (*going, *right.runs)
    return _Shape(
        nullable=left.nullable and right.nullable,
        first=left.first | right.first if left.nullable else left.first,
        last=left.last | right.last if right.nullable else right.last,
        head=left.head | right.head if left.nullable else left.head,
        tail=left.tail | right.tail if right.nullable else right.tail,
        optional_tail=(left.optional_tail if right.nullable else _NOTHING) | right.optional_tail | skipped,
        runs=runs,
        rivals=max(left.rivals, right.rivals, _rivals(runs)),
        endless=left.endless or right.endless,
    )


def _item(code: Any, argument: Any) -> _Shape:
    if code in (codes.AT, codes.ASSERT, codes.ASSERT_NOT):
        return _EMPTY
    read = _PARTS.get(str(code))
    if read is not None:
        return read(argument)
    characters = _characters(code, argument)
    return _Shape(nullable=False, first=characters, last=characters)


def _kept(least: int, items: Any) -> _Shape:
    """Return the shape of what is never tried again once it has matched."""
    body = _sequence(items)
    return _Shape(nullable=body.nullable or least == 0, first=body.first, last=body.last)


def _repeat(least: int, most: int, items: Any) -> _Shape:
    body = _sequence(items)
    nullable = least == 0 or body.nullable
    if most < MANY:
        return replace(body, nullable=nullable)
    splits = bool(
        body.tail & body.first or body.last & body.head or (body.optional_tail & body.first and most > least)
    )
    run = body.first | body.last
    return _Shape(
        nullable=nullable,
        first=body.first,
        last=body.last,
        head=body.first,
        tail=body.last,
        runs=(run,),
        rivals=max(1, body.rivals),
        endless=body.endless or splits,
    )


def _branch(branches: Sequence[_Shape]) -> _Shape:
    def union(field: str) -> frozenset[str]:
        return _NOTHING.union(*(getattr(branch, field) for branch in branches))

    longest = max((branch.runs for branch in branches), key=_rivals, default=())
    return _Shape(
        nullable=any(branch.nullable for branch in branches),
        first=union("first"),
        last=union("last"),
        head=union("head"),
        tail=union("tail"),
        optional_tail=union("optional_tail"),
        runs=longest,
        rivals=max((branch.rivals for branch in branches), default=0),
        endless=any(branch.endless for branch in branches),
    )


def _rivals(runs: Sequence[frozenset[str]]) -> int:
    """Return how many of the runs share one character, at most."""
    return max((sum(character in run for run in runs) for character in _ALL), default=0)


def _characters(code: Any, argument: Any) -> frozenset[str]:
    """Return the characters that a part of one character's length takes; anything, if it is not known."""
    if code in (codes.LITERAL, codes.NOT_LITERAL):
        named = _cases(chr(argument))
        return named if code is codes.LITERAL else _ALL - named
    if code is codes.IN:
        negated = argument[0][0] is codes.NEGATE
        found = _NOTHING.union(*(_characters(*one) for one in argument if one[0] is not codes.NEGATE))
        return _ALL - found if negated else found
    if code is codes.RANGE:
        low, high = map(chr, argument)
        return frozenset(one for one in _ALL if any(low <= case <= high for case in _cases(one)))
    if code is codes.CATEGORY:
        return frozenset(re.findall(_CATEGORIES[argument], _SAMPLE))
    return _ALL - {"\n"} if code is codes.ANY else _ALL


def _cases(character: str) -> frozenset[str]:
    return frozenset({character.lower(), character.upper()})


_PARTS: Mapping[str, Callable[[Any], _Shape]] = {
    "MAX_REPEAT": lambda argument: _repeat(*argument),
    "MIN_REPEAT": lambda argument: _repeat(*argument),
    "SUBPATTERN": lambda argument: _sequence(argument[3]),
    "BRANCH": lambda argument: _branch([_sequence(branch) for branch in argument[1]]),
    "GROUPREF_EXISTS": lambda argument: _branch([_sequence(branch or ()) for branch in argument[1:]]),
    "ATOMIC_GROUP": lambda argument: _kept(1, argument),
    "POSSESSIVE_REPEAT": lambda argument: _kept(argument[0], argument[2]),
}
