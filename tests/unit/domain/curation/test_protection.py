"""Protected prompts: recognised whole or by 13 words in a row, published in parts, without texts."""

# ruff: noqa: RUF001  (look-alike letters are what is tested)

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.factories import NOON, a_protected_set_published, a_protected_set_removed

from prefstream.domain.curation import protection
from prefstream.domain.curation.protection import (
    ProtectedSet,
    Protection,
    gram_hashes,
    hashed_text,
    parts_of,
    protected_set,
)
from prefstream.schemas.codec import MAX_VALUE_BYTES, encode
from prefstream.schemas.protection import MAX_HASHES, ProtectedSetPublished

QUESTION = (
    "A train leaves the station at noon and travels north at eighty kilometres an hour; when does it "
    "arrive in the city that is two hundred kilometres away?"
)
CHINESE = "一列火车中午从车站出发以每小时八十公里的速度向北行驶它什么时候到达两百公里外的城市"


def published(found: ProtectedSet) -> list[ProtectedSetPublished]:
    return [
        a_protected_set_published(
            name=found.name,
            set_id=found.set_id,
            part=part,
            parts=found.parts,
            prompt_count=found.prompt_count,
            prompts=prompts,
            grams=grams,
            occurred_at=NOON + timedelta(seconds=part),
        )
        for part, (prompts, grams) in enumerate(parts_of(found), start=1)
    ]


def in_force(*sets: ProtectedSet) -> Protection:
    found = Protection()
    for one in sets:
        for event in published(one):
            found = found.after(event)
    return found


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (QUESTION, "whole"),
        (QUESTION.upper() + "!", "whole"),
        (f"Please help with my homework: {QUESTION} Think step by step.", "gram"),
        ("kilometres an hour; when does it arrive in the city that is two hundred", "gram"),
        ("a train leaves the station at noon and travels north at seventy miles", None),
        ("What is the capital of Peru?", None),
        ("", None),
    ],
)
def test_a_prompt_is_recognised_whole_or_by_thirteen_words_in_a_row(text: str, how: str | None) -> None:
    match = in_force(protected_set("exam", [QUESTION])).match([text])
    assert (match.how if match else None) == how
    if match:
        assert match.set_id.startswith("exam#")
        assert (match.share == 1.0) if how == "whole" else (0 < match.share <= 1)


def test_scripts_without_spaces_are_recognised_by_characters() -> None:
    found = in_force(protected_set("exam", [CHINESE]))
    match = found.match([f"请回答：{CHINESE[5:35]}？谢谢"])
    assert match is not None
    assert match.how == "gram"
    assert found.match(["请将下面的句子翻译成英文：今天天气很好，我们去公园散步吧。"]) is None


def test_a_short_prompt_is_protected_wherever_all_of_it_stands() -> None:
    found = in_force(protected_set("exam", ["What is 17 times 23?"]))
    assert found.match(["what is 17 TIMES 23"]) is not None
    match = found.match(["Tell me: (what is 17 times 23), and then what is 18 times 24 and so on, please"])
    assert match is not None
    assert match.how == "embedded"
    assert found.match(["Tell me what is 17 times 24 and then what is 18 times 23 and so on, please"]) is None


def test_three_words_are_protected_as_a_whole_text_only() -> None:
    found = in_force(protected_set("exam", ["Who are you?"]))
    assert found.match(["who are YOU"]) is not None
    assert found.match(["Tell me, who are you and why?"]) is None


def test_any_turn_of_a_prompt_may_be_the_protected_one() -> None:
    found = in_force(protected_set("exam", [QUESTION]))
    assert found.match(["Hello", QUESTION, "Go on"]) is not None


def test_nothing_is_read_while_nothing_is_protected() -> None:
    assert Protection().match(iter(())) is None


@given(st.lists(st.text(max_size=200), min_size=1, max_size=4))
def test_every_text_of_a_set_is_protected_by_it(texts: list[str]) -> None:
    found = protected_set("exam", texts)
    for text in texts:
        match = found.match(hashed_text([text]))
        assert match is not None
        assert match.how == "whole"


def test_the_same_prompts_make_the_same_set_in_any_order() -> None:
    one, other = protected_set("a", [QUESTION, CHINESE]), protected_set("a", [CHINESE, QUESTION, QUESTION])
    assert one.set_id == other.set_id
    assert protected_set("a", [QUESTION]).set_id != one.set_id


# Publication --------------------------------------------------------------------------------------


def test_a_set_comes_back_from_its_parts_in_any_order_and_only_when_all_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protection, "MAX_HASHES", 4)
    found = protected_set("exam", [QUESTION, "one", "two", "three", "four", "five"])
    parts = published(found)
    assert found.parts == len(parts) > 3

    state = Protection()
    for part in [*parts[1:], parts[1]]:
        state = state.after(part)
        assert state.sets == ()
    state = state.after(parts[0])
    (back,) = state.sets
    assert (back.set_id, list(back.prompts), list(back.grams)) == (
        found.set_id,
        list(found.prompts),
        list(found.grams),
    )
    assert state.coming == {}
    assert state.after(parts[2]) == state


def test_a_newer_set_of_a_name_takes_the_place_of_the_older_one_once_it_is_whole() -> None:
    old, new = protected_set("exam", [QUESTION]), protected_set("exam", ["another question"])
    other = protected_set("drill", ["a drill"])
    state = in_force(old, other, new)
    assert [one.set_id for one in state.sets] == [other.set_id, new.set_id]
    assert state.match([QUESTION]) is None


def test_a_removed_set_protects_no_more_and_can_come_back() -> None:
    found = protected_set("exam", [QUESTION])
    removed = in_force(found).after(a_protected_set_removed(set_id=found.set_id))
    assert removed.sets == ()
    assert removed.after(a_protected_set_removed(set_id="exam#another")) == removed
    assert removed.after(published(found)[0]).match([QUESTION]) is not None


def test_a_part_full_of_hashes_fits_into_an_event_and_no_text_is_in_it() -> None:
    words = " ".join(f"word{number}" for number in range(MAX_HASHES + 500))
    found = protected_set("exam", [words])
    parts = published(found)
    assert len(parts) == 2
    sizes = [len(encode(part)) for part in parts]
    assert max(sizes) < 700_000 < MAX_VALUE_BYTES
    assert not any(b"word1" in encode(part) for part in parts)


@pytest.mark.parametrize("changes", [{"part": 2}, {"grams": "AAAA"}, {"prompts": "not base64!"}])
def test_a_part_that_cannot_be_read_is_no_event(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        a_protected_set_published(**changes)


def test_grams_are_runs_of_thirteen_words() -> None:
    assert len(list(gram_hashes(" ".join(map(str, range(20)))))) == 8
    assert list(gram_hashes("too few words")) == []
