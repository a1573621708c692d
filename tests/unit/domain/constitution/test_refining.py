"""Refinements worked into a constitution."""

import pytest
from tests import factories as make

from prefstream.domain.constitution.refining import next_version, redrafted, refined
from prefstream.schemas.errors import BadInput
from prefstream.schemas.labels import Refinement

CASE = make.an_exemplar(prompt="Is 1 prime?", better="No.", worse="Yes.", why="")


def test_a_rule_is_worded_anew_and_the_version_counted_on() -> None:
    old = make.a_constitution()

    new = redrafted(old, refined(old, Refinement(clause="P1", kind="rule", text=" Be right. "), case=None))

    assert (new.principles[0].rule, new.version) == ("Be right.", "2")
    assert new.principles[0].exemplars == old.principles[0].exemplars


@pytest.mark.parametrize(
    ("kind", "field"), [("exemplar", "exemplars"), ("counter_example", "counter_examples")]
)
def test_a_case_becomes_an_example_once(kind: str, field: str) -> None:
    refinement = Refinement(clause="P1", kind=kind, text="One is no prime.")  # type: ignore[arg-type]

    once = refined(make.a_constitution(), refinement, case=CASE)
    twice = refined(once, refinement, case=CASE)

    assert getattr(once.principles[0], field)[-1] == CASE.model_copy(update={"why": "One is no prime."})
    assert twice == once


def test_what_says_the_same_is_no_new_version() -> None:
    old = make.a_constitution()
    same = Refinement(clause="P1", kind="rule", text=old.principles[0].rule)

    assert redrafted(old, refined(old, same, case=None)) is old


def test_what_cannot_be_worked_in_is_refused_with_what_to_do() -> None:
    constitution = make.a_constitution()

    with pytest.raises(BadInput, match="write the new clause"):
        refined(constitution, Refinement(clause="P9", kind="rule", text="x"), case=None)
    with pytest.raises(BadInput, match="resolve the pair first"):
        refined(constitution, Refinement(clause="P1", kind="exemplar", text="x"), case=None)


def test_a_version_counts_on_whatever_its_form() -> None:
    assert [next_version(one) for one in ("9", "1.09", "v2", "²")] == ["10", "1.10", "v3", "².1"]
