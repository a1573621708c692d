"""Sketches of texts, by which near-duplicates find each other without comparing all with all.

A text is its runs of five characters after normalisation. Its MinHash (Broder, "On the resemblance and
containment of documents", 1997) is cut into bands: texts that share the whole of a band are candidates
(Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", section 3.4), with probability 1 - (1 - J^r)^b
for b bands of r rows and texts that share J of their runs. What is found is then compared exactly, so
that the index decides only what is looked at.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy import uint64
    from numpy.typing import NDArray

#: 14 bands of 6 rows find .986 of what shares exactly .8, .9999 of what shares .9.
BANDS: Final = 14
ROWS: Final = 6
#: One bit each of so many rows tells most candidates apart from what chance brought together.
BITS: Final = 64
RUN_CHARACTERS: Final = 5
_SEED: Final = 42
#: Odd numbers of 64 bits by which the rows of a band are told apart in its hash.
_WEIGHTS: Final = (
    0x9E3779B97F4A7C15,
    0xBF58476D1CE4E5B9,
    0x94D049BB133111EB,
    0xD6E8FEB86659FD93,
    0xA0761D6478BD642F,
    0xE7037ED1A0B428DB,
)
_WORD: Final = re.compile(r"[^\W_]+")
_ASCII: Final = bytes(ord(chr(code).lower()) if chr(code).isalnum() else 32 for code in range(128)) + bytes(
    128
)
#: Below this code point five characters fit into 60 bits and a run is its own hash.
_SMALL: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """What a text is looked up by."""

    #: One hash per band; texts that share one are candidates.
    bands: tuple[int, ...]
    #: The lowest bit of each of the first `BITS` rows.
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketches:
    """The sketches of many texts, as flat arrays."""

    #: A row per text, a column per band.
    bands: "NDArray[uint64]"
    bits: "NDArray[uint64]"


def evened(text: str) -> str:
    r"""Return a text as it is compared for likeness: lower case, one blank between words, nothing else.

    Coarser and far quicker than `normalised`, which tells texts apart that differ in one sign.

    >>> evened("What's 3 - 4,\n  really?")
    'what s 3 4 really'
    """
    if text.isascii():
        return b" ".join(text.encode().translate(_ASCII).split()).decode()
    return " ".join(_WORD.findall(normalize("NFKC", text).casefold()))


def runs_of(text: str) -> "NDArray[uint64]":
    """Return the hash of every run of five characters, in order; of a shorter text that of the text itself.

    >>> len(runs_of("abcdefg")), len(runs_of("ab"))
    (3, 1)
    """
    return flat_runs([text])[0]


def flat_runs(texts: "Sequence[str]") -> "tuple[NDArray[uint64], list[int]]":
    """Return the runs of many texts, one text after the other, and where each begins and the last ends."""
    import numpy as np

    if len(texts) == 1:
        alone = _packed(_points(texts[0].ljust(RUN_CHARACTERS, "\0")))
        return alone, [0, len(alone)]
    padded = [text if len(text) >= RUN_CHARACTERS else text.ljust(RUN_CHARACTERS, "\0") for text in texts]
    runs = _packed(_points("".join(padded)))
    ends = np.cumsum([len(text) for text in padded])
    offsets = [0, *(ends - (RUN_CHARACTERS - 1) * np.arange(1, len(ends) + 1)).tolist()]
    within = np.ones(len(runs), bool)
    # What begins in one text and ends in the next is a run of neither.
    within[(ends[:-1, None] - np.arange(1, RUN_CHARACTERS)).ravel()] = False
    return runs[within], offsets


def _points(text: str) -> "NDArray[uint64]":
    import numpy as np

    if text.isascii():
        return np.frombuffer(text.encode(), np.uint8).astype(np.uint64)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)


def _packed(points: "NDArray[uint64]") -> "NDArray[uint64]":
    """Return the packing of every run, and a mixed hash where a character of it is too large for that."""
    import numpy as np

    if not len(points):
        return points
    count = len(points) - RUN_CHARACTERS + 1
    two = points[:-1] | (points[1:] << np.uint64(12))
    packed: NDArray[uint64] = two[:count] | (two[2 : count + 2] << np.uint64(24))
    packed |= points[4:] << np.uint64(48)
    return packed if int(points.max()) < _SMALL else _mixed(points, packed)


def _mixed(points: "NDArray[uint64]", packed: "NDArray[uint64]") -> "NDArray[uint64]":
    import numpy as np

    count = len(packed)
    hashed, large = np.zeros(count, np.uint64), np.zeros(count, bool)
    for place in range(RUN_CHARACTERS):
        own = points[place : count + place]
        hashed = (hashed ^ own) * np.uint64(_WEIGHTS[0])
        hashed ^= hashed >> np.uint64(29)
        large |= own >= _SMALL
    return np.where(large, hashed | np.uint64(1 << 63), packed)


@lru_cache(maxsize=256)
def similarity(one: str, other: str) -> float:
    """Return the share of runs of five characters that two normalised texts have in common (Jaccard).

    J = |A n B| / |A u B|, with A and B the sets of runs.

    >>> similarity("abcdefg", "abcdefg"), similarity("abcdefg", "bcdefgh"), similarity("", "abcdef")
    (1.0, 0.5, 0.0)
    """
    import numpy as np

    if one == other:
        return 1.0
    left, right = _different(runs_of(one)), _different(runs_of(other))
    together = np.sort(np.concatenate([left, right]))
    both = int((together[1:] == together[:-1]).sum())
    return both / (len(left) + len(right) - both)


def _different(runs: "NDArray[uint64]") -> "NDArray[uint64]":
    import numpy as np

    # Sorting is several times as quick as numpy's own `unique`.
    ordered = np.sort(runs)
    news = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=news[1:])
    return ordered[news]


def sharing_a_band(texts: "Sequence[str]") -> list[bool]:
    """Return for each of different normalised texts whether it shares a band with another."""
    from rensa import RMinHashLSH  # type: ignore[import-untyped]

    if len(texts) < 2:
        return [False] * len(texts)
    flags: list[bool] = RMinHashLSH(0.8, BANDS * ROWS, BANDS).query_duplicate_flags_matrix_one_shot(
        _digests(texts)
    )
    return flags


def sketches_of(texts: "Sequence[str]") -> Sketches:
    """Return the sketches of normalised texts."""
    import numpy as np

    rows = _digests(texts).to_rows() if texts else []
    digests = np.array(rows, np.uint64).reshape(len(texts), BANDS * ROWS)
    bits = np.packbits((digests[:, :BITS] & np.uint64(1)).astype(np.uint8), axis=1)
    return Sketches(bands=_banded(digests), bits=bits.view(">u8").astype(np.uint64).reshape(len(texts)))


def _digests(texts: "Sequence[str]") -> Any:
    from rensa import RMinHash

    runs, offsets = flat_runs(texts)
    return RMinHash.digest_matrix_from_flat_token_hashes(runs, offsets, BANDS * ROWS, _SEED)


def sketch_of(text: str) -> Sketch:
    """Return the sketch of one normalised text."""
    many = sketches_of([text])
    return Sketch(bands=tuple(many.bands[0].tolist()), bits=int(many.bits[0]))


def may_be_similar(one: int, other: int, *, least: float) -> bool:
    """Return whether the bits of two sketches allow that their texts share `least` of their runs.

    A bit agrees with probability (1 + J) / 2; five standard deviations below are allowed, so that one in
    three million of those that share just `least` is missed.
    """
    agree = (1 + least) / 2
    allowed: float = BITS * (1 - agree) + 5 * (BITS * agree * (1 - agree)) ** 0.5
    return (one ^ other).bit_count() <= allowed


def _banded(digests: "NDArray[uint64]") -> "NDArray[uint64]":
    """Return one hash per band of each row of digests."""
    import numpy as np

    weights = np.array(_WEIGHTS, np.uint64)
    hashed: NDArray[uint64] = (digests.reshape(len(digests), BANDS, ROWS) * weights).sum(axis=2)
    return hashed ^ (hashed >> np.uint64(32))
