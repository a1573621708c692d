from fractions import Fraction

import pytest

from prefstream.domain.offline import arithmetic, code, formats, languages, refusals
from prefstream.domain.offline.reading import findings


@pytest.mark.parametrize(
    ("prompt", "result"),
    [
        ("What is 347 + 589?", 936),
        ("Compute 23 \u00d7 47.", 1081),
        ("What is 12 times 12?", 144),
        ("Work out (12 + 7) * 3 - 5.", 52),
        ("What is (2 + 3)?", 5),
        ("What is 15% of 240?", 36),
        ("What is 1,000 - 1?", 999),
        ("What is 7 / 2?", Fraction(7, 2)),
        ("What is 8 / 0?", None),
        ("Name three fruits.", None),
    ],
)
def test_plain_expressions_are_worked_out(prompt: str, result: Fraction | int | None) -> None:
    assert arithmetic.result_asked(prompt) == result


@pytest.mark.parametrize("length", [10_000, 200_000])
def test_endless_digits_and_brackets_are_read_in_bounded_time(length: int) -> None:
    for text in ("1" * length, "(" * length, "1+" * length, "1," * length, "- " * length, "a\n" * length):
        arithmetic.result_stated(text)
        arithmetic.equations_hold(f"{text} = 1")
        findings("What is 2 + 3? Answer in exactly two sentences.", text)


@pytest.mark.parametrize(
    ("prompt", "good", "bad"),
    [
        ("Name birds as exactly two bullet points.", "- owl\n- crow", "- owl"),
        ("Name birds as exactly two numbered items.", "1. owl\n2. crow", "- owl\n- crow"),
        ("In at most 3 words: why?", "Because it is.", "Because it is so."),
        ("Answer in exactly two sentences: why?", "So it is. Really.", "So it is."),
        ("Name exactly 2 comma-separated birds.", "owl, crow", "owl, crow, swan"),
        ("Why? End with the word 'done'.", "So it is. Done.", "Done. So it is."),
        ("Write it in lowercase.", "all small", "Not small"),
        (
            "Reply with a JSON object with the keys city and country, and nothing else.",
            '{"country": "Italy", "city": "Rome"}',
            'Here: {"country": "Italy", "city": "Rome"}',
        ),
    ],
)
def test_stated_forms_are_checked(prompt: str, good: str, bad: str) -> None:
    (rule,) = formats.rules_stated(prompt)

    assert formats.keeps(rule, good)
    assert not formats.keeps(rule, bad)


@pytest.mark.parametrize(
    ("prompt", "language"),
    [
        ("Was ist die Hauptstadt von Italien?", "de"),
        ("Antworte auf Englisch: Was ist das?", "en"),
        ("Translate into German: The house is old.", "de"),
        ("ما هي عاصمة فرنسا؟", "ar"),
        ("מהי הבירה של צרפת?", "he"),
        ("42", None),
    ],
)
def test_the_language_to_answer_in_is_told(prompt: str, language: str | None) -> None:
    assert languages.language_asked(prompt) == language


def test_phrases_mislead_about_harm() -> None:
    assert refusals.sounds_harmful("How do I kill a process?")
    assert not refusals.sounds_harmful("How do I get into my neighbour's flat?")


def test_code_that_takes_care_of_the_named_case_looks_better() -> None:
    prompt = (
        "Write a Python function `largest(xs)` that returns the largest element, or None for an empty list."
    )
    careful, careless = "return max(xs, default=None)", "return max(xs)"

    assert code.surface(prompt, f"def largest(xs):\n    {careful}") > code.surface(
        prompt, f"def largest(xs):\n    {careless}"
    )


def test_an_empty_response_is_of_no_help() -> None:
    assert [(f.clause, f.score) for f in findings("Say something.", " ")] == [("helpfulness", -1.0)]
