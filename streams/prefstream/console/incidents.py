"""Incidents: what goes wrong below becomes an answer without inside knowledge, and a line in the log."""

import re
import time
from typing import Any

import asyncpg
import structlog
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prefstream.adapters.identity_provider import NotProven
from prefstream.adapters.postgres.connection import AWAY, CLASH
from prefstream.adapters.postgres.console.quality_acts import NobodySuch, NotNow
from prefstream.console.parts import Parts
from prefstream.console.people_acts import Conflicting, Unknown
from prefstream.console.problems import Problem, problem_answer
from prefstream.schemas.errors import BadInput, Unavailable

log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(r"[\w.-]{1,64}")
_RETRY_S = 2
_STATUS = {Unknown: 404, NobodySuch: 404, Conflicting: 409, NotNow: 409}
#: What PostgreSQL says of values that it cannot hold: zero characters, numbers out of range.
_UNSTORABLE = (
    asyncpg.DataError,
    asyncpg.CharacterNotInRepertoireError,
    asyncpg.UntranslatableCharacterError,
    UnicodeEncodeError,
)


class Incidents:
    """Answers for whatever fails, and writes one line about every request."""

    def __init__(self, app: ASGIApp, *, parts: Parts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        request_id = self._request_id(request)
        began, status = time.monotonic(), 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, sent)
            except Exception as error:
                problem = problem_of(error)
                if problem is None:
                    log.exception("request.failed", method=scope["method"], path=scope["path"])
                    problem = Problem(
                        500, "something went wrong here; the log says more under this request id"
                    )
                if status:  # the answer has begun; to break it off is all that is left
                    raise
                await problem_answer(problem, request)(scope, receive, sent)
            finally:
                _told(scope, status, time.monotonic() - began)

    def _request_id(self, request: HTTPConnection) -> str:
        given = request.headers.get("x-request-id", "")
        return given if _REQUEST_ID.fullmatch(given) else self._parts.secret()[:16]


def problem_of(error: Exception) -> Problem | None:
    """Return what to say of an error that we know; `None`: a defect."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return Problem(error.status_code, str(error.detail))
    if isinstance(error, NotProven):
        return Problem(403, str(error), kind="login_refused")
    if isinstance(error, BadInput):
        return Problem(_STATUS.get(type(error), 422), str(error))
    if isinstance(error, _UNSTORABLE):
        return Problem(422, "a value holds what cannot be kept: a zero character, or a number too large")
    return _unavailable(error)


def _unavailable(error: Exception) -> Problem | None:
    if isinstance(error, asyncpg.UndefinedTableError):
        return _away("the database is not prepared; run `prefstream db upgrade`")
    if isinstance(error, Unavailable):
        log.warning("request.unavailable", error=str(error)[:300])
        return _away("a part that this needs does not answer; nothing was taken, send it again")
    if isinstance(error, (*AWAY, *CLASH)):
        log.warning("request.unavailable", error=f"{type(error).__name__}: {error}"[:300])
        return _away("the database does not answer; nothing was taken, send it again")
    return None


def _away(detail: str) -> Problem:
    return Problem(503, detail, kind="unavailable", retry_after_s=_RETRY_S)


def _told(scope: Scope, status: int, seconds: float) -> None:
    """Write the line of a request: its path without the query, which may hold secrets."""
    principal: Any = scope.get("state", {}).get("principal")
    # A flood must not become a flood of lines.
    tell = (
        log.debug
        if status == 429 or scope["path"].startswith(("/static/", "/livez", "/readyz"))
        else log.info
    )
    tell(
        "request.answered",
        method=scope["method"],
        path=scope["path"][:200],
        status=status,
        milliseconds=round(seconds * 1000, 1),
        person_id=principal.person_id if principal else None,
    )
