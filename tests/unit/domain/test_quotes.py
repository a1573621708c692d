"""Whether quoted words are a response's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.quotes import found_in, spaced


@given(st.text(max_size=80), st.data())
def test_every_passage_of_a_text_is_found_in_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    assert found_in(text[start:end], spaced(text)) is not False


@pytest.mark.parametrize("quote", ["", " \n", '""', "...", "« »"])
def test_what_quotes_nothing_is_neither_found_nor_missing(quote: str) -> None:
    assert found_in(quote, "anything") is None


def test_a_quote_may_come_from_any_of_the_texts_but_not_from_two_at_once() -> None:
    assert found_in("two", "one", "two") is True
    assert found_in("one two", "one", "two") is False


def test_words_in_a_right_to_left_script_are_found() -> None:
    text = "היום\nהרביעי בשבוע"  # noqa: RUF001  (Hebrew)
    assert found_in("«הרביעי»", spaced(text)) is True
