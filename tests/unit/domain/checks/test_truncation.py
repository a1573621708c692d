"""Responses that were cut off, and ends that only lack a full stop."""

import pytest
from tests.factories import a_pair_proposed, a_response

from prefstream.domain.checks.texts import PairTexts
from prefstream.domain.checks.truncation import truncated_response

LONG = "This sentence is here to make the answer long enough for its end to say something. " * 3


def found(text: str, **parameters: str) -> str:
    response = a_response(text, parameters=parameters)
    return truncated_response(PairTexts(a_pair_proposed(response_b=response)))


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (LONG + "And then the", "response B ends in the middle of a sentence, with 'the'"),
        (LONG + "It depends on the size of\n", "response B ends in the middle of a sentence, with 'of'"),
        (LONG + "First, wash the apples, then,", "response B ends with a comma"),
        ("Here it is:\n```python\nprint(1)\n", "response B opens a code fence and never closes it"),
    ],
)
def test_what_was_cut_off_is_found(text: str, how: str) -> None:
    assert found(text) == how


@pytest.mark.parametrize(
    "text",
    [
        LONG + "That is all",
        LONG + "What are you thinking of?",
        LONG + "It is the thing I came for",
        LONG + "and so on...",
        LONG + "\n\nBest regards,",
        "red, green,",
        "Here it is:\n```python\nprint(1)\n```",
        "Write ``` to open a fence.",
        "",
    ],
)
def test_an_end_that_may_be_one_is_left_alone(text: str) -> None:
    assert not found(text)


def test_the_model_says_so_itself() -> None:
    assert found("Yes", finish_reason="length") == (
        "response B ended at its limit of tokens (finish_reason: length)"
    )
    assert found("Yes", stop_reason="max_tokens")
    assert not found("Yes", finish_reason="stop")
