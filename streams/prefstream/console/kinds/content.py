"""What a person is shown of a task that is no pair."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from prefstream.domain.constitution.special import shares
from prefstream.domain.demonstrations import HARMS, MAX_RESPONSE, RESPONSES, SEVERITIES, drawn_order
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.demonstrations import TaskKind, TaskProposed


def shown_order(task: TaskProposed, person_id: str) -> tuple[int, ...]:
    """Return the places of the candidates in the order in which this person sees them.

    It is the same under every lease, so that a draft stays right when the task is leased again.
    """
    return drawn_order(len(task.candidates), task.task_id, person_id)


def leased_content(
    task: TaskProposed, *, person_id: str, constitution: Constitution | None
) -> dict[str, Any]:
    """Return conversation and candidates, in the order drawn for this person, and what may be answered.

    Who wrote a candidate is not told.
    """
    candidates = [{"text": task.candidates[place].text} for place in shown_order(task, person_id)]
    return {
        "kind": task.kind.value,
        "messages": [message.model_dump(mode="json") for message in task.messages],
        "candidates": candidates,
        "options": dict(_options(task, constitution)),
    }


def _options(task: TaskProposed, constitution: Constitution | None) -> Mapping[str, Any]:
    match task.kind:
        case TaskKind.RANKING:
            return {"ranks": len(task.candidates)}
        case TaskKind.RATING:
            return {"points": 5, "dimensions": list(shares(constitution)) if constitution else []}
        case TaskKind.DEMONSTRATION:
            return {"max_characters": MAX_RESPONSE, "may_be_unchanged": bool(task.candidates)}
        case TaskKind.SAFETY:
            return {
                "taxonomy": HARMS.id,
                "categories": [asdict(harm) for harm in HARMS.harms],
                "severities": list(SEVERITIES),
                "responses": dict(RESPONSES) if task.candidates else {},
            }
