"""Words of many languages as the few concepts that attacks on a judge are made of."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from prefstream.domain.injection.folding import folded
from prefstream.domain.injection.lexicon import ENGLISH, FOREIGN_WORDS, PHRASES, UNSPACED
from prefstream.domain.injection.phrases import PHRASES as ENGLISH_PHRASES

CONCEPTS = (
    "JUDGE", "VERDICT", "NOUN", "WEAK", "OTHER", "SELF", "SIDE", "BETTER", "WORSE", "PREFER", "IGNORE",
    "RULES", "RUBRIC", "PRIOR", "ROLE", "AUTHORITY", "SCORE", "UNIT", "TOP", "DEAR", "GIVE", "MUST",
    "CERTIFIED", "PUNISH", "STRONG", "MY", "ME", "COMPARE", "BOTH", "OUTPUT",
)  # fmt: skip
BIT = {name: 1 << index for index, name in enumerate(CONCEPTS)}
FOREIGN = 1 << len(CONCEPTS)
_WORD = re.compile(r"[^\W\d_]+")
_LETTERS_ONLY = bytes(code if chr(code).isalpha() else 32 for code in range(128)) + bytes(128)
#: From this length on it matters how dense the words stand.
_CROWD = 50_000
_SHORTEST, _LONGEST = 2, 14


class Hit(NamedTuple):
    """A word that stands for concepts."""

    start: int
    end: int
    mask: int


def _entries(words: dict[str, str], mark: int) -> Iterator[tuple[str, int]]:
    for concept, text in words.items():
        for word in text.split():
            yield folded(word.replace("_", " ")).lower(), BIT[concept] | mark


def _masks(entries: Iterator[tuple[str, int]]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the masks by whole word and by how a word begins."""
    whole: dict[str, int] = {}
    beginnings: dict[str, int] = {}
    for word, mask in entries:
        table = beginnings if word.endswith("*") else whole
        key = word.rstrip("*")
        table[key] = table.get(key, 0) | mask
    return whole, beginnings


_ENGLISH = _masks(_entries(ENGLISH, 0))
_FOREIGN = _masks(_entries(FOREIGN_WORDS, FOREIGN))
_BEGINS = frozenset(word[:_SHORTEST] for beginnings in (_ENGLISH[1], _FOREIGN[1]) for word in beginnings)
_SCRIPTS = (
    "\u0590-\u05ff",
    "\u0600-\u06ff",
    "\u0900-\u097f",
    "\u0980-\u09ff",
    "\u0e00-\u0e7f",
    "\u3040-\u30ff\u4e00-\u9fff",
    "\uac00-\ud7a3",
)
_UNSPACED = tuple(
    (script, tuple(entry for entry in _entries(UNSPACED, FOREIGN) if script.match(entry[0])))
    for script in (re.compile(f"[{letters}]") for letters in _SCRIPTS)
)
_PHRASES = tuple(_entries(PHRASES, FOREIGN))
_PHRASE_STARTS = frozenset(phrase.split()[0] for phrase, _ in _PHRASES)
_ENGLISH_PHRASES = tuple(
    (sum(BIT[concept] for concept in phrase.concepts), phrase) for phrase in ENGLISH_PHRASES
)


class _Words(dict[str, int]):
    """The concepts of every word met so far; forgets them all when there are too many."""

    def __missing__(self, word: str) -> int:
        if len(self) > 100_000:
            self.clear()
        # A word that English has says nothing about other languages.
        mask = self[word] = _mask(word, *_ENGLISH) or _mask(word, *_FOREIGN)
        return mask


def _mask(word: str, whole: dict[str, int], beginnings: dict[str, int]) -> int:
    mask = whole.get(word, 0)
    if word[:_SHORTEST] not in _BEGINS:
        return mask
    for length in range(_SHORTEST, min(len(word), _LONGEST) + 1):
        mask |= beginnings.get(word[:length], 0)
    return mask


_WORDS = _Words()


def words_of(lowered: str) -> list[str]:
    """Return the words of a folded text in small letters."""
    if lowered.isascii():
        # The same words as the pattern finds, in a third of the time.
        return lowered.encode().translate(_LETTERS_ONLY).decode().split()
    return _WORD.findall(lowered)


def concepts(words: set[str]) -> int:
    """Return which concepts the words stand for, all together."""
    mask = 0
    for found in map(_WORDS.__getitem__, words):
        mask |= found
    return mask


def hits(lowered: str, named: set[str]) -> list[Hit]:
    """Return the words with concepts, in the order of the text, given the set of its words."""
    words = _WORDS
    found = [
        Hit(match.start(), match.end(), mask)
        for match in _WORD.finditer(lowered)
        if (mask := words[match.group()])
    ]
    entries = _searched(lowered, named)
    phrases = _english_phrases(lowered, named)
    if entries or phrases:
        found += [hit for entry in entries for hit in _occurrences(lowered, *entry)]
        found += phrases
        found.sort()
    return found


def crowded(lowered: str, listed: Sequence[str], named: set[str]) -> bool:
    """Return whether a long text is made of such words and hardly any others."""
    if len(lowered) < _CROWD:
        return False
    spaced = sum(count for word, count in Counter(listed).items() if _WORDS[word])
    searched = sum(lowered.count(word) for word, _ in _searched(lowered, named))
    # Scripts without spaces say more in less room.
    return spaced * 8 + searched * 5 > len(lowered)


def phrase_concepts(lowered: str, named: set[str]) -> int:
    """Return which concepts the text names in more than a word, or in scripts without spaces."""
    mask = 0
    for word, concept in _searched(lowered, named):
        if word in lowered:
            mask |= concept
    for hit in _english_phrases(lowered, named):
        mask |= hit.mask
    return mask


def _searched(lowered: str, named: set[str]) -> tuple[tuple[str, int], ...]:
    """Return the entries that are searched for in a text of this script."""
    entries = () if _PHRASE_STARTS.isdisjoint(named) else _PHRASES
    if not lowered.isascii():
        for script, words in _UNSPACED:
            if script.search(lowered):
                entries += words
    return entries


def _occurrences(lowered: str, word: str, mask: int) -> Iterator[Hit]:
    position = lowered.find(word)
    while position >= 0:
        yield Hit(position, position + len(word), mask)
        position = lowered.find(word, position + len(word))


def _english_phrases(lowered: str, named: set[str]) -> list[Hit]:
    return [
        Hit(match.start(), match.end(), mask)
        for mask, phrase in _ENGLISH_PHRASES
        if not any(map(named.isdisjoint, phrase.words))
        for match in phrase.found(lowered)
    ]
