"""The webhook of Label Studio: it says which task changed, and that task is read again from there."""

import hmac
from typing import Any

import orjson
from fastapi import APIRouter, Request

from prefstream.adapters.postgres.console import label_studio as sendings
from prefstream.adapters.postgres.console import label_studio_readings as readings
from prefstream.console.label_studio_exchange import SECRET_HEADER, WEBHOOK_PATH
from prefstream.console.parts import Parts, TheParts
from prefstream.console.principals import Administers
from prefstream.console.problems import Problem

router = APIRouter(tags=["label-studio"])

#: Tasks that one call may name; beyond that all are read again.
_MOST_TASKS = 100


@router.post(WEBHOOK_PATH, status_code=204, response_model=None)
async def take_hint(request: Request, parts: TheParts) -> None:
    """Take note of the tasks that a webhook names; nothing else of what it says is used."""
    _prove(request, parts)
    try:
        said = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise Problem(400, "this is no JSON, so it is no webhook of Label Studio") from None
    address = parts.settings.label_studio.address
    for task_id in _tasks(said):
        await sendings.hint(parts.pool, address, task_id)


@router.get("/api/v1/label-studio")
async def show_exchange(parts: TheParts, _: Administers) -> dict[str, Any]:
    """Return how the exchange stands, and which annotations gave no label."""
    address = parts.settings.label_studio.address
    if not address:
        return {"address": None, "projects": [], "open_tasks": 0, "unusable": []}
    projects = await sendings.projects(parts.pool, address)
    return {
        "address": address,
        "projects": [{"project_id": one, "read_until": until} for one, until in projects.items()],
        "open_tasks": await sendings.open_count(parts.pool, address),
        "unusable": await readings.findings(parts.pool, address),
    }


def _prove(request: Request, parts: Parts) -> None:
    """Let only those through who know the secret: Label Studio cannot sign."""
    secret = parts.settings.label_studio.webhook_secret.get_secret_value()
    sent = request.headers.get(SECRET_HEADER, "")
    if not secret or not hmac.compare_digest(sent.encode("utf-8", "replace"), secret.encode()):
        raise Problem(401, f"the webhook does not carry the secret in the header {SECRET_HEADER}")


def _tasks(said: Any) -> set[int | None]:
    """Return the tasks a payload names; a deletion names none, so that all are read again."""
    if not isinstance(said, dict):
        return {None}
    found = {_positive(one.get("id")) for one in (said.get("task"),) if isinstance(one, dict)}
    annotations = [said.get("annotation"), *_listed(said.get("annotations"))]
    found |= {_positive(one.get("task")) for one in annotations if isinstance(one, dict)}
    return found if 0 < len(found) <= _MOST_TASKS and None not in found else {None}


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 < value < 2**62 else None


def _listed(value: Any) -> list[Any]:
    return value[: _MOST_TASKS + 1] if isinstance(value, list) else []
