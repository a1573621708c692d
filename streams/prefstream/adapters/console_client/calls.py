"""Calls: one request each, what its answer is, and whether it may be sent twice."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

import orjson

from prefstream.adapters.console_client.answers import Ingested, LeasedTask, Submitted

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """One request."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    #: Makes the answer's JSON (`None`: there was no body) a value.
    reads: Callable[[Any], T]
    body: bytes | Iterable[bytes] | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Whether sending it once more does no harm, so that it may be tried again.
    repeatable: bool = True


def session() -> Call[dict[str, Any]]:
    """Ask who we are and what we may do."""
    return Call(method="GET", path="/api/v1/session", reads=dict)


def next_task(
    *, rounds: Sequence[str] | None = None, slices: Sequence[str] | None = None, ahead: bool = False
) -> Call[LeasedTask | None]:
    """Ask for a task; `None` where there is nothing to do.

    Args:
        rounds: Rounds or kinds to choose from; `None`: all that the role takes part in.
        slices: Slices to choose from; `None`: all.
        ahead: Ask for another one although one is held.
    """
    # Lost on its way back, the task is still ours, and asking again gives it back; not so ahead.
    return Call(
        method="POST",
        path="/api/v1/tasks/next",
        reads=lambda said: None if said is None else LeasedTask.model_validate(said),
        body=_json({"rounds": rounds, "slices": slices, "ahead": ahead}),
        repeatable=not ahead,
    )


def shown(task: LeasedTask) -> Call[None]:
    """Say that the task is in front of the person: the clock starts."""
    return _about(task, "shown")


def heartbeat(task: LeasedTask) -> Call[dict[str, Any]]:
    """Keep the lease."""
    return Call(
        method="POST",
        path=_lease(task, "heartbeat"),
        reads=dict,
        body=_json({"fence": task.fence}),
    )


def release(task: LeasedTask) -> Call[None]:
    """Give the task back."""
    return _about(task, "release")


def draft(task: LeasedTask, content: Mapping[str, Any]) -> Call[None]:
    """Keep what has been written so far."""
    return Call(
        method="PUT",
        path=_lease(task, "draft"),
        reads=_nothing,
        body=_json({"fence": task.fence, "draft": content}),
    )


def submit(task: LeasedTask, answer: Mapping[str, Any], *, seconds: float | None) -> Call[Submitted]:
    """Answer the task; "A" in a verdict is the left one. The same answer again changes nothing.

    Args:
        task: The task as leased.
        answer: What its kind asks for, e.g. `{"verdict": "A>", "rationale": "..."}`.
        seconds: How long it took, from being shown.
    """
    return Call(
        method="POST",
        path=_lease(task, "submit"),
        reads=Submitted.model_validate,
        body=_json({"fence": task.fence, "seconds": seconds, "answer": answer}),
    )


def undo(submission_id: str) -> Call[LeasedTask]:
    """Take a label back; the task is leased again, with the answer as its draft."""
    return Call(
        method="POST",
        path=f"/api/v1/submissions/{quote(submission_id, safe='')}/undo",
        reads=LeasedTask.model_validate,
        repeatable=False,
    )


def queue() -> Call[dict[str, Any]]:
    """Ask what is open."""
    return read("/api/v1/queue")


def pair(pair_id: str) -> Call[dict[str, Any]]:
    """Ask for a pair: its texts, its state and its label."""
    return read(f"/api/v1/pairs/{quote(pair_id, safe='')}")


def ingest(
    kind: Literal["prompts", "pairs", "labels", "tasks"],
    rows: Iterable[Mapping[str, Any]],
    *,
    key: str | None = None,
) -> Call[Ingested]:
    """Bring rows in, streamed as they are read.

    Args:
        kind: What the rows are.
        rows: One mapping each, as `prefstream ingest` takes them.
        key: An idempotency key: the same rows under the same key are answered the same. A stream can be
            sent once only, so rows given as a sequence are tried again and others are not.
    """
    lines = (orjson.dumps(dict(row)) + b"\n" for row in rows)
    whole = b"".join(lines) if isinstance(rows, Sequence) else None
    return Call(
        method="POST",
        path=f"/api/v1/{kind}",
        reads=Ingested.model_validate,
        body=lines if whole is None else whole,
        content_type="application/x-ndjson",
        headers={"Idempotency-Key": key} if key else {},
        repeatable=whole is not None and key is not None,
    )


def read(path: str) -> Call[Any]:
    """Ask for anything there is to read."""
    return Call(method="GET", path=path, reads=lambda said: said)


def write(
    method: Literal["POST", "PUT", "PATCH", "DELETE"],
    path: str,
    document: Any = None,
    *,
    repeatable: bool = False,
) -> Call[Any]:
    """Ask for anything there is to do."""
    body = None if document is None else _json(document)
    return Call(method=method, path=path, reads=lambda said: said, body=body, repeatable=repeatable)


def _about(task: LeasedTask, what: str) -> Call[None]:
    return Call(method="POST", path=_lease(task, what), reads=_nothing, body=_json({"fence": task.fence}))


def _lease(task: LeasedTask, what: str) -> str:
    return f"/api/v1/leases/{quote(task.lease_id, safe='')}/{what}"


def _nothing(_said: Any) -> None:
    return None


def _json(document: Any) -> bytes:
    return orjson.dumps(document)
