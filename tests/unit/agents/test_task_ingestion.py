"""Rows of tasks other than pairs."""

from datetime import timedelta
from typing import Any

import pytest
from tests.factories import NOON

from prefstream.agents.ingestion import Defaults, Findings, missing_fields, task_event
from prefstream.schemas.demonstrations import TaskKind, TaskProposed
from prefstream.schemas.values import Provenance

DEFAULTS = Defaults(source="ingest/tasks.jsonl", occurred_at=NOON, prefix="set1/")
RANKING: dict[str, Any] = {
    "kind": "ranking",
    "prompt": "What is 17 times 23?",
    "candidates": ["391", {"text": "401", "model": "m2"}],
}


def event(row: dict[str, Any]) -> TaskProposed:
    found = task_event(row, DEFAULTS)
    assert isinstance(found, TaskProposed), found
    return found


def reasons(row: dict[str, Any]) -> str:
    found = task_event(row, DEFAULTS)
    assert isinstance(found, Findings), found
    return str(found)


def test_a_row_becomes_a_task() -> None:
    row = RANKING | {"task_id": 7, "slice": "arithmetic", "overlap": 3, "priority": "5", "tags": "a,b"}
    task = event(row)
    assert (task.task_id, task.kind, task.slice, task.overlap) == (
        "set1/7",
        TaskKind.RANKING,
        "arithmetic",
        3,
    )
    assert [(one.text, one.model) for one in task.candidates] == [("391", "unknown"), ("401", "m2")]
    assert (task.priority, task.tags, task.provenance) == (5, ("a", "b"), Provenance.REAL)
    assert task.messages[0].content == "What is 17 times 23?"


def test_a_task_without_an_id_is_known_by_its_content() -> None:
    assert event(RANKING).event_id == event(RANKING | {"overlap": 2}).event_id
    assert event(RANKING).task_id != event(RANKING | {"candidates": ["391", "402"]}).task_id
    assert (
        event({"kind": "safety", "prompt": "p"}).task_id
        != event({"kind": "demonstration", "prompt": "p"}).task_id
    )


def test_a_response_of_its_own_is_the_only_candidate() -> None:
    task = event({"kind": "rating", "prompt": "p", "response": "r", "model": "m"})
    assert [(one.text, one.model) for one in task.candidates] == [("r", "m")]


def test_candidates_in_a_cell_of_a_table_are_spelt_as_json() -> None:
    row = RANKING | {"candidates": '["a", "b", "c"]', "models": "m1,m2,m3"}
    assert [(one.text, one.model) for one in event(row).candidates] == [("a", "m1"), ("b", "m2"), ("c", "m3")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "poem"}, "kind is none of ranking, rating, demonstration, safety"),
        ({"kind": None}, "kind is missing"),
        ({"prompt": None}, "prompt is missing"),
        ({"candidates": ["only one"]}, "a ranking has 2 to 9 candidates, not 1"),
        ({"candidates": [str(n) for n in range(10)]}, "at most 9"),
        ({"candidates": ["a", 7]}, "number 2 is neither text nor an object with a text"),
        ({"candidates": "just text"}, "candidates is text, not a list of texts"),
        ({"candidates": {"a": 1}}, "not a list of texts"),
        ({"candidates": ["a", "\ud800"]}, "candidates number 2"),
        ({"models": ["m1"]}, "models names 1 for 2 candidates"),
        ({"overlap": 0}, "overlap"),
        ({"overlap": 1.5}, "overlap is a number, not a whole number"),
        ({"priority": 10**12}, "priority"),
        ({"rates": "not an id"}, "rates"),
        ({"kind": "rating"}, "a rating has 1 candidates, not 2"),
    ],
)
def test_such_a_row_is_refused_with_the_reason(change: dict[str, Any], said: str) -> None:
    assert said in reasons(RANKING | change)


def test_a_header_that_can_make_no_tasks_is_told_at_once() -> None:
    assert missing_fields("tasks", ["candidates"], DEFAULTS) == (
        "there is no column for kind",
        "there is no column for messages or prompt or instruction or input",
    )
    assert missing_fields("tasks", ["kind", "prompt"], DEFAULTS) == ()


def test_a_row_says_when_it_happened() -> None:
    later = NOON + timedelta(days=1)
    assert event(RANKING | {"occurred_at": later.isoformat()}).occurred_at == later
