"""Diversity: a prompt like those people have labelled often counts less.

The 64 bits of a prompt's SimHash are read as bands; prompts that share a band share a bucket. Locality
sensitive hashing by bands: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, chapter 3.
"""

from collections.abc import Iterator, Mapping

BANDS = 6
BAND_BITS = 10
BUCKETS = 1 << BAND_BITS
#: Bands in which a prompt must have met another before that counts: one band may agree by chance.
_AGREEING = 2


def buckets_of(sketch: str) -> Iterator[str]:
    """Yield the bucket of a prompt's sketch in each band, as "band:bucket".

    >>> list(buckets_of("0000000000000401"))
    ['0:1', '1:1', '2:0', '3:0', '4:0', '5:0']
    """
    bits = int(sketch, 16)
    for band in range(BANDS):
        yield f"{band}:{bits >> (BAND_BITS * band) & (BUCKETS - 1)}"


def diversity(seen: Mapping[str, int], n: int, sketch: str) -> int:
    """Return how little a prompt is like those seen, in thousandths.

    (K + n) / (K + n + K c), with K buckets a band, n prompts seen and c of them in the same bucket, in
    the band with the second most: 1000 for a prompt like none, about 500 for one whose like was seen as
    often as the average.

    Args:
        seen: Prompts seen by bucket, see `buckets_of`.
        n: Prompts seen.
        sketch: The sketch of the prompt.

    >>> diversity({}, 0, "0" * 16)
    1000
    >>> diversity({"0:0": 1, "1:0": 1}, 1, "0" * 16)
    500
    """
    met = sorted(seen.get(bucket, 0) for bucket in buckets_of(sketch))[-_AGREEING]
    return 1000 * (BUCKETS + n) // (BUCKETS + n + BUCKETS * met)
