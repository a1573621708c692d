"""Near-duplicates of many texts: our index with exact verification against rensa alone, in one run.

    python benchmarks/near_duplicates.py [--texts hh.jsonl.gz] [--copies 10]

rensa alone makes MinHashes of 128 rows from the same runs of five characters, puts them into its own index
at .8, and asks it for the candidates of every text: nothing is verified, so some of what it names is wrong.
Ours makes its sketches, finds its candidates, compares every candidate text exactly and joins the groups.
Both are given the same normalised texts; repeats are interleaved. Without --texts, texts are made of
words at random, one in ten a copy with some words changed.
"""

import argparse
import gzip
import json
import re
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from prefstream.domain.checks.duplicates import clusters
from prefstream.domain.checks.duplicates_sketches import flat_runs
from prefstream.domain.curation.normalisation import normalised

_TURN = re.compile(r"\n\n(?:Human|Assistant):")
_ROWS = 128
_LEAST = 0.8


def main() -> None:
    """Print the seconds of both, and how they compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--texts", help="JSONL with dialogues in `chosen`; their first turns are compared.")
    parser.add_argument(
        "--copies", type=int, default=1, help="Take every text so often, each changed a little."
    )
    parser.add_argument(
        "--made", type=int, default=20_000, help="Texts that are made where no file is named."
    )
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    texts = _read(options.texts, options.copies) if options.texts else _made(options.made)
    ours: list[float] = []
    theirs: list[float] = []
    groups = flagged = 0
    for _ in range(options.repeats):
        seconds, groups = _timed(partial(_groups, texts))
        ours.append(seconds)
        seconds, flagged = _timed(partial(_rensa_alone, texts))
        theirs.append(seconds)
    one, other = median(ours), median(theirs)
    print(f"{len(texts):,} texts of {sum(map(len, texts)) / len(texts):,.0f} characters")
    print(f"ours   {one:8.3f} s  {len(texts) / one:12,.0f} texts/s  {groups:,} texts repeat an earlier one")
    print(f"rensa  {other:8.3f} s  {len(texts) / other:12,.0f} texts/s  {flagged:,} texts have a candidate")
    print(f"ours takes {one / other:.2f} of rensa's time")
    sys.exit(0 if one <= 1.2 * other else 1)


def _groups(texts: list[str]) -> int:
    found = clusters(texts, least=_LEAST, even=False)
    return sum(first != place for place, first in enumerate(found))


def _rensa_alone(texts: list[str]) -> int:
    """Do what a user of rensa does: a MinHash per text, all of them inserted, each asked for."""
    from rensa import RMinHash, RMinHashLSH  # type: ignore[import-untyped]

    runs, offsets = flat_runs(texts)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(runs, offsets, _ROWS, 42)
    index: Any = RMinHashLSH(_LEAST, _ROWS, 16)
    return sum(index.insert_matrix_and_query_duplicate_flags(matrix, 0))


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def _read(file: str, copies: int) -> list[str]:
    with gzip.open(file, "rt") if file.endswith(".gz") else Path(file).open() as lines:
        turns = [_TURN.split(json.loads(line)["chosen"])[1] for line in lines]
    return [normalised(f"{turn} {copy}" if copy else turn) for copy in range(copies) for turn in turns]


def _made(count: int) -> list[str]:
    chance = Random(7)
    words = [
        "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(5000)
    ]
    texts: list[str] = []
    while len(texts) < count:
        if texts and chance.random() < 0.1:
            said = chance.choice(texts).split()
            said[chance.randrange(len(said))] = chance.choice(words)
        else:
            said = chance.choices(words, k=chance.randint(20, 200))
        texts.append(" ".join(said))
    return texts


if __name__ == "__main__":
    main()
