"""Lineage: for every pair of a release its rows and all that its label rests on."""

from collections.abc import Mapping
from typing import Any

import orjson

from prefstream.domain.releases.examples import Example
from prefstream.schemas.demonstrations import TaskProposed
from prefstream.schemas.errors import BadInput

#: Where it lies in the folder of a release.
PATH = "lineage.jsonl"


def pair_line(example: Example, rows: Mapping[str, str], split: str) -> bytes:
    """Return the line of a pair.

    Args:
        example: The pair.
        rows: Configuration by the id of the row.
        split: Where they are.
    """
    return _line(
        {
            "pair_id": example.pair_id,
            "prompt_id": example.prompt_id,
            "group_id": example.group_id,
            "slice": example.slice,
            "split": split,
            "rows": dict(rows),
            "label": example.label.value,
            "method": example.method,
            "judge_id": example.judge_id,
            "policy_id": example.policy_id,
            "constitution_id": example.constitution_id,
            "annotators": sorted({label.annotator for label in example.labels}),
            "events": list(example.evidence),
        }
    )


def task_line(task: TaskProposed, answers: Mapping[str, str], rows: Mapping[str, str], split: str) -> bytes:
    """Return the line of a task that is no pair.

    Args:
        task: The task.
        answers: The id of each annotator's answer.
        rows: Configuration by the id of the row.
        split: Where they are.
    """
    return _line(
        {
            "task_id": task.task_id,
            "prompt_id": task.prompt_id,
            "slice": task.slice,
            "split": split,
            "rows": dict(rows),
            "kind": task.kind.value,
            "annotators": sorted(answers),
            "events": [task.event_id, *sorted(answers.values())],
        }
    )


def line_of(said: bytes) -> dict[str, Any]:
    """Return what a line says.

    Raises:
        BadInput: It is no line of a lineage.
    """
    try:
        document = orjson.loads(said)
    except orjson.JSONDecodeError as error:
        raise BadInput(
            f"{PATH} holds a line that is no JSON; `prefstream release verify` says more"
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("rows"), dict):
        raise BadInput(f"{PATH} holds a line that is no lineage; `prefstream release verify` says more")
    return document


def subject_of(line: Mapping[str, Any]) -> str:
    """Return which pair or task a line is about."""
    return str(line.get("pair_id") or line.get("task_id"))


def _line(document: Mapping[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
