"""How a verdict becomes a category: the one place that knows.

| verdict | nominal | ordinal |
|---|---|---|
| `A>>`, `A>` | `A` | as it is |
| `=` | `=` | as it is |
| `B>`, `B>>` | `B` | as it is |
| `both_bad` | `both_bad` | missing |
| `unsure` | missing | missing |

`unsure` says nothing about the pair: counting it as a category would turn two people who do not
know into two people who agree. `both_bad` does say something, and two people who say it agree,
but it has no place between "A is better" and "B is better". Neither is ever a tie.
"""

from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Preference, Verdict

#: Categories of the nominal statistics.
NOMINAL_CATEGORIES = ("A", "=", "B", "both_bad")
#: Categories of the ordered statistics, from A to B.
ORDINAL_CATEGORIES = tuple(str(preference) for preference in Preference)
#: The five-point scale as numbers, for interval statistics: +2 for A>> to -2 for B>>.
MARGINS = {str(preference): preference.margin for preference in Preference}


def _nominal(verdict: Verdict) -> str | None:
    if verdict.preference is None:
        return None if verdict is Verdict.UNSURE else str(verdict)
    return "=" if verdict.preference.margin == 0 else str(verdict)[0]


_NOMINAL: dict[str, str | None] = {str(verdict): _nominal(verdict) for verdict in Verdict}
_ORDINAL: dict[str, str | None] = {
    str(verdict): None if verdict.preference is None else str(verdict.preference) for verdict in Verdict
}


def nominal(verdict: str) -> str | None:
    """Return the nominal category of a verdict; `None` means missing.

    >>> [nominal(verdict) for verdict in ("A>>", "B>", "=", "both_bad", "unsure")]
    ['A', 'B', '=', 'both_bad', None]

    Raises:
        BadInput: This is not a verdict. It must not pass for a tie.
    """
    return _category(_NOMINAL, verdict)


def ordinal(verdict: str) -> str | None:
    """Return the place of a verdict on the five-point scale; `None` means missing.

    >>> [ordinal(verdict) for verdict in ("A>>", "B>", "=", "both_bad", "unsure")]
    ['A>>', 'B>', '=', None, None]

    Raises:
        BadInput: This is not a verdict.
    """
    return _category(_ORDINAL, verdict)


def _category(categories: dict[str, str | None], verdict: str) -> str | None:
    try:
        return categories[verdict]
    except KeyError:
        known = ", ".join(categories)
        raise BadInput(f"{verdict!r} is not a verdict; map it to one of {known} before counting") from None
