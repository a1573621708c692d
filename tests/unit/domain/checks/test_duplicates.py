"""Near-duplicates: likeness, sketches, buckets, uses of a prompt, and groups."""

from itertools import pairwise, permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefstream.domain.checks import duplicates
from prefstream.domain.checks.duplicates import clusters
from prefstream.domain.checks.duplicates_buckets import (
    MOST,
    Entry,
    Use,
    is_repeat,
    packed_bucket,
    packed_uses,
    unpacked_bucket,
    unpacked_uses,
    with_entry,
    with_use,
)
from prefstream.domain.checks.duplicates_sketches import (
    evened,
    flat_runs,
    may_be_similar,
    runs_of,
    similarity,
    sketch_of,
    sketches_of,
)

TEXTS = st.text(st.sampled_from("ab \u00e9\u4e2d\U0001f600\ud800"), max_size=40)
SENTENCE = "please tell me what the capital of france is called and who founded it in the first place"


def runs_as_texts(text: str) -> set[str]:
    padded = text.ljust(5, "\0")
    return {padded[at : at + 5] for at in range(len(padded) - 4)}


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_similarity_is_the_share_of_common_runs(one: str, other: str) -> None:
    left, right = runs_as_texts(one), runs_as_texts(other)
    assert similarity(one, other) == pytest.approx(len(left & right) / len(left | right))


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_the_runs_of_many_texts_are_those_of_each(texts: list[str]) -> None:
    flat, offsets = flat_runs(texts)
    parts = [flat[begin:end].tolist() for begin, end in pairwise(offsets)]
    assert parts == [runs_of(text).tolist() for text in texts]


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_the_sketch_of_a_text_is_the_same_alone_and_among_others(texts: list[str]) -> None:
    many = sketches_of(texts)
    assert [tuple(row) for row in many.bands.tolist()] == [sketch_of(text).bands for text in texts]
    assert many.bits.tolist() == [sketch_of(text).bits for text in texts]


def test_a_changed_word_leaves_a_band_in_common() -> None:
    one, other = sketch_of(SENTENCE), sketch_of(SENTENCE.replace("first", "last"))
    assert set(one.bands) & set(other.bands)
    assert may_be_similar(one.bits, other.bits, least=0.8)
    assert not may_be_similar(one.bits, sketch_of("something else, of no likeness at all").bits, least=0.8)


@pytest.mark.parametrize(
    ("one", "other"),
    [("What's 3 - 4?", "what s\n3 4"), ("\uff26ull, WIDTH", "full width"), ("Stra\u00dfe_1!", "strasse 1")],
)
def test_texts_are_evened_before_they_are_compared(one: str, other: str) -> None:
    assert evened(one) == evened(other)


# Buckets ------------------------------------------------------------------------------------------


def entry(number: int, **changes: Any) -> Entry:
    return Entry(number, f"p{number}", 1 + number, 2 + number, 3 + number, 2**64 - 1 - number)._replace(
        **changes
    )


def test_a_bucket_comes_back_from_its_bytes() -> None:
    bucket = [entry(1), entry(2)._replace(pair_id="\u4e2d\ud800")]
    assert unpacked_bucket(packed_bucket(bucket)) == bucket
    assert unpacked_bucket(None) == []


def test_a_bucket_ends_the_same_whatever_comes_first() -> None:
    chance = Random(1)
    entries = [entry(number, content=number % 40, prompt=0, group=0) for number in range(MOST + 40)]
    ends = []
    for _ in range(5):
        bucket: list[Entry] = []
        for one in chance.sample(entries, len(entries)):
            bucket = with_entry(bucket, one, copies=False) or bucket
        ends.append(bucket)
    assert all(end == ends[0] for end in ends)
    assert [one.at_us for one in ends[0]] == list(range(40)), "the earliest of each content"


def test_a_full_bucket_keeps_the_earliest() -> None:
    bucket: list[Entry] = []
    for number in reversed(range(MOST + 3)):
        bucket = with_entry(bucket, entry(number), copies=True) or bucket
    assert [one.at_us for one in bucket] == list(range(MOST))
    assert with_entry(bucket, entry(MOST), copies=True) is None


# Uses of a prompt ---------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("qrs")), max_size=7), st.randoms())
def test_who_repeats_a_prompt_does_not_depend_on_who_comes_first(
    said: list[tuple[int, str]], chance: Random
) -> None:
    every = [Use(at, f"p{number}", prompt) for number, (at, prompt) in enumerate(said)]
    uses: list[Use] = []
    repeats: set[str] = set()
    for one in chance.sample(every, len(every)):
        repeats |= {one.pair_id} if is_repeat(uses, one) else set()
        after, later = with_use(unpacked_uses(packed_uses(uses)), one)
        repeats |= set(later)
        uses = uses if after is None else after
    assert repeats == {
        one.pair_id for one in every if any(two < one and two.prompt_id != one.prompt_id for two in every)
    }


# Groups -------------------------------------------------------------------------------------------


def varied() -> list[str]:
    chance = Random(3)
    words = ["".join(chance.choices("abcdefgh", k=6)) for _ in range(300)]
    texts: list[str] = []
    for number in range(300):
        said = texts[chance.randrange(number)].split() if number % 3 else chance.choices(words, k=40)
        if number % 3 == 1:
            said[chance.randrange(len(said))] = chance.choice(words)
        texts.append(" ".join(said))
    return texts


def test_groups_are_the_same_whether_all_texts_are_held_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = varied()
    held = clusters(texts)
    monkeypatch.setattr(duplicates, "_AT_ONCE", 0)
    assert clusters(texts) == held
    assert len(set(held)) < 110


def test_no_text_and_one_text_are_groups_too() -> None:
    assert clusters([]) == []
    assert clusters([""]) == [0]
    assert clusters(["", " ", "?", "one"])[:1] == [0]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_likeness_goes_along_chains(order: tuple[int, ...]) -> None:
    chain = [
        SENTENCE,
        SENTENCE.replace("first", "last"),
        SENTENCE.replace("first", "last").replace("who", "which"),
    ]
    assert clusters([chain[place] for place in order], least=0.85) == [0, 0, 0]
