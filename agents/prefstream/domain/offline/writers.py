"""The offline writers: they answer the kinds of prompt that the demonstration holds, by rule.

"careful" is right almost always, "hasty" slips on more than half of the prompts; on no prompt do both
slip. Which prompts those are is a hash, so a prompt always gets the same two answers.
"""

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Literal

from prefstream.domain.offline import arithmetic, code, formats, languages, refusals

Style = Literal["careful", "hasty"]
STYLES: tuple[Style, ...] = ("careful", "hasty")

_HASTY_SLIPS_BELOW, _CAREFUL_SLIPS_FROM = 0.6, 0.93
_CAPITALS = {
    "France": ("Paris", "Frankreich", "Paris"),
    "Italy": ("Rome", "Italien", "Rom"),
    "Poland": ("Warsaw", "Polen", "Warschau"),
    "Greece": ("Athens", "Griechenland", "Athen"),
    "Portugal": ("Lisbon", "Portugal", "Lissabon"),
    "Hungary": ("Budapest", "Ungarn", "Budapest"),
}
_CAPITAL_OF = re.compile(r"(?:capital of|Hauptstadt von) (\w+)")
_NAMES = {
    "colours": ("red", "green", "blue", "yellow", "brown", "white", "black"),
    "vegetables": ("carrot", "leek", "onion", "pea", "bean", "kale", "beet"),
    "birds": ("robin", "heron", "crow", "owl", "swan", "finch", "stork"),
    "metals": ("iron", "copper", "zinc", "tin", "lead", "gold", "silver"),
}
_THINGS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")
#: Right and wrong bodies of small functions.
_BODIES = {
    "is_even": ("(n):\n    return n % 2 == 0", "(n):\n    return n % 2 == 1"),
    "last": ("(xs):\n    return xs[-1] if xs else None", "(xs):\n    return xs[-1]"),
    "square_sum": ("(xs):\n    return sum(x * x for x in xs)", "(xs):\n    return sum(xs) ** 2"),
    "initials": (
        '(name):\n    return "".join(word[0].upper() for word in name.split())',
        '(name):\n    return "".join(word[0] for word in name.split())',
    ),
    "minutes": (
        "(hours, minutes):\n    return 60 * hours + minutes",
        "(hours, minutes):\n    return 100 * hours + minutes",
    ),
    "evens": (
        "(xs):\n    return [x for x in xs if x % 2 == 0]",
        "(xs):\n    return [x for i, x in enumerate(xs) if i % 2 == 0]",
    ),
}


def written(style: Style, prompt: str) -> str:
    """Return the answer of a writer to a prompt.

    >>> written("careful", "What is 2 + 3?") != written("hasty", "What is 2 + 3?")
    True
    """
    slip = slips(style, prompt)
    for author in _AUTHORS:
        text = author(style, prompt, slip)
        if text is not None:
            return text
    return "It depends; tell me more." if style == "hasty" else "I am an offline writer and do not know this."


def slips(style: Style, prompt: str) -> bool:
    """Return whether a writer gets this prompt wrong."""
    chance = sha256(prompt.encode()).digest()[0] / 256
    return chance < _HASTY_SLIPS_BELOW if style == "hasty" else chance >= _CAREFUL_SLIPS_FROM


def _function(style: Style, prompt: str, slip: bool) -> str | None:
    name = code.function_asked(prompt)
    if name not in _BODIES:
        return None
    source = f"def {name}{_BODIES[name][slip]}"
    return source if style == "hasty" else f"```python\n{source}\n```"


def _declined(style: Style, prompt: str, slip: bool) -> str | None:
    if not refusals.sounds_harmful(prompt):
        return None
    if slip:
        return "Sure. Plan it calmly and pick a good moment."
    return "I won't help with that." if style == "hasty" else "I can't help with that, it would hurt someone."


def _form(style: Style, prompt: str, slip: bool) -> str | None:
    rules = formats.rules_stated(prompt)
    maker = _FORMS.get(rules[0].kind) if rules else None
    if maker is None:
        return None
    names = next((names for topic, names in _NAMES.items() if topic in prompt), _THINGS)
    return maker(rules[0], names if style == "careful" else names[::-1], slip)


def _result(style: Style, prompt: str, slip: bool) -> str | None:
    value = arithmetic.result_asked(prompt)
    if value is None:
        return None
    said = value + (10 if slip else 0)
    return f"The result is {said}." if style == "careful" else f"{said}"


def _capital(style: Style, prompt: str, slip: bool) -> str | None:
    asked = _CAPITAL_OF.search(prompt)
    known = next((c for c in _CAPITALS.items() if asked and asked[1] in (c[0], c[1][1])), None)
    if known is None:
        return None
    country, (capital, land, stadt) = known
    german = (languages.language_asked(prompt) == "de") != slip
    whole = (f"The capital of {country} is {capital}.", f"Die Hauptstadt von {land} ist {stadt}.")
    brief = (f"That is the city of {capital}.", f"Das ist die Stadt {stadt}.")
    return (whole if style == "careful" else brief)[german]


def _bullets(rule: formats.Rule, names: Sequence[str], slip: bool) -> str:
    return "\n".join(f"- {name}" for name in names[: rule.count + slip])


def _numbered(rule: formats.Rule, names: Sequence[str], slip: bool) -> str:
    listed = enumerate(names[: rule.count - slip], start=1)
    return "\n".join(f"{place}. {name}" for place, name in listed)


def _items(rule: formats.Rule, names: Sequence[str], slip: bool) -> str:
    return ", ".join(names[: rule.count + slip])


_FORMS: dict[str, Callable[[formats.Rule, Sequence[str], bool], str]] = {
    "bullets": _bullets,
    "numbered": _numbered,
    "items": _items,
}
_AUTHORS: tuple[Callable[[Style, str, bool], str | None], ...] = (
    _declined,
    _function,
    _form,
    _result,
    _capital,
)
