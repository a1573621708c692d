"""What the OpenAPI document says of every route: how to prove who asks, and what problems look like."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from prefstream.console.credentials import COOKIE
from prefstream.console.csrf import HEADER
from prefstream.console.problems import MEDIA_TYPE

DESCRIPTION = """\
Prove who asks with `Authorization: Bearer pfs_...` (`prefstream people token NAME` makes one), or with the
cookie of a session and its CSRF token as `X-CSRF-Token`.
What cannot be answered is a problem (RFC 9457); `type` is a name for programs.
"""
_SAID: Mapping[int, str] = {
    400: "It cannot be read.",
    401: "Nobody is logged in, or the token is not good.",
    403: "Who asks may not do this.",
    404: "There is no such thing.",
    409: "It does not go together with what is there.",
    413: "It is too long.",
    415: "It is of a kind that is not taken.",
    422: "It does not fit.",
    429: "Too many requests; `Retry-After` says how long to wait.",
    503: "Database or log do not answer; nothing was taken.",
}
#: What any route may answer.
_ALWAYS = (400, 401, 403, 413, 422, 429, 503)


class ProblemDocument(BaseModel):
    """Why a request was not answered as asked."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the problems that a route may answer beside those of all routes."""
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {
        status: {"description": _SAID[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in sorted(set(statuses))
    }


def describe(app: FastAPI) -> None:
    """Make the application's document say how to prove who asks, and what problems look like."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(made())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation does it


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    parts = document.setdefault("components", {})
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "pfs_..."},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        "csrf": {"type": "apiKey", "in": "header", "name": HEADER},
    }
    parts.setdefault("schemas", {})["ProblemDocument"] = ProblemDocument.model_json_schema()
    for name in ("HTTPValidationError", "ValidationError"):  # the framework's own, which nobody is answered
        parts["schemas"].pop(name, None)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            public = (path, method) == ("/api/v1/session", "post")
            operation["security"] = [] if public else [{"token": []}, {"session": [], "csrf": []}]
            answers = operation["responses"]
            for status, said in problems(*_ALWAYS).items():
                if status == 422 or str(status) not in answers:
                    answers[str(status)] = said
    return document
