"""Calls to a Label Studio: bounded in time and size, tried again where that can do no harm."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

import httpx2
import orjson

from prefstream.schemas.errors import PrefstreamError, Unavailable

#: Seconds between tries of what may be asked twice.
_AGAIN_S: Final = (0.5, 1.0, 2.0)
_TRANSIENT: Final = frozenset({429, 500, 502, 503, 504})
_MOST_BYTES: Final = 128_000_000
#: Tasks per page; a task holds two responses of up to 900 kB each.
PAGE: Final = 50
ACTIONS: Final = (
    "ANNOTATION_CREATED",
    "ANNOTATIONS_CREATED",
    "ANNOTATION_UPDATED",
    "ANNOTATIONS_DELETED",
    "TASKS_DELETED",
)


class RefusedByLabelStudio(PrefstreamError):
    """Label Studio refuses what was asked."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class LabelStudio:
    """One Label Studio, as the user whose token it is."""

    def __init__(self, address: str, token: str, *, timeout_s: float = 60.0) -> None:
        self.address = address
        self._client = httpx2.AsyncClient(
            base_url=address,
            headers={"authorization": f"Token {token}"},
            timeout=timeout_s,
            follow_redirects=False,
            limits=httpx2.Limits(max_connections=4),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def create_project(self, title: str, config: str, *, overlap: int, predictions: bool) -> int:
        """Create a project and return its id."""
        project = await self._ask(
            "POST",
            "/api/projects",
            body={
                "title": title,
                "label_config": config,
                "maximum_annotations": overlap,
                "show_collab_predictions": predictions,
            },
        )
        return int(project["id"])

    async def set_overlap(self, project_id: int, overlap: int) -> None:
        """Say how many people are to annotate each task of a project."""
        await self._ask("PATCH", f"/api/projects/{project_id}", body={"maximum_annotations": overlap})

    async def ensure_webhook(self, project_id: int, url: str, headers: Mapping[str, str]) -> None:
        """Let a project call a URL when annotations change; one that is there stays."""
        hooks = await self._ask("GET", "/api/webhooks/", params={"project": project_id})
        if any(hook["url"] == url and hook["project"] == project_id for hook in hooks):
            return
        body = {
            "project": project_id,
            "url": url,
            "headers": dict(headers),
            "send_payload": True,
            "send_for_all_actions": False,
            "actions": list(ACTIONS),
        }
        await self._ask("POST", "/api/webhooks/", body=body)

    async def import_tasks(self, project_id: int, tasks: Sequence[Mapping[str, Any]]) -> Sequence[int]:
        """Import tasks and return their ids in the same order; it is not tried again by itself."""
        path = f"/api/projects/{project_id}/import"
        answer = await self._ask("POST", path, params={"return_task_ids": "true"}, body=list(tasks))
        return [int(one) for one in answer["task_ids"]]

    async def find_task(self, project_id: int, name: str, value: str) -> int | None:
        """Return the task whose data has this value."""
        item = {"filter": f"filter:tasks:data.{name}", "operator": "equal", "type": "String", "value": value}
        query = orjson.dumps({"filters": {"conjunction": "and", "items": [item]}}).decode()
        answer = await self._ask("GET", "/api/tasks", params={"project": project_id, "query": query})
        return next((int(task["id"]) for task in answer["tasks"]), None)

    async def changed_tasks(self, project_id: int, since: datetime | None) -> AsyncIterator[dict[str, Any]]:
        """Yield the tasks that changed at or after a time, with their annotations, the earliest first."""
        query = orjson.dumps(_changed_since(since)).decode()
        for page in range(1, 1_000_000):
            params = {"project": project_id, "query": query, "fields": "all", "page": page, "page_size": PAGE}
            try:
                answer = await self._ask("GET", "/api/tasks", params=params)
            except RefusedByLabelStudio as refused:
                if refused.status == 404 and page > 1:
                    return
                raise
            for task in answer["tasks"]:
                yield task
            if len(answer["tasks"]) < PAGE:
                return

    async def task(self, task_id: int) -> dict[str, Any] | None:
        """Return a task with its annotations; `None`: there is none."""
        try:
            answer: dict[str, Any] = await self._ask("GET", f"/api/tasks/{task_id}/")
        except RefusedByLabelStudio as refused:
            if refused.status == 404:
                return None
            raise
        return answer

    async def delete_task(self, task_id: int) -> None:
        """Delete a task; one that is gone already is no matter."""
        try:
            await self._ask("DELETE", f"/api/tasks/{task_id}/")
        except RefusedByLabelStudio as refused:
            if refused.status != 404:
                raise

    async def emails(self) -> Mapping[int, str]:
        """Return the addresses of its users by their ids."""
        users = await self._ask("GET", "/api/users/")
        return {int(user["id"]): str(user.get("email") or "") for user in users}

    async def version(self) -> str:
        """Return which Label Studio it is."""
        answer = await self._ask("GET", "/api/version")
        return str(answer.get("release", "unknown"))

    async def _ask(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> Any:
        # A second import would make every task twice; the others may be repeated.
        waits = _AGAIN_S if method in {"GET", "PATCH", "DELETE"} else ()
        for wait_s in (*waits, None):
            try:
                status, said = await self._once(method, path, params, body)
            except (httpx2.HTTPError, OSError) as error:
                if wait_s is None:
                    raise Unavailable(
                        f"Label Studio does not answer: {error or type(error).__name__}"
                    ) from error
                await asyncio.sleep(wait_s)
                continue
            if status in _TRANSIENT and wait_s is not None:
                await asyncio.sleep(wait_s)
                continue
            return _read(method, path, status, said)
        raise AssertionError  # pragma: no cover  the last turn returns or raises

    async def _once(
        self, method: str, path: str, params: Mapping[str, Any] | None, body: Any
    ) -> tuple[int, bytes]:
        content = None if body is None else orjson.dumps(body)
        headers = {} if content is None else {"content-type": "application/json"}
        async with self._client.stream(
            method, path, params=params, content=content, headers=headers
        ) as answer:
            said = bytearray()
            async for chunk in answer.aiter_bytes():
                said += chunk
                if len(said) > _MOST_BYTES:
                    raise RefusedByLabelStudio(
                        f"an answer to {path} is larger than {_MOST_BYTES} bytes", status=0
                    )
            return answer.status_code, bytes(said)


def _read(method: str, path: str, status: int, said: bytes) -> Any:
    if status in _TRANSIENT:
        raise Unavailable(f"Label Studio answers {status} to {method} {path}")
    if status in {401, 403}:
        raise RefusedByLabelStudio(
            f"Label Studio refuses the token ({status}); set PREFSTREAM_LABEL_STUDIO__TOKEN to a token of a"
            " user who may see the projects, and allow legacy tokens there",
            status=status,
        )
    if not 200 <= status < 300:
        detail = said[:300].decode(errors="replace")
        raise RefusedByLabelStudio(
            f"Label Studio answers {status} to {method} {path}: {detail}", status=status
        )
    try:
        return orjson.loads(said) if said else None
    except orjson.JSONDecodeError as error:
        message = f"what answers at {path} is no Label Studio: {error}; is the address right?"
        raise RefusedByLabelStudio(message, status=status) from error


def _changed_since(since: datetime | None) -> dict[str, Any]:
    ordering: dict[str, Any] = {"ordering": ["tasks:updated_at"]}
    if since is None:
        return ordering
    item = {
        "filter": "filter:tasks:updated_at",
        "operator": "greater_or_equal",
        "type": "Datetime",
        "value": since.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    return ordering | {"filters": {"conjunction": "and", "items": [item]}}
