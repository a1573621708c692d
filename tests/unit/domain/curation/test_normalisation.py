"""When two prompts say the same."""

# ruff: noqa: RUF001  (look-alike letters are what is tested)

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_message

from prefstream.domain.curation.normalisation import normalised, prompt_hash


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is the capital of Peru?", "  what IS the\tcapital of peru "),
        ("“Quoted”, said he.", '"quoted" said he'),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("Don’t panic!", "dont panic"),
        ("state-of-the-art", "state of the art"),
        ("price — cost", "price: cost"),
        ("3 + 4 = ?", "3+4 ="),
        ("zero\u200bwidth", "zerowidth"),
        ("Straße", "STRASSE"),
        ("¿Qué hora es?", "qué hora es"),
        ("ما عاصمة فرنسا؟", "ما عاصمة فرنسا"),
        ("cafe\u0301", "café"),
    ],
)
def test_form_case_spacing_and_idle_punctuation_do_not_tell_prompts_apart(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 3-4?", "What is 3*4?"),
        ("What is 3 - 4?", "What is 3 4?"),
        ("What is 3.5 times 2?", "What is 35 times 2?"),
        ("What is 2 + (3 * 4)?", "What is (2 + 3) * 4?"),
        ("What is 5!?", "What is 5?"),
        ("if a != b", "if a == b"),
        ("50%", "50"),
        ("a@b", "a b"),
        ("!", "?"),
    ],
)
def test_signs_that_carry_meaning_do(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@given(st.text(max_size=60))
def test_case_and_outer_blanks_of_any_text_are_evened_out(text: str) -> None:
    assert normalised(f" {text}\n") == normalised(text)
    assert isinstance(normalised(text), str)


def test_who_spoke_and_where_a_turn_ends_are_part_of_a_prompt() -> None:
    together = [prompt_hash((a_message("one two"),)), prompt_hash((a_message("one"), a_message("two")))]
    roles = [prompt_hash((a_message("one two", role=role),)) for role in ("system", "assistant")]
    assert len({*together, *roles}) == 4
