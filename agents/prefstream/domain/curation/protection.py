"""Protected prompts: recognised by hashes, whole or by 13 words in a row, without keeping a text.

13 words in a row is the unit in which the leakage of evaluation sets is usually looked for (Brown et al.,
"Language Models are Few-Shot Learners", 2020, appendix C). Where a script has no spaces, 26 characters
take their place. Texts are compared after normalisation.
"""

import re
from array import array
from base64 import b64decode, b64encode
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Literal

from prefstream.domain.curation.normalisation import normalised
from prefstream.schemas.protection import HASH_BYTES, MAX_HASHES, ProtectedSetPublished, ProtectedSetRemoved

GRAM_WORDS = 13
GRAM_CHARACTERS = 26

#: Thai, Lao, Myanmar, Khmer, kana and Han: words are not parted there.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[^\W{_UNSPACED}]+")
_RUN = re.compile(rf"[{_UNSPACED}]{{{GRAM_CHARACTERS},}}")
_LITTLE_ENDIAN = array("H", [1]).tobytes() == b"\x01\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What of a text is protected."""

    #: The set that protects it.
    set_id: str
    how: Literal["whole", "gram"]
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
        return Match(set_id=self.set_id, how="gram", share=hits / len(text.grams)) if hits else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HashedText:
    """Texts as they are compared with protected sets."""

    wholes: tuple[int, ...]
    grams: tuple[int, ...]


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
    return HashedText(wholes=tuple(_hash(f"whole|{text}") for text in evened), grams=tuple(grams))


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
