"""The semantic diff: judged by what is declared; what cannot be judged is reworded."""

from typing import Any

import pytest
from tests.factories import a_constitution, a_principle, an_exemplar

from prefstream.domain.constitution.differences import changed_clauses, differences
from prefstream.schemas.constitutions import CurationRule, EscalationTrigger, Principle, Protocols
from prefstream.schemas.values import Stakes

OLD = a_principle(priority=2, rule="A response should cite its source.")
EXTRA = an_exemplar(prompt="Another one")


def kinds(old: Principle, new: Principle) -> list[tuple[str, str]]:
    changes = differences(a_constitution(principles=(old,)), a_constitution(principles=(new,)))
    return [(change.kind, change.id) for change in changes]


def edited(**changes: Any) -> list[tuple[str, str]]:
    return kinds(OLD, OLD.model_copy(update=changes))


def test_the_same_constitution_has_no_differences() -> None:
    assert differences(a_constitution(), a_constitution()) == ()


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"priority": 1}, "sharpened"),
        ({"priority": 3}, "loosened"),
        ({"outranks": ("P2",)}, "sharpened"),
        ({"exemplars": (*OLD.exemplars, EXTRA)}, "sharpened"),
        ({"counter_examples": (*OLD.counter_examples, EXTRA)}, "sharpened"),
        ({"rule": "A response must cite its source."}, "sharpened"),
        ({"rule": "A response may cite its source."}, "loosened"),
        ({"rule": "A response should cite its source unless it is plain."}, "loosened"),
        ({"rule": "A response should name its source."}, "reworded"),
        ({"rule": "Brief answers must win over long ones, whatever they say."}, "reworded"),
        ({"rule": "A response must cite its source unless it is plain."}, "reworded"),
        ({"exemplars": (OLD.exemplars[0], an_exemplar(prompt="What is 3+3?", better="six"))}, "reworded"),
        ({"priority": 1, "rule": "A response may cite its source."}, "reworded"),
    ],
)
def test_a_clause_is_judged_by_what_is_declared(changes: dict[str, Any], kind: str) -> None:
    assert edited(**changes) == [(kind, "P1")]


def test_the_opposite_edit_is_the_opposite_change() -> None:
    more = OLD.model_copy(update={"counter_examples": (*OLD.counter_examples, EXTRA)})
    assert kinds(more, OLD) == [("loosened", "P1")]


def test_the_layout_of_a_rule_is_no_change() -> None:
    assert edited(rule="A response should\n  cite its source. ") == []


def test_clauses_come_and_go() -> None:
    second = a_principle(id="P2", rule="Brief wins.")
    assert [
        (one.kind, one.part, one.id)
        for one in differences(a_constitution(), a_constitution(principles=(second,), escalation=()))
    ] == [("removed", "clause", "P1"), ("added", "clause", "P2")]


@pytest.mark.parametrize(
    ("triggers", "kind"),
    [
        ((EscalationTrigger(id="E1", stakes=(Stakes.HIGH, Stakes.MEDIUM), clause="P1"),), "sharpened"),
        ((EscalationTrigger(id="E1", stakes=(Stakes.HIGH,), pattern="x", clause="P1"),), "sharpened"),
        ((EscalationTrigger(id="E1", stakes=(Stakes.MEDIUM,), clause="P1"),), "reworded"),
        ((), "loosened"),
    ],
)
def test_what_escalates_on_behalf_of_a_clause_is_part_of_it(
    triggers: tuple[EscalationTrigger, ...], kind: str
) -> None:
    changes = differences(a_constitution(), a_constitution(escalation=triggers))
    assert [(one.kind, one.id) for one in changes] == [(kind, "P1")]
    assert changed_clauses(changes) == {"P1"}


def test_what_is_beside_the_clauses_is_told_and_is_no_changed_clause() -> None:
    new = a_constitution(
        version="2",
        dimensions={"helpfulness": 0.5, "accuracy": 0.4, "tone": 0.1},
        curation=(CurationRule(id="C1", pattern=r"\bplus\b", slice="arithmetic"),),
        protocols=Protocols(ties="Toss a coin."),
        refusal_taxonomy=("plain",),
    )
    changes = differences(a_constitution(), new)
    assert [(one.part, one.id, one.kind) for one in changes] == [
        ("dimension", "helpfulness", "loosened"),
        ("dimension", "tone", "added"),
        ("curation", "C1", "reworded"),
        ("curation", "C2", "removed"),
        ("curation", "C3", "removed"),
        ("refusal", "plain", "added"),
        ("protocol", "ties", "added"),
        ("other", "version", "reworded"),
    ]
    assert changed_clauses(changes) == frozenset()


def test_scaling_all_weights_changes_nothing() -> None:
    scaled = a_constitution(dimensions={"helpfulness": 6.0, "accuracy": 4.0})
    assert differences(a_constitution(), scaled) == ()
