"""Sentences that want something of the judge: concepts that stand close together."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from prefstream.domain.injection.concepts import BIT, FOREIGN, Hit, concepts, crowded, hits, phrase_concepts
from prefstream.domain.injection.findings import Kind

# Composites of neighbouring words, beyond the bits of single words.
_THIS, _THAT, _PLACED, _LOOSE, _TOP_SCORE, _MINE, _FRAMED, _PAIR = (1 << shift for shift in range(50, 58))
_REFERENCES = {
    "THIS": _THIS, "THAT": _THAT, "PLACED": _PLACED, "LOOSE": _LOOSE, "TOP_SCORE": _TOP_SCORE,
    "MINE": _MINE, "FRAMED": _FRAMED, "PAIR": _PAIR,
}  # fmt: skip
_NAMES = BIT | _REFERENCES
_EXTENSIBLE = BIT["NOUN"] | BIT["WEAK"] | BIT["UNIT"] | BIT["JUDGE"]
#: How far words of one sentence stand apart, in characters.
_REACH = 90
#: Scripts that say more in less room: Japanese, Chinese, Korean.
_DENSE_SCRIPTS, _DENSITY = "\u3040", 2
#: After so many findings a text is not read any further.
_ENOUGH = 100
_ENDS = re.compile(r"[.!?;\n]")
_LETTER = re.compile(r"[ _*'\"(\[#][AB12](?![a-zA-Z0-9])|[(\[][ab][)\]]")
_NUMBERED = re.compile(r" (?:#|no\. ?|number )?(?:[12]|one|two)\b(?![.,]\d)", re.IGNORECASE)
_BRACKETED = re.compile(r" ?[(\[][abAB12][)\]]")
_SENTENCE_ENDS = re.compile(r"(?<!\d)[.!?]\s")


class Rule(NamedTuple):
    """Concepts of which one of each group stands in the same passage."""

    kind: Kind
    groups: tuple[int, ...]
    reach: int = _REACH
    #: Whether the first group comes first, and all in one sentence.
    ordered: bool = False

    def met(self, mask: int) -> bool:
        """Return whether the concepts of a passage meet the rule."""
        return all(mask & group for group in self.groups)


def _rule(kind: Kind, text: str, reach: int = _REACH, *, ordered: bool = False) -> Rule:
    groups = tuple(sum(_NAMES[name] for name in group.split("|")) for group in text.split())
    return Rule(kind, groups, reach, ordered)


_REF = "THIS|THAT|PLACED|MINE"
RULES = (
    _rule(Kind.AGAINST_THE_OTHER, "IGNORE THAT|PLACED", 45),
    _rule(Kind.AGAINST_THE_OTHER, "THAT WORSE"),
    _rule(Kind.FAKE_VERDICT, "FRAMED"),
    _rule(Kind.AGAINST_THE_OTHER, "THAT|PLACED PUNISH"),
    _rule(Kind.FAKE_VERDICT, f"VERDICT {_REF}", 60, ordered=True),
    _rule(Kind.FAKE_VERDICT, "THIS|PLACED BETTER", 50, ordered=True),
    _rule(Kind.ROLE_PLAY, "ROLE JUDGE|VERDICT|PLACED|THAT|THIS"),
    _rule(Kind.ROLE_PLAY, "ROLE NOUN BETTER|PREFER|COMPARE"),
    _rule(Kind.SCORE_CLAIM, "TOP_SCORE THIS|THAT|MINE|JUDGE"),
    _rule(Kind.SCORE_CLAIM, "TOP_SCORE GIVE LOOSE|MUST"),
    _rule(Kind.SCORE_CLAIM, "SCORE THIS|THAT", 40, ordered=True),
    _rule(Kind.SYSTEM_IMPERSONATION, f"AUTHORITY {_REF} PREFER|BETTER|WORSE|VERDICT|MUST"),
    _rule(Kind.SYSTEM_IMPERSONATION, "THIS CERTIFIED", 60),
    _rule(Kind.INSTRUCTION_TO_JUDGE, "IGNORE RULES PRIOR", 60, ordered=True),
    _rule(Kind.INSTRUCTION_TO_JUDGE, "PRIOR RULES IGNORE", 60, ordered=True),
    _rule(Kind.INSTRUCTION_TO_JUDGE, "IGNORE RUBRIC", 60),
    _rule(Kind.INSTRUCTION_TO_JUDGE, f"PREFER {_REF}", 45),
    _rule(Kind.INSTRUCTION_TO_JUDGE, "JUDGE PREFER|BETTER LOOSE|THIS|PLACED|MINE"),
    _rule(
        Kind.INSTRUCTION_TO_JUDGE,
        "DEAR JUDGE PREFER|BETTER|SCORE|VERDICT|IGNORE|ME|GIVE|THIS|THAT|PLACED|MINE",
    ),
    _rule(Kind.INSTRUCTION_TO_JUDGE, "JUDGE STRONG THIS|PLACED"),
    _rule(Kind.INSTRUCTION_TO_JUDGE, "IGNORE STRONG THIS", ordered=True),
    _rule(Kind.INSTRUCTION_TO_JUDGE, "RUBRIC PREFER LOOSE|THIS"),
    _rule(Kind.INSTRUCTION_TO_JUDGE, "PAIR PREFER|BETTER SIDE|LOOSE|PLACED|THIS"),
    _rule(Kind.INSTRUCTION_TO_JUDGE, "JUDGE MUST PREFER|TOP", ordered=True),
)
#: What is hidden or encoded has no business to say even this.
STRICT_RULES = (
    *RULES,
    _rule(Kind.INSTRUCTION_TO_JUDGE, "JUDGE"),
    _rule(Kind.INSTRUCTION_TO_JUDGE, "VERDICT"),
    _rule(Kind.INSTRUCTION_TO_JUDGE, "NOUN|WEAK SELF|SIDE|OTHER|BETTER|PREFER"),
    _rule(Kind.INSTRUCTION_TO_JUDGE, "IGNORE RULES|PRIOR|RUBRIC|OTHER"),
    _rule(Kind.INSTRUCTION_TO_JUDGE, "PREFER SELF|SIDE|OTHER"),
)


class Intent(NamedTuple):
    """A rule that was met, and where."""

    start: int
    kind: Kind


def intents(cased: str, lowered: str, listed: Sequence[str], *, strict: bool) -> list[Intent]:
    """Return what a folded text asks of the judge, each kind once.

    Args:
        cased: The folded text.
        lowered: The same in small letters.
        listed: Its words, in the order of the text.
        strict: Whether the text was hidden or encoded.
    """
    words = set(listed)
    named = concepts(words) | phrase_concepts(lowered, words)
    if not _met_by(_at_most(named, cased), strict=strict):
        return []
    if crowded(lowered, listed, words):
        return [Intent(0, Kind.REPETITION)]
    found = _with_references(cased, hits(lowered, words))
    first: dict[Kind, Intent] = {}
    for intent in islice(_met(found, cased, strict=strict), _ENOUGH):
        first.setdefault(intent.kind, intent)
    return list(first.values())


def _at_most(mask: int, cased: str) -> int:
    """Return the concepts with every reference that these words could make in whatever order."""
    if mask & BIT["NOUN"]:
        mask |= _THIS if mask & (BIT["SELF"] | BIT["STRONG"]) else 0
        mask |= _THAT if mask & BIT["OTHER"] else 0
        mask |= _PAIR if mask & BIT["BOTH"] else 0
        mask |= _MINE if mask & BIT["MY"] else 0
        lettered = not cased.isascii() or _LETTER.search(cased) is not None
        mask |= _PLACED if mask & (BIT["SIDE"] | BIT["WEAK"]) or lettered else 0
        mask |= _FRAMED if mask & BIT["OUTPUT"] and lettered else 0
        mask |= _FRAMED if mask & BIT["STRONG"] and (mask & BIT["OTHER"] or lettered) else 0
    if mask & (BIT["NOUN"] | BIT["WEAK"]) and mask & (BIT["SELF"] | BIT["SIDE"] | BIT["OTHER"] | BIT["MY"]):
        mask |= _LOOSE
    if mask & BIT["UNIT"] and mask & BIT["TOP"]:
        mask |= _TOP_SCORE
    return mask | BIT["DEAR"] if mask & BIT["JUDGE"] else mask


@lru_cache(maxsize=65536)
def _met_by(mask: int, *, strict: bool) -> tuple[Rule, ...]:
    """Return the rules that concepts meet."""
    return tuple(rule for rule in (STRICT_RULES if strict else RULES) if rule.met(mask))


def _with_references(cased: str, found: Sequence[Hit]) -> list[Hit]:
    """Return the hits, nouns with what they refer to: this one, the other one, A or B."""
    return [
        hit._replace(mask=_extended(cased, found, index)) if hit.mask & _EXTENSIBLE else hit
        for index, hit in enumerate(found)
    ]


def _extended(cased: str, found: Sequence[Hit], index: int) -> int:
    start, end, mask = found[index]
    if mask & (BIT["NOUN"] | BIT["WEAK"]):
        mask |= _reference(cased, found, index)
    if mask & BIT["UNIT"] and _near(found, index, 14) & BIT["TOP"]:
        mask |= _TOP_SCORE
    if mask & BIT["JUDGE"] and (cased[end : end + 1] in {":", ","} or cased[start - 1 : start] == "@"):
        mask |= BIT["DEAR"]
    return mask


def _near(found: Sequence[Hit], index: int, gap: int) -> int:
    """Return the concepts of the words right before and after a word."""
    hit = found[index]
    mask = 0
    for other in found[max(0, index - 2) : index + 3]:
        if other.start - hit.end <= gap and hit.start - other.end <= gap:
            mask |= other.mask
    return mask


def _reference(cased: str, found: Sequence[Hit], index: int) -> int:
    noun = found[index]
    lettered = _lettered(cased, noun.end)
    near = _next_to(cased, found, index) | noun.mask
    numbered = lettered or _NUMBERED.match(cased, noun.end) is not None
    if not noun.mask & BIT["NOUN"]:
        return _LOOSE if near & (BIT["SELF"] | BIT["SIDE"] | BIT["OTHER"] | BIT["MY"]) else 0
    strong = bool(noun.mask & BIT["STRONG"])
    reference = _THIS if near & BIT["SELF"] or (strong and cased.startswith(" above", noun.end)) else 0
    reference |= _PAIR if strong and near & BIT["BOTH"] else 0
    reference |= _MINE if near & BIT["MY"] else 0
    reference |= _FRAMED if strong and (lettered or near & BIT["OTHER"]) else 0
    reference |= _FRAMED if noun.mask & BIT["OUTPUT"] and _BRACKETED.match(cased, noun.end) else 0
    reference |= _THAT if near & BIT["OTHER"] else 0
    return reference | (_PLACED if numbered or near & BIT["SIDE"] else 0)


def _next_to(cased: str, found: Sequence[Hit], index: int) -> int:
    """Return the concepts of the words before a noun and, where languages put them there, right after it."""
    noun = found[index]
    near = 0
    for other in found[max(0, index - 3) : index]:
        if other.end <= noun.start and _close(cased[other.end : noun.start]):
            near |= other.mask
    for other in found[index + 1 : index + 2]:
        between = cased[noun.end : other.start]
        if other.mask & FOREIGN and len(between) <= 3 and len(between.strip()) <= 1:
            near |= other.mask
    return near


def _close(between: str) -> bool:
    """Return whether at most one word stands between."""
    return len(between) <= 12 and between.count(" ") <= 2 and not _ENDS.search(between)


def _lettered(cased: str, end: int) -> bool:
    """Return whether a side's letter follows: `Response A`, `output (b)`."""
    if _BRACKETED.match(cased, end):
        return True
    rest = cased[end : end + 6].lstrip(" _*'\"(")
    return rest[:1] in {"A", "B", "\u05d0", "\u05d1", "\u0627", "\u0628"} and not (
        rest[1:2].isascii() and rest[1:2].isalnum()
    )


