"""Verdicts against their rationales."""

import pytest

from prefstream.domain.checks.labels import contradiction
from prefstream.schemas.values import Verdict


@pytest.mark.parametrize(
    "rationale",
    [
        "Response B is better.",
        "Response B is clearly better because it answers the question.",
        "A rambles. B is much better.",
        "I prefer response B.",
        "The second response is superior.",
        "Therefore, Output (b) is better.",
        "Answer 2 is the better one.",
        "A is worse.",
        "The first answer is clearly inferior.",
        "B wins.",
    ],
)
def test_a_rationale_that_plainly_prefers_the_other_contradicts(rationale: str) -> None:
    for verdict in (Verdict.A_BETTER, Verdict.A_MUCH_BETTER):
        assert contradiction(verdict, rationale).startswith(
            "the verdict prefers A, the rationale says that B is the better one"
        )
    assert not contradiction(Verdict.B_BETTER, rationale)


@pytest.mark.parametrize(
    "rationale",
    [
        "",
        "B is not better.",
        "B is better in style, but A is right.",
        "B is better written.",
        "Although B is better, A is correct.",
        "Some would say that B is better.",
        "If length mattered, B is better.",
        "B is better. Still, response A is better overall.",
        "A B is better than a C on the exam.",
        "Response A is better than response B.",
        "It isn't true that B is better.",
        "Both are good.",
        "Vitamin B is better.",
    ],
)
def test_what_is_not_plain_is_left_alone(rationale: str) -> None:
    assert not contradiction(Verdict.A_BETTER, rationale)


@pytest.mark.parametrize("verdict", [Verdict.TIE, Verdict.UNSURE, Verdict.BOTH_BAD])
def test_who_prefers_neither_contradicts_nothing(verdict: Verdict) -> None:
    assert not contradiction(verdict, "Response B is better.")


def test_the_place_is_told_and_not_the_words() -> None:
    assert contradiction(Verdict.B_BETTER, "Hm. A is better.").endswith("(at character 5)")
