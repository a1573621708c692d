"""Rows of tasks other than pairs: rankings, ratings, demonstrations, safety labels."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from pydantic import ValidationError

from prefstream.agents.ingestion.cells import Cells, json_list, sayable
from prefstream.agents.ingestion.conversations import prompt_of
from prefstream.agents.ingestion.defaults import Defaults, Findings
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.demonstrations import TaskKind, TaskProposed
from prefstream.schemas.ids import derived_id
from prefstream.schemas.values import Message, Response, Stakes

_DEFAULT_SLICE: Final[str] = Constitution.model_fields["default_slice"].default
#: Who wrote a response when nobody says.
_UNKNOWN = "unknown"


def task_event(row: Mapping[str, object], defaults: Defaults) -> TaskProposed | Findings:
    """Return the task that a row holds, or why it is refused."""
    cells = Cells("tasks", row, defaults)
    try:
        kind, messages, candidates = _kind(cells), prompt_of(cells), _candidates(cells)
        if messages is None and not cells.reasons:
            cells.note("prompt", "is missing")
        if kind is None or messages is None or cells.reasons:
            return cells.findings
        event = _proposed(cells, kind, messages, candidates)
    except ValidationError as error:
        return cells.refused(error)
    return cells.findings if cells.reasons else event


def _proposed(
    cells: Cells, kind: TaskKind, messages: tuple[Message, ...], candidates: tuple[Response, ...]
) -> TaskProposed:
    task_id = cells.named("task_id") or _derived(kind, messages, candidates)
    return TaskProposed(
        event_id=derived_id("ingest", "tasks", task_id),
        occurred_at=cells.instant(),
        source=cells.defaults.source,
        subject=task_id,
        correlation_id=task_id,
        task_id=task_id,
        kind=kind,
        messages=messages,
        candidates=candidates,
        slice=cells.identifier("slice") or _DEFAULT_SLICE,
        stakes=cells.choice("stakes", Stakes, Stakes.LOW),
        tags=cells.identifiers("tags"),
        overlap=_whole(cells, "overlap", default=1),
        priority=_whole(cells, "priority", default=0),
        prompt_id=cells.named("prompt_id"),
        rates=cells.identifier("rates"),
        provenance=cells.defaults.provenance,
    )


def _kind(cells: Cells) -> TaskKind | None:
    value = cells.required("kind").strip().casefold()
    if value and value not in list(TaskKind):
        cells.note("kind", f"is none of {', '.join(TaskKind)}")
        return None
    return TaskKind(value) if value else None


def _candidates(cells: Cells) -> tuple[Response, ...]:
    if cells.has("candidates") and cells.raw("candidates") is not None:
        return _listed(cells)
    text = cells.text("response")
    if text is None:
        return ()
    return (_response(cells, text, cells.identifier("model")),)


def _listed(cells: Cells) -> tuple[Response, ...]:
    value = cells.raw("candidates")
    spelt = json_list(value) if isinstance(value, str) else value
    if not isinstance(spelt, list):
        cells.unfit("candidates", "a list of texts")
        return ()
    said = [_said(one) for one in spelt]
    if bad := [n for n, (text, _) in enumerate(said, start=1) if text is None or not sayable(text)]:
        cells.note("candidates", f"number {bad[0]} is neither text nor an object with a text")
        return ()
    models = cells.identifiers("models")
    if models and len(models) != len(said):
        cells.note("models", f"names {len(models)} for {len(said)} candidates")
        return ()
    named: Sequence[str | None] = models or [model for _, model in said]
    return tuple(_response(cells, text or "", model) for (text, _), model in zip(said, named, strict=True))


def _said(candidate: Any) -> tuple[str | None, str | None]:
    """Return text and model of a candidate: text alone, or an object that has them."""
    if isinstance(candidate, str):
        return candidate, None
    if not isinstance(candidate, Mapping):
        return None, None
    text, model = candidate.get("text", candidate.get("content")), candidate.get("model")
    return (text if isinstance(text, str) else None), (model if isinstance(model, str) else None)


def _response(cells: Cells, text: str, model: str | None) -> Response:
    return Response(text=text, model=model or _UNKNOWN, provenance=cells.defaults.provenance)


def _whole(cells: Cells, name: str, *, default: int) -> int:
    number = cells.number(name)
    if number is None:
        return default
    if not number.is_integer():
        cells.unfit(name, "a whole number")
        return default
    return int(number)


def _derived(kind: TaskKind, messages: tuple[Message, ...], candidates: tuple[Response, ...]) -> str:
    """Return the id of a task that is known by its content alone."""
    said = [[[one.role, one.content] for one in messages], [one.text for one in candidates]]
    return derived_id("ingest", "task", kind.value, orjson.dumps(said).decode())
