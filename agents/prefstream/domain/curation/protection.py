"""Protected prompts: recognised by hashes, whole or by 13 words in a row, without keeping a text.

13 words in a row is the unit in which the leakage of evaluation sets is usually looked for (Brown et al.,
"Language Models are Few-Shot Learners", 2020, appendix C). Where a script has no spaces, 26 characters
take their place. A prompt of fewer words is looked for whole, as its words in a row, wherever they stand,
from four words on: fewer are said by chance. Texts are compared after normalisation.
"""

import re
from array import array
from base64 import b64decode, b64encode
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal

from prefstream.domain.curation.normalisation import normalised
from prefstream.schemas.protection import HASH_BYTES, MAX_HASHES, ProtectedSetPublished, ProtectedSetRemoved

if TYPE_CHECKING:
    from numpy import uint64
    from numpy.typing import NDArray

GRAM_WORDS = 13
GRAM_CHARACTERS = 26
#: Fewer words than this are looked for only as a whole text.
FEWEST_WORDS = 4

#: Thai, Lao, Myanmar, Khmer, kana and Han: words are not parted there.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[^\W{_UNSPACED}]+")
_RUN = re.compile(rf"[{_UNSPACED}]{{{GRAM_CHARACTERS},}}")
_BASE = 0x9E3779B97F4A7C15
_LITTLE_ENDIAN = array("H", [1]).tobytes() == b"\x01\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What of a text is protected."""

    #: The set that protects it.
    set_id: str
    #: "embedded": a whole prompt of a few words stands in a longer text.
    how: Literal["whole", "gram", "embedded"]
    #: Share of the text's grams that the set holds; 1 for a whole prompt.
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedSet:
    """A set of protected prompts, as sorted hashes."""

    name: str
    set_id: str
    prompt_count: int
    prompts: Sequence[int] = ()
    grams: Sequence[int] = ()
    parts: int = 1

    def match(self, text: "HashedText") -> Match | None:
        """Return how the set protects a text; `None` where it does not."""
        if any(_holds(self.prompts, whole) for whole in text.wholes):
            return Match(set_id=self.set_id, how="whole", share=1.0)
        hits = sum(_holds(self.grams, gram) for gram in text.grams)
        if hits:
            return Match(set_id=self.set_id, how="gram", share=hits / len(text.grams))
        if any(_holds_any(self.grams, _short_runs(evened)) for evened in text.evened):
            return Match(set_id=self.set_id, how="embedded", share=1.0)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class HashedText:
    """Texts as they are compared with protected sets."""

    wholes: tuple[int, ...]
    grams: tuple[int, ...]
    #: The texts themselves, normalised.
    evened: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """All protected sets in force, and those whose parts are still coming in."""

    sets: tuple[ProtectedSet, ...] = ()
    coming: Mapping[str, tuple[ProtectedSetPublished, ...]] = field(default_factory=dict)

    def match(self, texts: Iterable[str]) -> Match | None:
        """Return how the first set that protects one of the texts does; `None` where none does."""
        if not self.sets:
            return None
        hashed = hashed_text(texts)
        found = (protected.match(hashed) for protected in self.sets)
        return next((match for match in found if match is not None), None)

    def after(self, event: ProtectedSetPublished | ProtectedSetRemoved) -> "Protection":
        """Return the protection after an event; a set holds once all its parts are there."""
        if isinstance(event, ProtectedSetRemoved):
            coming = {key: parts for key, parts in self.coming.items() if key != event.set_id}
            return replace(
                self, sets=tuple(one for one in self.sets if one.set_id != event.set_id), coming=coming
            )
        if any(one.set_id == event.set_id for one in self.sets):
            return self
        parts = [part for part in self.coming.get(event.set_id, ()) if part.part != event.part]
        parts.append(event)
        others = {key: some for key, some in self.coming.items() if some[0].name != event.name}
        if len(parts) < event.parts:
            return replace(self, coming=others | {event.set_id: tuple(parts)})
        sets = [one for one in self.sets if one.name != event.name]
        whole = sorted([*sets, _assembled(parts)], key=lambda one: one.name)
        return replace(self, sets=tuple(whole), coming=others)


def hashed_text(texts: Iterable[str]) -> HashedText:
    """Return texts as hashes: each whole, and all their grams."""
    evened = [normalised(text) for text in texts]
    grams = {gram for text in evened for gram in gram_hashes(text)}
    wholes = tuple([_hash(f"whole|{text}") for text in evened])
    return HashedText(wholes=wholes, grams=tuple(grams), evened=tuple(evened))


