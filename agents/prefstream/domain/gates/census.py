"""The census of a release: integer counts, from which every gate and every figure of the card is read.

Counts add up in any order, so that two halves of a release, counted by two processes, are the whole one.
Memory grows with slices, annotators (with the square of those who share pairs), days and clauses of the
vocabulary, not with pairs.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from prefstream.domain.agreement import Compositions, PairTable
from prefstream.domain.agreement.compositions import composition_said
from prefstream.domain.gates.counting import Key, of_evidence, of_gold, of_row
from prefstream.domain.releases.examples import Example
from prefstream.schemas.errors import BadInput
from prefstream.schemas.people import GoldAnswered

#: Different tags that are counted by name; of more, hashes are counted. Tags come from outside.
MOST_TAGS: Final = 2000
_TAG_BUCKETS: Final = 512
_BUCKET: Final = re.compile(r"#\d{3}")
_FORMAT: Final = 1
#: Where annotators stand in the keys of a kind.
_ANNOTATORS: Final[Mapping[str, tuple[int, ...]]] = {"annotator": (2,), "pair": (2, 3), "gold": (2,)}


class Census:
    """Counts of a release's pairs and of what they rest on; adds and merges, never forgets.

    >>> census = Census({("pairs", "law"): 2})
    >>> census.merge(Census({("pairs", "law"): 1, ("pairs", "code"): 4}))
    >>> census.slices, census.count("pairs", "law"), census.total("pairs")
    (('code', 'law'), 3, 7)
    """

    __slots__ = ("_counts", "_tags_hashed")

    def __init__(self, counts: Mapping[Key, int] | None = None, *, tags_hashed: bool = False) -> None:
        self._counts: dict[str, Counter[Key]] = {}
        self._tags_hashed = tags_hashed
        for key, count in (counts or {}).items():
            self._by_kind(key[0])[key[1:]] += count
        self._bound_tags()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Census) and self._counts == other._counts

    __hash__ = None  # type: ignore[assignment]  # it changes

    def add(self, example: Example, *, taken: bool = True) -> None:
        """Count a pair.

        Args:
            example: The pair.
            taken: Whether it is a row. One that only the plan's policy of ties leaves out still shows how
                people and the judge agree; without it those figures would be chosen by their outcome.
        """
        self._take(of_evidence(example))
        if taken:
            self._take(of_row(example))
            self._take(("tag", tag_of(tag, hashed=self._tags_hashed)) for tag in set(example.tags))
            self._bound_tags()

    def add_gold(self, event: GoldAnswered) -> None:
        """Count an answer to a gold question."""
        self._take([of_gold(event)])

    def merge(self, other: "Census") -> None:
        """Add another census of other pairs."""
        for kind in other.kinds:
            self._by_kind(kind).update(other.of(kind))
        self._bound_tags(hash_them=self._tags_hashed or other.tags_hashed)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of what was counted."""
        return tuple(sorted(self._counts))

    @property
    def tags_hashed(self) -> bool:
        """Return whether there are too many tags to count them by name."""
        return self._tags_hashed

    @property
    def slices(self) -> tuple[str, ...]:
        """Slices with rows, by name."""
        return tuple(sorted(name for (name,) in self.of("pairs")))

    def count(self, kind: str, *parts: str) -> int:
        """Return how often one thing was counted."""
        return self.of(kind).get(parts, 0)

    def total(self, kind: str, *first: str) -> int:
        """Return how often things of a kind were counted whose keys begin so."""
        width = len(first)
        return sum(count for key, count in self.of(kind).items() if key[:width] == first)

    def by(self, kind: str, *first: str) -> dict[str, int]:
        """Return counts by what follows the first parts of their keys, by name."""
        width, found = len(first), Counter[str]()
        for key, count in self.of(kind).items():
            if key[:width] == first:
                found[key[width]] += count
        return dict(sorted(found.items()))

    def over(self, kind: str, place: int) -> dict[str, int]:
        """Return counts by one part of their keys, over all the others."""
        found = Counter[str]()
        for key, count in self.of(kind).items():
            found[key[place]] += count
        return dict(sorted(found.items()))

    def of(self, kind: str) -> Mapping[Key, int]:
        """Return the counts of a kind, by the rest of their keys."""
        return self._counts.get(kind, {})

    def ordinal(self, name: str) -> Compositions:
        """Return the labels of a slice's pairs on the five-point scale, first round alone."""
        return Compositions.sum(
            {composition_said(text): count} for text, count in self.by("ordinal", name).items()
        )

    def pair_tables(self, name: str) -> Sequence[PairTable]:
        """Return how every two annotators of a slice labelled the same pairs, by their names."""
        tables: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
        for (slice_name, one, other, first, second), count in self.of("pair").items():
            if slice_name == name:
                tables.setdefault((one, other), {})[first, second] = count
        return [PairTable(counts=tables[names]) for names in sorted(tables)]

    def document(self) -> dict[str, Any]:
        """Return it as a document to publish: annotators have numbers in place of names."""
        numbers = self._numbers()
        rows = [
            [kind, *_numbered(kind, key, numbers), count]
            for kind, counts in self._counts.items()
            for key, count in counts.items()
        ]
        return {"format": _FORMAT, "tags_hashed": self._tags_hashed, "counts": sorted(rows)}

    def _numbers(self) -> dict[str, str]:
        """Return a number for every annotator: who labelled most is the first."""
        labels = self.over("annotator", 1)
        names = {
            key[place - 1]
            for kind, places in _ANNOTATORS.items()
            for key in self.of(kind)
            for place in places
        }
        ranked = sorted(names, key=lambda name: (-labels.get(name, 0), name))
        return {name: f"annotator-{number:04d}" for number, name in enumerate(ranked, 1)}

    def _take(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._by_kind(key[0])[key[1:]] += 1

    def _by_kind(self, kind: str) -> Counter[Key]:
        found = self._counts.get(kind)
        if found is None:
            found = self._counts[kind] = Counter()
        return found

    def _bound_tags(self, *, hash_them: bool = False) -> None:
        """Count hashes in place of tags once there are too many.

        Whether there are does not depend on the order of pairs, so neither does what becomes of them.
        """
        tags = self._by_kind("tag")
        if not hash_them and len(tags) <= MOST_TAGS:
            return
        self._tags_hashed = True
        folded = Counter[Key]()
        for (tag,), count in tags.items():
            folded[tag_of(tag, hashed=True),] += count
        self._counts["tag"] = folded


def tag_of(tag: str, *, hashed: bool) -> str:
    """Return how a tag is counted: by name, or by one of 512 hashes.

    >>> tag_of("medical", hashed=False), tag_of("medical", hashed=True)
    ('medical', '#486')
    >>> tag_of("#486", hashed=True)
    '#486'
    """
    if not hashed or _BUCKET.fullmatch(tag):
        return tag
    return f"#{int.from_bytes(sha256(tag.encode()).digest()[:4]) % _TAG_BUCKETS:03d}"


def census_of(document: Mapping[str, Any]) -> Census:
    """Return the census that a document says.

    Raises:
        BadInput: It is none.
    """
    try:
        if document["format"] != _FORMAT:
            raise BadInput(f"the census has format {document['format']!r}; this version reads {_FORMAT}")
        counts = {tuple(map(str, key)): int(count) for *key, count in document["counts"]}
        return Census(counts, tags_hashed=bool(document["tags_hashed"]))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise BadInput(f"this is no census of a release ({error}); take census.json of a release") from error


def _numbered(kind: str, key: Key, numbers: Mapping[str, str]) -> Sequence[str]:
    places = _ANNOTATORS.get(kind, ())
    return [numbers[part] if place in places else part for place, part in enumerate(key, 1)]
