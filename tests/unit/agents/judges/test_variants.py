"""Prompt variants: the same verdict asked for in really different ways."""

from itertools import product

import pytest
from tests.factories import a_pair_proposed
from tests.unit.agents.judges.asking import TWO_CLAUSES, asked, verdict

from prefstream.agents.judges.model import ModelJudge
from prefstream.agents.judges.rubric import system_prompt
from prefstream.agents.judges.variants import (
    MAX_VARIANTS,
    VARIANTS,
    first_variants,
    instructions,
    verdict_tool,
)
from prefstream.agents.stage import Configuration

PAIR = a_pair_proposed()
CONSTITUTION = TWO_CLAUSES.constitution


def test_every_order_meets_every_variant_once() -> None:
    judge = ModelJudge(provider="anthropic", model="m", variants=first_variants(MAX_VARIANTS))
    answers, rounds = asked(judge, PAIR, TWO_CLAUSES, lambda _: verdict("A>"))
    votes = judge.votes(PAIR, TWO_CLAUSES, answers)

    assert [len(calls) for calls in rounds] == [10]
    assert [(vote.order, vote.variant) for vote in votes] == [*product(("ab", "ba"), VARIANTS)]
    assert {vote.verdict for vote in votes if vote.order == "ab"} == {"A>"}
    assert {vote.verdict for vote in votes if vote.order == "ba"} == {"B>"}


def test_no_two_variants_ask_in_the_same_words() -> None:
    judge = ModelJudge(provider="anthropic", model="m", orders=("ab",), variants=first_variants(5))
    calls = judge.calls(PAIR, TWO_CLAUSES, {})

    assert len({str(call.request["system"]) for call in calls}) == 5
    assert {len(call.request["messages"]) for call in calls} == {1}


def test_the_plain_variant_adds_nothing_to_the_instructions() -> None:
    (call,) = ModelJudge(provider="anthropic", model="m", orders=("ab",)).calls(PAIR, TWO_CLAUSES, {})

    assert call.request["system"] == system_prompt(CONSTITUTION)


def test_one_variant_decides_before_it_reasons_and_the_others_after() -> None:
    written = {
        name: list(verdict_tool(variant, CONSTITUTION)["input_schema"]["properties"])
        for name, variant in VARIANTS.items()
    }

    assert written["verdict_first"][0] == "verdict"
    assert {fields[-1] for name, fields in written.items() if name != "verdict_first"} == {"verdict"}
    assert written["own_answer"][0] == "expected"
    assert written["faults_first"][0] == "faults"


def test_one_variant_takes_the_clauses_from_the_least_important_up() -> None:
    variant = VARIANTS["last_clause_first"]
    clauses = verdict_tool(variant, CONSTITUTION)["input_schema"]["properties"]["clauses"]

    assert clauses["items"]["properties"]["clause"]["enum"] == ["brevity", "truth"]
    assert "in this order: brevity, truth." in instructions(variant, CONSTITUTION)


@pytest.mark.parametrize("count", range(1, MAX_VARIANTS + 1))
def test_each_number_of_variants_is_another_judge(count: int) -> None:
    ids = {
        ModelJudge(provider="anthropic", model="m", variants=first_variants(k)).id
        for k in range(1, MAX_VARIANTS + 1)
    }
    assert len(ids) == MAX_VARIANTS
    assert len(first_variants(count)) == count


def test_a_changed_constitution_changes_what_is_asked() -> None:
    judge = ModelJudge(provider="anthropic", model="m")
    other = Configuration(constitution=CONSTITUTION.model_copy(update={"title": "Other rules"}))

    before = {call.request_id for call in judge.calls(PAIR, TWO_CLAUSES, {})}
    assert before.isdisjoint(call.request_id for call in judge.calls(PAIR, other, {}))