def gram_hashes(evened: str) -> Iterator[int]:
    """Yield the hash of every 13 words in a row, and of every 26 characters of a script without spaces."""
    words = _WORD.findall(evened)
    for start in range(len(words) - GRAM_WORDS + 1):
        yield _hash(" ".join(words[start : start + GRAM_WORDS]))
    for run in _RUN.findall(evened):
        for start in range(len(run) - GRAM_CHARACTERS + 1):
            yield _hash(run[start : start + GRAM_CHARACTERS])


def protected_set(name: str, texts: Iterable[str]) -> ProtectedSet:
    """Return the set that protects these prompts.

    >>> found = protected_set("exam", ["What is 17 times 23?"])
    >>> found.match(hashed_text(["what is  17 times 23"])).how
    'whole'
    """
    wholes: set[int] = set()
    grams: set[int] = set()
    for text in texts:
        evened = normalised(text)
        wholes.add(_hash(f"whole|{evened}"))
        grams.update(gram_hashes(evened))
        grams.update(_short_prompt(evened))
    prompts, sorted_grams = array("Q", sorted(wholes)), array("Q", sorted(grams))
    digest = blake2b(_packed(prompts) + b"|" + _packed(sorted_grams), digest_size=8).hexdigest()
    return ProtectedSet(
        name=name,
        set_id=f"{name}#{digest}",
        prompt_count=len(prompts),
        prompts=prompts,
        grams=sorted_grams,
        parts=max(1, -(-(len(prompts) + len(grams)) // MAX_HASHES)),
    )


def parts_of(protected: ProtectedSet) -> list[tuple[str, str]]:
    """Return the hashes of prompts and of grams that each part of the set's publication holds."""
    parts = []
    for start in range(0, protected.parts * MAX_HASHES, MAX_HASHES):
        own = protected.prompts[start : start + MAX_HASHES]
        begin = max(0, start - len(protected.prompts))
        end = max(0, start + MAX_HASHES - len(protected.prompts))
        parts.append((_written(own), _written(protected.grams[begin:end])))
    return parts


def _assembled(parts: Sequence[ProtectedSetPublished]) -> ProtectedSet:
    first = parts[0]
    return ProtectedSet(
        name=first.name,
        set_id=first.set_id,
        prompt_count=first.prompt_count,
        prompts=_read([part.prompts for part in parts]),
        grams=_read([part.grams for part in parts]),
        parts=first.parts,
    )


def _holds(hashes: Sequence[int], wanted: int) -> bool:
    place = bisect_left(hashes, wanted)
    return place < len(hashes) and hashes[place] == wanted


def _hash(text: str) -> int:
    digest = blake2b(text.encode(errors="surrogatepass"), digest_size=HASH_BYTES).digest()
    return int.from_bytes(digest, "big")


def _short_prompt(evened: str) -> list[int]:
    """Return the hash of a prompt of a few words as they stand in a row; none for a longer one."""
    words = _WORD.findall(evened)
    return [int(_runs(words, len(words))[0])] if FEWEST_WORDS <= len(words) < GRAM_WORDS else []


@lru_cache(maxsize=64)
def _short_runs(evened: str) -> "NDArray[uint64]":
    """Return the hash of every run of words that is as long as a short prompt may be."""
    import numpy as np

    words = _WORD.findall(evened)
    longest = min(len(words), GRAM_WORDS - 1)
    runs = [_runs(words, count) for count in range(FEWEST_WORDS, longest + 1)]
    return np.concatenate(runs) if runs else np.zeros(0, np.uint64)


def _runs(words: Sequence[str], count: int) -> "NDArray[uint64]":
    """Return the hash of every run of so many words: a polynomial of the words' hashes, modulo 2^64."""
    import numpy as np

    hashes = np.array([_word(word) for word in words], np.uint64)
    last = len(words) - count + 1
    found = np.full(last, count, np.uint64)
    for place in range(count):
        found = found * np.uint64(_BASE) + hashes[place : place + last]
    return found ^ (found >> np.uint64(31))


@lru_cache(maxsize=65_536)
def _word(word: str) -> int:
    return _hash(f"word|{word}")


def _holds_any(hashes: Sequence[int], wanted: "NDArray[uint64]") -> bool:
    import numpy as np

    if not len(hashes) or not len(wanted):
        return False
    known = np.frombuffer(hashes, np.uint64) if isinstance(hashes, array) else np.array(hashes, np.uint64)
    places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return bool((known[places] == wanted).any())


def _packed(hashes: Sequence[int]) -> bytes:
    packed = array("Q", hashes)
    if _LITTLE_ENDIAN:
        packed.byteswap()
    return packed.tobytes()


def _written(hashes: Sequence[int]) -> str:
    return b64encode(_packed(hashes)).decode()


def _read(written: Sequence[str]) -> "array[int]":
    found = array("Q", b"".join(b64decode(part) for part in written))
    if _LITTLE_ENDIAN:
        found.byteswap()
    return array("Q", sorted(found))
