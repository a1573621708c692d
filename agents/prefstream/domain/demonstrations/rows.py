"""Answers as rows of training data, in the field names that trainers know."""

from collections.abc import Sequence
from typing import Any

from prefstream.schemas.demonstrations import (
    DemonstrationSubmitted,
    RatingSubmitted,
    SafetyLabelSubmitted,
    TaskProposed,
)
from prefstream.schemas.ids import derived_id
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Message, Preference

Row = dict[str, Any]


def demonstration_row(task: TaskProposed, answer: DemonstrationSubmitted) -> Row:
    """Return a conversation that ends with the written response (TRL, LLaMA-Factory: `messages`)."""
    said = {"role": "assistant", "content": answer.response}
    edited = "unchanged" if answer.unchanged else "edited" if answer.edited else "written"
    return {"messages": [*_messages(task.messages), said], "origin": edited} | _about(task, answer)


def rating_row(task: TaskProposed, answer: RatingSubmitted) -> Row:
    """Return a prompt, the response to it, and its points."""
    points = {"overall": answer.overall, "dimensions": answer.dimensions}
    return (
        {"prompt": _messages(task.messages), "completion": _completion(task)} | points | _about(task, answer)
    )


def safety_row(task: TaskProposed, answer: SafetyLabelSubmitted) -> Row:
    """Return a prompt, the response to it where there is one, and its harm."""
    harm = {
        "category": answer.category,
        "severity": answer.severity,
        "conduct": answer.response,
        "taxonomy": answer.taxonomy,
    }
    return {"prompt": _messages(task.messages), "completion": _completion(task)} | harm | _about(task, answer)


def preference_row(pair: PairProposed, label: Preference) -> Row | None:
    """Return a preference in the explicit form (TRL: `prompt`, `chosen`, `rejected`); none for a tie."""
    if label is Preference.TIE:
        return None
    better, worse = pair.response_a, pair.response_b
    if label.margin < 0:
        better, worse = worse, better
    return {
        "prompt": _messages(pair.messages),
        "chosen": _turn(better.text),
        "rejected": _turn(worse.text),
        "margin": float(abs(label.margin)),
        "chosen_model": better.model,
        "rejected_model": worse.model,
        "pair_id": pair.pair_id,
        "prompt_id": pair.prompt_id,
        "task_id": pair.group_id,
        "slice": pair.slice,
        "provenance": pair.provenance.value,
    }


def review_row(task: TaskProposed, answer: DemonstrationSubmitted) -> Row:
    """Return the task that has others rate a written response, as `prefstream ingest tasks` takes it."""
    return {
        "task_id": derived_id("review", answer.event_id),
        "kind": "rating",
        "messages": _messages(task.messages),
        "candidates": [{"text": answer.response, "model": "person"}],
        "rates": answer.event_id,
        "slice": task.slice,
        "stakes": task.stakes.value,
        "tags": list(task.tags),
    }


def _messages(messages: Sequence[Message]) -> list[Row]:
    return [{"role": message.role, "content": message.content} for message in messages]


def _turn(text: str) -> list[Row]:
    return [{"role": "assistant", "content": text}]


def _completion(task: TaskProposed) -> list[Row] | None:
    return _turn(task.candidates[0].text) if task.candidates else None


def _about(
    task: TaskProposed, answer: DemonstrationSubmitted | RatingSubmitted | SafetyLabelSubmitted
) -> Row:
    return {
        "task_id": task.task_id,
        "answer_id": answer.event_id,
        "slice": task.slice,
        "annotator": answer.annotator,
        "rationale": answer.rationale,
        "clauses": list(answer.clauses),
        "provenance": answer.provenance.value,
    }
