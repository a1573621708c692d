"""Groups of near-duplicate texts, of many texts at once.

What a release or a scan asks of all its prompts; a stage, which sees one pair after the other, keeps
buckets instead (`duplicates_buckets`). Memory is bounded: up to three million characters are looked
through at once, with some 20 bytes a character; of more, 128 bytes are kept of each text.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from prefstream.domain.checks.duplicates_sketches import (
    BANDS,
    may_be_similar,
    sharing_a_band,
    similarity,
    sketches_of,
)
from prefstream.domain.curation.normalisation import normalised

if TYPE_CHECKING:
    from numpy import int64, uint64
    from numpy.typing import NDArray

#: Characters up to which all texts are held at once, so that most need no sketch.
_AT_ONCE: Final = 3_000_000
#: Texts sketched at once.
_CHUNK: Final = 4096
#: Groups of one bucket that a text is compared with at most.
_MOST: Final = 64


def clusters(texts: Sequence[str], *, least: float = 0.8, even: bool = True) -> list[int]:
    """Return for every text the place of the first text of its group.

    Two texts are in one group when a chain of texts leads from one to the other in which each shares at
    least `least` of its runs of five characters with the next, after normalisation.

    Args:
        texts: The texts; some are read again when they are compared.
        least: Share of runs from which two are alike.
        even: Whether to normalise them; they may be so already.

    >>> clusters(["What is 17 times 23?", "Name a colour.", "what is 17 times 23"])
    [0, 1, 0]
    """
    import numpy as np

    def said(place: int) -> str:
        return normalised(texts[place]) if even else texts[place]

    parents = np.arange(len(texts))
    places: Sequence[int] = range(len(texts))
    if sum(map(len, texts)) <= _AT_ONCE:
        places = _worth_sketching([said(place) for place in places], parents)
    bands = np.empty((len(places), BANDS), np.uint64)
    bits = np.empty(len(places), np.uint64)
    for start in range(0, len(places), _CHUNK):
        many = sketches_of([said(place) for place in places[start : start + _CHUNK]])
        bands[start : start + _CHUNK], bits[start : start + _CHUNK] = many.bands, many.bits
    known = dict(zip(places, bits.tolist(), strict=True)) if len(places) < len(texts) else bits
    for band in range(BANDS):
        for members in _buckets(bands[:, band]):
            _join([places[member] for member in members], said, known, parents, least)
    return [_root(parents, place) for place in range(len(texts))]


def _worth_sketching(evened: Sequence[str], parents: "NDArray[int64]") -> list[int]:
    """Join texts that are equal, and return the places of the others that may be like another."""
    first: dict[str, int] = {}
    for place, text in enumerate(evened):
        before = first.setdefault(text, place)
        if before != place:
            parents[place] = before
    shared = sharing_a_band([*first])
    return [place for place, shares in zip(first.values(), shared, strict=True) if shares]


def _buckets(hashes: "NDArray[uint64]") -> "Iterator[list[int]]":
    """Yield the places of texts that share a hash, in order, where there is more than one."""
    import numpy as np

    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    edges = np.concatenate([[0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1, [len(ordered)]])
    several = np.flatnonzero(np.diff(edges) > 1)
    for begin, end in zip(edges[several].tolist(), edges[several + 1].tolist(), strict=True):
        yield order[begin:end].tolist()


def _join(
    members: Sequence[int],
    said: Callable[[int], str],
    bits: "Mapping[int, int] | NDArray[uint64]",
    parents: "NDArray[int64]",
    least: float,
) -> None:
    """Join the groups of a bucket's members that are similar."""
    first: dict[int, int] = {}
    for member in members:
        root = _root(parents, member)
        if root in first:
            continue
        for other in list(first.values())[:_MOST]:
            theirs = _root(parents, other)
            if theirs == root or not may_be_similar(int(bits[member]), int(bits[other]), least=least):
                continue
            if similarity(said(member), said(other)) >= least:
                parents[max(root, theirs)] = min(root, theirs)
                root = min(root, theirs)
        first.setdefault(root, member)


def _root(parents: "NDArray[int64]", place: int) -> int:
    while (above := int(parents[place])) != place:
        parents[place] = parents[above]
        place = above
    return place
