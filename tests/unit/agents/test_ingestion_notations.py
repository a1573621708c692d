"""Every way people write a verdict means what they meant."""

import re
from pathlib import Path

import pytest

from prefstream.agents.ingestion import FIELDS, verdict_of
from prefstream.agents.ingestion.notations import SPELLINGS
from prefstream.schemas.values import Verdict


@pytest.mark.parametrize("verdict", list(Verdict))
def test_the_contracts_own_words_are_read(verdict: Verdict) -> None:
    assert verdict_of(verdict.value) is verdict
    assert verdict_of(f" {verdict.value.upper()} ") is verdict


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([1, "1", 1.0, "1.0", "A", "a", "model_a", "Model_A", "[[A]]", "A>B"], Verdict.A_BETTER),
        ([2, "2", 2.0, "B", "model_b", "response_b", "[[B>A]]"], Verdict.B_BETTER),
        ([0, "0", 0.0, "tie", "Tie", "A=B"], Verdict.TIE),
        (["tie (bothbad)", "both bad", "bothbad"], Verdict.BOTH_BAD),
        (["A>>B"], Verdict.A_MUCH_BETTER),
        (["[[B>>A]]"], Verdict.B_MUCH_BETTER),
        (["Unsure", "not sure"], Verdict.UNSURE),
    ],
)
def test_other_notations_are_read(values: list[object], verdict: Verdict) -> None:
    assert {verdict_of(value) for value in values} == {verdict}


@pytest.mark.parametrize("value", [None, "", "garbage", True, False, 3, -1, 0.5, float("inf"), [1], {}])
def test_anything_else_is_no_verdict(value: object) -> None:
    assert verdict_of(value) is None


def test_the_how_tos_name_every_field_and_every_notation() -> None:
    pages = Path(__file__).parents[3] / "docs" / "howto"
    names = ("bring-data-in.md", "evaluate-a-judge.md", "other-tasks.md")
    page = "".join((pages / name).read_text() for name in names)
    named = set(re.findall(r"`([^`\n]+)`", page))
    fields = {name for some in FIELDS.values() for field in some for name in (field.name, *field.synonyms)}
    notations = {spelling for spellings in SPELLINGS.values() for spelling in spellings}

    assert fields <= named
    assert notations <= {name.casefold() for name in named}
