"""Rows of what people wrote or said of tasks other than pairs: demonstrations and safety labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prefstream.domain.releases.examples import Example
from prefstream.domain.releases.formats.pairs import ROW_ID, better_and_worse, weight
from prefstream.domain.releases.formats.texts import reply, turns
from prefstream.domain.releases.tables import MESSAGES, Column, Row
from prefstream.schemas.demonstrations import (
    DemonstrationSubmitted,
    SafetyLabelSubmitted,
    TaskKind,
    TaskProposed,
)
from prefstream.schemas.releases import ReleasePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredTask:
    """A task and what people answered, in order; answers that were withdrawn are not among them."""

    task: TaskProposed
    answers: tuple[DemonstrationSubmitted | SafetyLabelSubmitted, ...]


#: Of which tasks a format has rows.
KINDS: Final[Mapping[str, TaskKind]] = {"sft": TaskKind.DEMONSTRATION, "safety": TaskKind.SAFETY}

_TASK: Final = (
    Column(name="task_id", kind="string", about="The task that people answered."),
    Column(name="answer_id", kind="string", about="The event of the answer."),
    Column(name="prompt_id", kind="string", about="The prompt, where it is known by a name."),
    Column(name="slice", kind="string", about="The slice of the prompt distribution."),
)
SFT: Final = (
    ROW_ID,
    Column(name="messages", kind=MESSAGES, about="The conversation; its last turn is the demonstration."),
    Column(
        name="origin",
        kind="string",
        about="written, edited or unchanged (by a person), or chosen: the better response of a pair.",
    ),
    *_TASK,
    Column(name="pair_id", kind="string", about="The pair, where the origin is chosen."),
    Column(name="margin", kind="float64", about="By how much it was preferred, where the origin is chosen."),
    Column(name="weight", kind="float64", about="The weight of the pair; 1 for what people wrote."),
)
SAFETY: Final = (
    ROW_ID,
    Column(name="prompt", kind=MESSAGES, about="The conversation."),
    Column(name="completion", kind=MESSAGES, about="The response to it; null: the prompt alone is labelled."),
    Column(name="category", kind="string", about="The harm; none: there is none."),
    Column(name="severity", kind="int64", about="0 (none) to 4 (gravest)."),
    Column(name="conduct", kind="string", about="complies, partly, refuses or not_applicable."),
    Column(name="taxonomy", kind="string", about="The list that the category is of."),
    *_TASK,
)


def exclusion(answered: AnsweredTask, place: int, plan: ReleasePlan) -> str:
    """Return why the plan does not take an answer; empty: it does.

    Args:
        answered: The task.
        place: Which of its answers.
        plan: The release's plan.
    """
    task, answer = answered.task, answered.answers[place]
    if plan.slices and task.slice not in plan.slices:
        return "slice"
    # A response that a person did not write from scratch is also its model's.
    written = isinstance(answer, DemonstrationSubmitted) and not (answer.edited or answer.unchanged)
    origins = {task.provenance, answer.provenance}
    if not written:
        origins |= {candidate.provenance for candidate in task.candidates}
    return "" if origins <= set(plan.provenance) else "provenance"


def demonstration(task: TaskProposed, answer: DemonstrationSubmitted) -> Row:
    """Return a conversation that ends with what a person wrote."""
    origin = "unchanged" if answer.unchanged else "edited" if answer.edited else "written"
    row: Row = {"messages": [*turns(task.messages), reply(answer.response)], "origin": origin}
    return row | _named(task, answer) | {"pair_id": None, "margin": None, "weight": 1.0}


def chosen_demonstration(example: Example) -> Row:
    """Return a conversation that ends with the better response of a pair."""
    better, _ = better_and_worse(example)
    return {
        "messages": [*turns(example.messages), reply(better.text)],
        "origin": "chosen",
        "task_id": None,
        "answer_id": None,
        "prompt_id": example.prompt_id,
        "slice": example.slice,
        "pair_id": example.pair_id,
        "margin": float(abs(example.margin)),
        "weight": float(weight(example)),
    }


def safety_label(task: TaskProposed, answer: SafetyLabelSubmitted) -> Row:
    """Return a prompt, the response to it where there is one, and its harm."""
    row: Row = {
        "prompt": turns(task.messages),
        "completion": [reply(task.candidates[0].text)] if task.candidates else None,
        "category": answer.category,
        "severity": answer.severity,
        "conduct": answer.response,
        "taxonomy": answer.taxonomy,
    }
    return row | _named(task, answer)


def _named(task: TaskProposed, answer: DemonstrationSubmitted | SafetyLabelSubmitted) -> Row:
    return {
        "task_id": task.task_id,
        "answer_id": answer.event_id,
        "prompt_id": task.prompt_id,
        "slice": task.slice,
    }
