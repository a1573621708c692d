"""Curation rules: slice, stakes, tags, set-aside."""

import pytest
from tests.factories import a_constitution, a_message

from prefstream.domain.curation import Placement, curate, last_user_text, matches
from prefstream.schemas.constitutions import CurationRule
from prefstream.schemas.values import Message, Stakes


def placed(*rules: CurationRule, tags: tuple[str, ...] = (), declared: str | None = None) -> Placement:
    constitution = a_constitution(curation=rules, default_slice="general")
    return curate((a_message(),), declared=declared, tags=tags, constitution=constitution)


def test_without_rules_the_declared_slice_holds_and_without_that_the_default() -> None:
    assert placed(declared="law").slice == "law"
    assert placed().slice == "general"
    assert placed().stakes is Stakes.LOW


def test_a_rules_slice_overrules_the_declared_one_and_the_first_match_wins() -> None:
    rules = (
        CurationRule(id="1", pattern="no such text", slice="never"),
        CurationRule(id="2", pattern="times", tags=("sum",)),
        CurationRule(id="3", pattern="TIMES", slice="arithmetic"),
        CurationRule(id="4", slice="too late"),
    )
    assert placed(*rules, declared="law").slice == "arithmetic"


def test_the_first_stated_stakes_hold_even_when_a_later_rule_states_higher_ones() -> None:
    rules = (CurationRule(id="1", stakes=Stakes.MEDIUM), CurationRule(id="2", stakes=Stakes.HIGH))
    assert placed(*rules).stakes is Stakes.MEDIUM


def test_tags_of_all_matching_rules_add_up_sorted_and_once() -> None:
    rules = (CurationRule(id="1", tags=("z", "a")), CurationRule(id="2", tags=("a", "m")))
    assert placed(*rules, tags=("m",)).tags == ("a", "m", "z")


def test_a_set_aside_prompt_names_reason_and_rule() -> None:
    aside = placed(CurationRule(id="C9", pattern="times", set_aside="filler"))
    assert (aside.set_aside, aside.clause) == ("filler", "C9")
    assert (placed().set_aside, placed().clause) == (None, None)


@pytest.mark.parametrize(
    ("rule", "text", "tags", "holds"),
    [
        (CurationRule(id="r"), "anything", (), True),
        (CurationRule(id="r", any_tag=("a", "b")), "", ("b",), True),
        (CurationRule(id="r", any_tag=("a", "b")), "", ("c",), False),
        (CurationRule(id="r", pattern=r"\bcat\b"), "The CAT sat", (), True),
        (CurationRule(id="r", pattern=r"\bcat\b"), "concatenate", (), False),
        (CurationRule(id="r", any_tag=("a",), pattern="cat"), "cat", (), False),
        (CurationRule(id="r", any_tag=("a",), pattern="cat"), "dog", ("a",), False),
        (CurationRule(id="r", any_tag=("a",), pattern="cat"), "cat", ("a",), True),
    ],
)
def test_a_rule_matches_when_every_condition_it_states_holds(
    rule: CurationRule, text: str, tags: tuple[str, ...], holds: bool
) -> None:
    assert matches(rule, text, tags) is holds


def test_rules_read_the_last_user_message_or_the_last_of_all() -> None:
    user, model = a_message("first"), Message(role="assistant", content="reply")
    assert last_user_text((user, model)) == "first"
    assert last_user_text((user, model, a_message("second"))) == "second"
    assert last_user_text((Message(role="system", content="rules"), model)) == "reply"