def _met(found: Sequence[Hit], cased: str, *, strict: bool) -> Iterator[Intent]:
    """Yield the rules met by the words from each word on, as far as the rule reaches."""
    for index, first in enumerate(found):
        mask = foreign = 0
        stretch = _DENSITY if cased[first.start] >= _DENSE_SCRIPTS else 1
        for count, hit in enumerate(found[index : index + 16], start=1):
            distance = (hit.end - first.start) * stretch
            if distance > _REACH:
                break
            foreign += bool(hit.mask & FOREIGN)
            if mask | hit.mask == mask:
                continue
            mask |= hit.mask
            for rule in _met_by(mask, strict=strict):
                if distance <= rule.reach and _in_order(rule, first, cased[first.start : hit.end]):
                    yield Intent(first.start, Kind.FOREIGN if foreign * 2 >= count else rule.kind)


def _in_order(rule: Rule, first: Hit, passage: str) -> bool:
    if not rule.ordered:
        return True
    # Other languages put their words in another order.
    in_order = first.mask & (rule.groups[0] | FOREIGN)
    return bool(in_order) and _SENTENCE_ENDS.search(passage) is None


def repeated(words: Sequence[str]) -> bool:
    """Return whether a text does little but repeat words of judgement."""
    if len(words) < 12 or len(set(words)) * 4 > len(words):
        return False
    judging = BIT["BETTER"] | BIT["PREFER"] | BIT["VERDICT"] | BIT["SCORE"]
    said = sum(count for word, count in Counter(words).items() if concepts({word}) & judging)
    return said * 5 >= len(words)
