"""Duplicates, protection and languages on real first turns of people."""

import gzip
import json
import re

import pytest
from tests.factories import a_message
from tests.oracles.agreement.shared_data import shared, shared_json

from prefstream.domain.curation.language import language_of
from prefstream.domain.curation.normalisation import prompt_hash
from prefstream.domain.curation.protection import Protection, protected_set

pytestmark = pytest.mark.shared

_TURN = re.compile(r"\n\n(?:Human|Assistant):")


@pytest.fixture(scope="module")
def first_turns() -> list[str]:
    with gzip.open(shared("hh_rlhf", "harmless-base.test.jsonl.gz"), "rt") as file:
        return [_TURN.split(json.loads(line)["chosen"])[1].strip() for line in file]


def test_as_many_first_turns_are_duplicates_as_the_reference_counts(first_turns: list[str]) -> None:
    different = {prompt_hash((a_message(turn),)) for turn in first_turns}
    expected = shared_json("hh_rlhf", "reference.json")
    (count,) = _found(expected, "first_turn_exact_norm_duplicates")
    assert len(first_turns) - len(different) == count == 137


def test_a_protected_half_finds_itself_and_little_else(first_turns: list[str]) -> None:
    half, others = first_turns[:1156], first_turns[1156:]
    protection = Protection(sets=(protected_set("half", half),))
    whole = {prompt_hash((a_message(turn),)) for turn in half}
    assert all(protection.match([turn]) is not None for turn in half)
    found = {turn for turn in others if protection.match([turn]) is not None}
    same = {turn for turn in others if prompt_hash((a_message(turn),)) in whole}
    assert same <= found
    assert len(found - same) <= 5, "13 words in a row are hardly ever shared by chance"


def test_english_questions_are_told_as_english_or_as_too_short(first_turns: list[str]) -> None:
    told = [language_of(turn) for turn in first_turns]
    assert told.count("en") / len(told) > 0.95
    assert sum(language not in {"en", "und"} for language in told) / len(told) < 0.01


def _found(document: object, key: str) -> list[int]:
    if isinstance(document, dict):
        own = [document[key]] if key in document else []
        return own + [one for value in document.values() for one in _found(value, key)]
    return []
