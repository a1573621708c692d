"""Near-duplicates among real first turns, against comparing every text with every other."""

import gzip
import json
import re
from collections import Counter
from itertools import combinations

import pytest
from tests.oracles.agreement.shared_data import shared, shared_json

from prefstream.domain.checks.duplicates import clusters
from prefstream.domain.checks.duplicates_sketches import may_be_similar, similarity, sketches_of
from prefstream.domain.curation.normalisation import normalised

pytestmark = pytest.mark.shared

LEAST = 0.8
_TURN = re.compile(r"\n\n(?:Human|Assistant):")
Pairs = set[tuple[int, int]]


@pytest.fixture(scope="module")
def texts() -> list[str]:
    with gzip.open(shared("hh_rlhf", "harmless-base.test.jsonl.gz"), "rt") as file:
        return [normalised(_TURN.split(json.loads(line)["chosen"])[1]) for line in file]


@pytest.fixture(scope="module")
def alike(texts: list[str]) -> Pairs:
    """Return all pairs of texts that share .8 of their runs, by counting shared runs."""
    runs = [{text[at : at + 5] for at in range(max(1, len(text) - 4))} for text in texts]
    holders: dict[str, list[int]] = {}
    found: Pairs = set()
    for place, own in enumerate(runs):
        both = Counter(other for run in own for other in holders.get(run, ()))
        found |= {
            (other, place)
            for other, count in both.items()
            if count / (len(own) + len(runs[other]) - count) >= LEAST
        }
        for run in own:
            holders.setdefault(run, []).append(place)
    return found


def test_brute_force_finds_what_the_reference_counts(texts: list[str], alike: Pairs) -> None:
    assert len(alike) == 149
    assert len({place for pair in alike for place in pair}) == 280
    assert len(texts) - len(set(texts)) == 137


def test_the_index_finds_nearly_all_and_verification_leaves_only_those(
    texts: list[str], alike: Pairs
) -> None:
    sketches = sketches_of(texts)
    candidates: Pairs = set()
    for band in sketches.bands.T.tolist():
        buckets: dict[int, list[int]] = {}
        for place, shared_hash in enumerate(band):
            buckets.setdefault(shared_hash, []).append(place)
        candidates |= {pair for bucket in buckets.values() for pair in combinations(bucket, 2)}
    bits = sketches.bits.tolist()
    looked_at = {(a, b) for a, b in candidates if may_be_similar(bits[a], bits[b], least=LEAST)}
    verified = {(a, b) for a, b in looked_at if similarity(texts[a], texts[b]) >= LEAST}
    assert verified <= alike, "precision is 1 after verification"
    assert len(verified) / len(alike) >= 0.987


def test_groups_are_the_chains_of_likeness(texts: list[str], alike: Pairs) -> None:
    group = list(range(len(texts)))
    for _ in range(3):
        for a, b in sorted(alike):
            group[b] = group[a] = min(group[a], group[b])
    assert clusters(texts, least=LEAST) == group


def test_the_reference_was_computed_with_the_same_runs() -> None:
    assert "first_turn_exact_norm_duplicates" in json.dumps(shared_json("hh_rlhf", "reference.json"))
