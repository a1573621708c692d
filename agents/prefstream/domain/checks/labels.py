"""Checks on a label: whether its rationale says the opposite of its verdict.

Precision comes first: whoever labels with care must not be told off for a "however". Only plain sentences
count, such as "Response B is better", and only where no other plain sentence says otherwise.
"""

import re
from typing import Final

from prefstream.schemas.values import Verdict

_NAMES: Final = {
    **dict.fromkeys(("a", "(a)", "first", "1", "(1)"), "A"),
    **dict.fromkeys(("b", "(b)", "second", "2", "(2)"), "B"),
}
_NOUN: Final = r"(?:response|answer|output|option|reply|completion|text|assistant|candidate|summary|model)"
#: "Response B", "output (b)", "the second answer"; a bare "A" only as a capital where a
#: clause begins, for there are vitamins, too.
_SIDE: Final = (
    rf"(?:(?:{_NOUN}s?\s+\(?(?P<{{0}}1>[ab12])\)?(?![\w'\u2019]))|(?:the\s+(?P<{{0}}2>first|second)(?:\s+(?:{_NOUN}|one))?)"
    rf"|(?:(?<=^)|(?<=[,;:] )|(?<=so )|(?<=overall )|(?<=think )|(?<=that )|(?<=believe )"
    rf"|(?<=prefer )|(?<=hence )|(?<=thus ))(?-i:(?P<{{0}}3>[AB])(?![\w'\u2019.-])))"
)
_HOW: Final = (
    r"(?:(?:clearly|plainly|much|far|by far|definitely|obviously|overall|certainly|significantly|the|a|still"
    r"|therefore) )*"
)
_IS: Final = r"\s+(?:is|was|seems|looks)\s+"
#: The judgement must be of the whole: "better in style" says nothing of the rest.
_WHOLE: Final = (
    rf"(?:\s+(?:{_NOUN}|one|choice|of the two|overall))*"
    r"(?=\s*(?:[.;!,\n]|$|because\b|since\b|as it\b|than\b))"
)
_BETTER: Final = re.compile(
    rf"{_SIDE.format('x')}{_IS}{_HOW}(?:better|superior|preferable|preferred|stronger|best|winner){_WHOLE}"
    rf"|(?:\bI|\bwe)\s+(?:clearly |strongly |much )?prefer\s+{_SIDE.format('y')}{_WHOLE}"
    rf"|{_SIDE.format('z')}\s+(?:clearly )?wins{_WHOLE}",
    re.IGNORECASE,
)
_WORSE: Final = re.compile(
    rf"{_SIDE.format('x')}{_IS}{_HOW}(?:worse|inferior|weaker|worst){_WHOLE}", re.IGNORECASE
)
#: A sentence with one of these is not plain.
_QUALIFIED: Final = re.compile(
    r"n['\u2019]t\b|\b(?:not?|neither|nor|never|hardly|less|but|however|although|though|while|whereas|despite|unless|if"
    r"|would|could|might|may|some|except|only|both|equally|people|at first|first glance|claims?|says?)\b",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"[^.!?\n]+(?:[.!?\n]|$)")
#: "The first and second": a list of both is of neither.
_CHEAP: Final = re.compile(r"better|superior|prefer|strong|best|win|worse|inferior|weak|worst", re.IGNORECASE)


def contradiction(verdict: Verdict, rationale: str) -> str:
    """Return how a rationale contradicts its verdict, in words; empty where it does not, or not plainly.

    Args:
        verdict: As whoever wrote the rationale saw the two: mapped back, it no longer fits the names.
        rationale: What they wrote. Only English is understood.

    >>> contradiction(Verdict.A_BETTER, "A rambles. Response B is clearly better.")
    'the verdict prefers A, the rationale says that B is the better one (at character 12)'
    >>> contradiction(Verdict.A_BETTER, "B is better in style, but A is right.")
    ''
    """
    preference = verdict.preference
    if preference is None or preference.margin == 0 or not _CHEAP.search(rationale):
        return ""
    preferred = "A" if preference.margin > 0 else "B"
    said = [(side, at) for side, at in _plain(rationale)]
    if not said or any(side == preferred for side, _ in said):
        return ""
    other, at = said[0]
    return (
        f"the verdict prefers {preferred}, the rationale says that {other} is the better one"
        f" (at character {at + 1})"
    )


def _plain(rationale: str) -> list[tuple[str, int]]:
    """Return which side plain sentences call the better one, and where."""
    found = []
    for sentence in _SENTENCE.finditer(rationale):
        if _QUALIFIED.search(sentence[0]):
            continue
        said = sentence[0].lstrip()
        start = sentence.end() - len(said)
        found += [(_side(one), start + one.start()) for one in _BETTER.finditer(said)]
        found += [(_opposite(_side(one)), start + one.start()) for one in _WORSE.finditer(said)]
    return found


def _side(found: re.Match[str]) -> str:
    return _NAMES[next(name for name in found.groups() if name).lower()]


def _opposite(side: str) -> str:
    return "B" if side == "A" else "A"
