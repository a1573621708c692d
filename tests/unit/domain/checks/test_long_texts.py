"""No text, however long and whatever it repeats, keeps a check busy for long."""

from time import process_time

import pytest
from tests.factories import a_message, a_pair_proposed, a_response

from prefstream.domain.checks.content import content_checks
from prefstream.domain.checks.labels import contradiction
from prefstream.schemas.values import Verdict

LENGTH = 100_000
#: Far above what is needed, and far below what quadratic time would take.
ENOUGH_S = 3.0
REPEATED = (
    "a",
    "1",
    "A1",
    "1 ",
    "1.",
    "1.2.3.",
    "1-",
    "+1 (",
    "a@",
    "a@b.",
    "john@acme.com ",
    "@",
    "2001:",
    "2a00::1 ",
    "AB12 3456 ",
    "4539 1488 0343 6467 ",
    "eyJ",
    "eyJhbGciOiJIUzI1NiJ9.",
    "-----BEGIN PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\na: a: a: ",
    "//_authToken=",
    "aws_secret ",
    "i am chatgpt ",
    "as an ai language model ",
    "language model ",
    "我是语言模型",
    "Ã©",
    "\\n",
    "&amp;",
    "```\n",
    "der the die of le ",
    "這是",
    "B is better ",
    "response ",
    "\ufffd",
    "( ",
)


@pytest.mark.parametrize("repeated", REPEATED)
def test_a_long_text_is_checked_in_time(repeated: str) -> None:
    text = repeated * (LENGTH // len(repeated))
    pair = a_pair_proposed(
        messages=(a_message(text),), response_a=a_response(text), response_b=a_response(text + "!")
    )
    began = process_time()
    content_checks(pair)
    contradiction(Verdict.A_BETTER, text)
    assert process_time() - began < ENOUGH_S
