"""Answers to tasks other than pairs: mapped back to the task's order, or refused with the reason."""

from typing import Any

import pytest

from prefstream.console.kinds import LeaseFacts, answer_event, leased_content, shown_order
from prefstream.console.pages.kind_words import SAID
from prefstream.console.problems import Problem
from prefstream.domain.demonstrations import HARMS, RESPONSES, SEVERITIES
from prefstream.schemas.demonstrations import (
    DemonstrationSubmitted,
    RankingSubmitted,
    RatingSubmitted,
    SafetyLabelSubmitted,
    TaskKind,
    TaskProposed,
)
from prefstream.schemas.envelope import Event
from prefstream.schemas.values import Provenance
from tests.factories import NOON, a_constitution, a_response, a_task_proposed

CONSTITUTION = a_constitution()
SUBMISSION = "00000000-0000-5000-8000-000000000001"


def facts(annotator: str = "ann") -> LeaseFacts:
    return LeaseFacts(
        submission_id=SUBMISSION,
        annotator=annotator,
        seconds=12.0,
        occurred_at=NOON,
        provenance=Provenance.SIMULATED,
    )


def said(task: TaskProposed, annotator: str = "ann", **answer: Any) -> Event:
    return answer_event(answer, task=task, lease=facts(annotator), constitution=CONSTITUTION)


def refused(task: TaskProposed, **answer: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        said(task, **answer)
    assert caught.value.status == 422
    return caught.value


@pytest.mark.parametrize("annotator", [f"person {n}" for n in range(10)])
def test_ranks_are_mapped_back_from_the_order_shown(annotator: str) -> None:
    task = a_task_proposed(candidates=tuple(a_response(text) for text in ("best", "good", "poor", "bad")))
    content = leased_content(task, person_id=annotator, constitution=CONSTITUTION)
    rank = {"best": 1, "good": 2, "poor": 3, "bad": 4}
    shown = [candidate["text"] for candidate in content["candidates"]]
    event = said(
        task,
        annotator,
        ranks=[rank[text] for text in shown],
        unacceptable=[shown.index("bad")],
        clauses=["P1"],
    )
    assert isinstance(event, RankingSubmitted)
    assert event.ranks == (1, 2, 3, 4)
    assert event.unacceptable == (3,)
    assert event.shown == shown_order(task, annotator)
    assert (event.event_id, event.annotator, event.provenance) == (
        SUBMISSION,
        annotator,
        Provenance.SIMULATED,
    )
    assert (event.subject, event.source, event.causation_id) == (task.task_id, "console", task.event_id)


def test_who_wrote_a_candidate_is_not_told() -> None:
    task = a_task_proposed()
    content = leased_content(task, person_id="ann", constitution=CONSTITUTION)
    assert "model" not in str(content)


def test_each_kind_is_said_by_its_event() -> None:
    rating = said(a_task_proposed(kind=TaskKind.RATING), overall=4, dimensions={"accuracy": 5})
    written = said(a_task_proposed(kind=TaskKind.DEMONSTRATION, candidates=()), response="391.")
    edited = said(a_task_proposed(kind=TaskKind.DEMONSTRATION), response="It is 391.")
    harm = said(a_task_proposed(kind=TaskKind.SAFETY), category="fraud", severity=3, response="partly")
    assert isinstance(rating, RatingSubmitted)
    assert isinstance(written, DemonstrationSubmitted)
    assert isinstance(edited, DemonstrationSubmitted)
    assert (written.edited, edited.edited) == (False, True)
    assert isinstance(harm, SafetyLabelSubmitted)
    assert harm.taxonomy == "prefstream-harms@1"


@pytest.mark.parametrize(
    ("kind", "answer", "why"),
    [
        (TaskKind.RANKING, {"ranks": [1, 2]}, "there are 3 candidates to rank, and 2 ranks"),
        (TaskKind.RANKING, {"ranks": [1, 2, 0]}, "ranks.2"),
        (TaskKind.RANKING, {"ranks": "1,2,3"}, "ranks"),
        (TaskKind.RANKING, {}, "ranks: Field required"),
        (TaskKind.RANKING, {"ranks": [1, 2, 3], "unacceptable": [5]}, "there is no candidate at place 5"),
        (TaskKind.RANKING, {"ranks": [1, 2, 3], "unacceptable": [0]}, "candidate 1 is fit for nobody"),
        (TaskKind.RANKING, {"ranks": [1, 2, 3], "verdict": "A>"}, "verdict"),
        (TaskKind.RATING, {"overall": 6}, "overall"),
        (TaskKind.RATING, {"overall": 3, "rationale": "a\0b"}, "NUL"),
        (TaskKind.DEMONSTRATION, {"response": " "}, "empty"),
        (TaskKind.DEMONSTRATION, {"response": "391"}, "still the candidate"),
        (TaskKind.DEMONSTRATION, {"response": "x" * 100_001}, "limit"),
        (TaskKind.SAFETY, {"category": "fraud", "severity": 0}, "severity is 0 where the category is none"),
        (TaskKind.SAFETY, {"category": "none", "severity": 2}, "severity is 0 where the category is none"),
        (TaskKind.RATING, {"overall": 3, "rationale": "x" * 20_001}, "rationale"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(kind: TaskKind, answer: dict[str, Any], why: str) -> None:
    problem = refused(a_task_proposed(kind=kind), **answer)
    assert why in problem.detail
    assert problem.kind == "invalid_answer"


def test_an_unknown_clause_or_harm_is_named() -> None:
    rating, safety = (a_task_proposed(kind=kind) for kind in (TaskKind.RATING, TaskKind.SAFETY))
    assert refused(rating, overall=3, clauses=["P99"]).kind == "unknown_clause"
    assert refused(rating, overall=3, dimensions={"wit": 3}).kind == "unknown_dimension"
    assert refused(safety, category="boredom", severity=1).kind == "unknown_category"


def test_without_a_response_there_is_no_conduct_of_one() -> None:
    problem = refused(
        a_task_proposed(kind=TaskKind.SAFETY, candidates=()), category="fraud", severity=1, response="refuses"
    )
    assert "not_applicable" in problem.detail


def test_without_a_constitution_tasks_are_answered_all_the_same() -> None:
    task = a_task_proposed(kind=TaskKind.RATING)
    assert leased_content(task, person_id="ann", constitution=None)["options"]["dimensions"] == []
    event = answer_event({"overall": 2}, task=task, lease=facts(), constitution=None)
    assert isinstance(event, RatingSubmitted)


def test_whatever_the_domain_says_can_be_translated() -> None:
    harms = [text for harm in HARMS.harms for text in (harm.name, harm.means)]
    assert [*harms, *SEVERITIES, *RESPONSES.values()] == list(SAID)
