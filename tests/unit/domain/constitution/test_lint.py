"""Lint: each finding has its code, its place and a way out; what is sound has none."""

from typing import Any

import pytest
from tests.factories import a_constitution, a_principle, an_exemplar

from prefstream.domain.constitution.findings import path_text
from prefstream.domain.constitution.lint import lint
from prefstream.schemas.constitutions import CurationRule, EscalationTrigger, Protocols
from prefstream.schemas.values import Stakes

SAID = Protocols(ties="a", both_bad="b", refusals="c", contested_facts="d", length="e")
P2 = a_principle(id="P2", rule="A kind tone wins among equals.")


def found(**changes: Any) -> list[tuple[str, str, str]]:
    constitution = a_constitution(**({"protocols": SAID} | changes))
    return [(one.level, one.code, path_text(one.path)) for one in lint(constitution)]


def test_a_sound_constitution_has_no_findings() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"principles": (a_principle(), P2, P2)}, ("error", "duplicate-id", "principles[2].id")),
        ({"refusal_taxonomy": ("a", "a")}, ("error", "duplicate-id", "refusal_taxonomy[1].id")),
        ({"principles": (a_principle(id="P1"), a_principle(id="x" * 101, rule="Brief wins."))},
         ("error", "long-id", "principles[1].id")),
        ({"principles": (a_principle(), a_principle(id="P2"))},
         ("error", "identical-rules", "principles[1].rule")),
        ({"principles": (a_principle(rule="a b c d e f g"), a_principle(id="P2", rule="A b, c d e f g h"))},
         ("warning", "similar-rules", "principles[1].rule")),
        ({"principles": (a_principle(rule="x" * 1201),)}, ("warning", "too-long", "principles[0].rule")),
        ({"principles": (a_principle(counter_examples=(an_exemplar(worse=" 4 "),)),)},
         ("error", "same-responses", "principles[0].counter_examples[0].worse")),
        ({"principles": (a_principle(counter_examples=(an_exemplar(prompt=" "),)),)},
         ("error", "empty-text", "principles[0].counter_examples[0].prompt")),
        ({"principles": (a_principle(outranks=("P9",)),)},
         ("error", "unknown-clause", "principles[0].outranks[0]")),
        ({"principles": (a_principle(outranks=("P1",)),)},
         ("error", "priority-cycle", "principles[0].outranks")),
        ({"refusal_taxonomy": tuple(map(str, range(101)))}, ("error", "too-many", "refusal_taxonomy")),
        ({"dimensions": {"a": -1.0, "b": 2.0}}, ("error", "negative-weight", "dimensions.a")),
        ({"dimensions": {"a": 0.0}}, ("error", "zero-weights", "dimensions")),
        ({"dimensions": {}}, ("warning", "no-dimensions", "dimensions")),
        ({"protocols": Protocols()}, ("warning", "empty-protocol", "protocols")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_where_it_is(changes: dict[str, Any], finding: tuple[str, str, str]) -> None:
    assert finding in found(**changes)


def curated(*rules: CurationRule) -> list[tuple[str, str, str]]:
    return found(curation=rules, escalation=())


WIDE = CurationRule(id="wide", any_tag=("a", "b"), slice="s")


@pytest.mark.parametrize(
    ("later", "hidden"),
    [
        (CurationRule(id="x", any_tag=("a",), slice="t"), True),
        (CurationRule(id="x", any_tag=("a",), pattern="p", slice="t"), True),
        (CurationRule(id="x", any_tag=("a",), languages=("de",), slice="t"), True),
        (CurationRule(id="x", any_tag=("a", "c"), slice="t"), False),
        (CurationRule(id="x", pattern="p", slice="t"), False),
        (CurationRule(id="x", any_tag=("a",), slice="t", stakes=Stakes.HIGH), False),
        (CurationRule(id="x", any_tag=("a",), slice="t", tags=("new",)), False),
        (CurationRule(id="x", any_tag=("a",), set_aside="filler"), False),
    ],
)
def test_a_rule_that_can_never_decide_is_told(later: CurationRule, *, hidden: bool) -> None:
    assert curated(WIDE, later) == ([("warning", "unreachable-rule", "curation[1]")] if hidden else [])


def test_a_rule_behind_one_that_sets_the_same_aside_is_told() -> None:
    aside = CurationRule(id="aside", pattern="p", set_aside="filler")
    behind = CurationRule(id="x", pattern="p", tags=("t",))
    assert curated(aside, behind) == [("warning", "unreachable-rule", "curation[1]")]


def triggered(**changes: Any) -> list[tuple[str, str, str]]:
    trigger = EscalationTrigger(**({"id": "E1", "clause": "P1"} | changes))
    return found(escalation=(trigger,))


def test_a_trigger_that_never_fires_or_names_no_clause_is_an_error() -> None:
    assert triggered() == [("error", "trigger-never-fires", "escalation[0]")]
    assert triggered(stakes=(Stakes.HIGH,), clause="P9") == [
        ("error", "unknown-clause", "escalation[0].clause")
    ]


def test_a_trigger_may_wait_for_what_judging_notices_under_its_right_name() -> None:
    assert triggered(flags=("quote_not_found",)) == []
    assert triggered(violated=("P1",)) == []
    assert triggered(flags=("quote_lost",)) == [("error", "unknown-flag", "escalation[0].flags[0]")]
    assert triggered(violated=("P1", "P9")) == [("error", "unknown-clause", "escalation[0].violated[1]")]


def test_a_trigger_that_waits_for_what_no_rule_gives_is_a_warning() -> None:
    assert triggered(any_tag=("nobody-gives",)) == [("warning", "trigger-never-fires", "escalation[0]")]
    assert triggered(slices=("arithmetic",)) == []
    assert triggered(stakes=(Stakes.HIGH,)) == []
    assert triggered(any_tag=("nobody-gives",), pattern="dose") == []


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("(", "bad-pattern"),
        ("x*", "pattern-matches-all"),
        (r"(a+)+b", "costly-pattern"),
        ("[", "bad-pattern"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_an_error(pattern: str, code: str) -> None:
    assert triggered(pattern=pattern) == [("error", code, "escalation[0].pattern")]


def test_a_pattern_for_empty_prompts_is_fine() -> None:
    assert curated(CurationRule(id="empty", pattern=r"^\s*$", set_aside="empty")) == []


def test_a_slow_pattern_is_a_warning() -> None:
    assert triggered(pattern=".*a.*b") == [("warning", "costly-pattern", "escalation[0].pattern")]


def test_every_finding_says_what_to_do() -> None:
    broken = a_constitution(principles=(a_principle(), a_principle()), dimensions={}, protocols=Protocols())
    assert all(one.fix and one.message for one in lint(broken))
