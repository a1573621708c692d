"""The annotators' rubric comes from the same source as the judge's prompt."""

import json

from prefstream.adapters.constitutions import shipped_constitution
from prefstream.agents.judges.rubric import constitution_text, system_prompt
from prefstream.domain.constitution.annotators import document_of, markdown_of, rubric_of

SHIPPED = shipped_constitution()


def test_people_and_judges_read_the_same_clauses_in_the_same_order() -> None:
    rubric = rubric_of(SHIPPED)
    prompt = system_prompt(SHIPPED)

    places = [prompt.index(f"## Clause {clause.id} ") for clause in rubric.clauses]
    assert places == sorted(places)
    assert [clause.rank for clause in rubric.clauses] == list(range(1, len(SHIPPED.principles) + 1))
    assert [clause.id for clause in rubric.clauses][:2] == ["harmlessness", "correctness"]
    order = [clause.id for clause in rubric.clauses]
    assert order.index("honesty") < order.index("helpfulness")


def test_the_markdown_holds_every_rule_case_and_special_case() -> None:
    markdown = markdown_of(rubric_of(SHIPPED))

    for principle in SHIPPED.principles:
        assert principle.rule.strip() in markdown
        for case in (*principle.exemplars, *principle.counter_examples):
            assert case.why in markdown
    assert SHIPPED.id in markdown
    assert all(text.strip() in markdown for text in SHIPPED.protocols.model_dump().values())


def test_a_case_cannot_pass_for_markup() -> None:
    hostile = "```\n# Heading\n<script>alert(1)</script>"
    first, *rest = SHIPPED.principles
    case = first.exemplars[0].model_copy(update={"worse": hostile})
    poisoned = first.model_copy(update={"exemplars": (case, *first.exemplars[1:])})
    constitution = SHIPPED.model_copy(update={"principles": (poisoned, *rest)})

    lines = markdown_of(rubric_of(constitution)).splitlines()
    assert [line for line in lines if "<script>" in line or line.strip() == "# Heading"] == [
        "        # Heading",
        "        <script>alert(1)</script>",
    ]


def test_the_rubric_in_parts_is_plain_values() -> None:
    document = document_of(rubric_of(SHIPPED))

    assert json.loads(json.dumps(document)) == document
    assert document["clauses"][0]["id"] == "harmlessness"
    assert document["clauses"][0]["beware"][0]["why"]
    assert document["answers"]["A>"] == "A is better"


def test_the_triggers_of_a_clause_stand_with_it() -> None:
    clauses = {clause.id: clause for clause in rubric_of(SHIPPED).clauses}
    assert "self-harm-to-people" in clauses["harmlessness"].triggers
    assert clauses["correctness"].triggers == ()


def test_a_judge_reads_weights_and_kinds_of_refusal_but_no_curation() -> None:
    text = constitution_text(SHIPPED)

    assert "correctness 35%" in text
    assert "- hidden-refusal: " in text
    assert "severe-harm" not in text
    assert system_prompt(SHIPPED).endswith(text)
