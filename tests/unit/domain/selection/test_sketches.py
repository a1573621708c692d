"""Sketches: integers that say what routing needs of the texts."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.selection import FEATURES, prompt_sketch, sketch_of

TEXTS = st.text(max_size=200)


@given(TEXTS, TEXTS, TEXTS)
def test_changing_the_responses_over_turns_every_sign(prompt: str, a: str, b: str) -> None:
    there, back = sketch_of(prompt, a, b), sketch_of(prompt, b, a)
    assert there.prompt == back.prompt == prompt_sketch(prompt)
    assert there.features == tuple(-feature for feature in back.features)
    assert len(there.features) == len(FEATURES)


@pytest.mark.parametrize(
    ("name", "a", "b"),
    [
        ("length", "one two three four five six", "one"),
        ("overlap", "The rivers of France are long.", "It depends."),
        ("lists", "- one\n- two\n3. three", "one two three"),
        ("headings", "## Title\n**Point:**\ntext", "Title point text"),
        ("code", "```\nx = 1\n```", "x = 1"),
        ("refusal", "I'm sorry, but I can't help with that.", "Here is how to do that today."),
        ("digits", "17 23 391", "seventeen twenty"),
        ("question", "What do you mean?", "What you mean."),
        ("variety", "all words differ here", "word word word word"),
        ("foreign", "\u0420\u0435\u043a\u0430 \u0421\u0435\u043d\u0430", "The river Seine"),
        ("empty", "  ", "text"),
    ],
)
def test_each_feature_sees_what_it_is_named_for(name: str, a: str, b: str) -> None:
    features = dict(zip(FEATURES, sketch_of("Which rivers of France are long?", a, b).features, strict=True))
    assert features[name] > 0


def distance(one: str, other: str) -> int:
    return (int(prompt_sketch(one), 16) ^ int(prompt_sketch(other), 16)).bit_count()


def test_prompts_that_are_alike_have_sketches_that_are_alike() -> None:
    prompt = "Write a short story about a lighthouse keeper who finds a letter in a bottle on the beach."
    near = prompt.replace("short", "brief")
    far = "Explain how a B-tree index speeds up range queries in a relational database system."
    assert distance(prompt, near) < 16
    assert distance(prompt, far) > 20
    assert prompt_sketch("") == "0" * 16


@pytest.mark.parametrize(
    "text", ["\n" * 100_000, "- " * 50_000, "**" * 50_000, "\u4e2d" * 100_000, "I'm " * 30_000]
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    sketch_of(text, text, text)
    assert time.process_time() - began < 0.5
