"""Problems: what an answer says that could not be what was asked for (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import orjson
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """A request cannot be answered as asked; what was sent is not lost by it."""

    def __init__(self, status: int, detail: str, *, kind: str = "", **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        #: A name for programs, e.g. "lease_expired"; empty: the status says it all.
        self.kind = kind
        self.more = more

    @property
    def document(self) -> dict[str, Any]:
        """Return the problem as `application/problem+json` takes it."""
        named = {"type": f"urn:prefstream:problem:{self.kind}"} if self.kind else {"type": "about:blank"}
        title = HTTPStatus(self.status).phrase
        return named | {"title": title, "status": self.status, "detail": self.detail} | self.more

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers that say more to programs."""
        headers = {}
        if "retry_after_s" in self.more:
            headers["Retry-After"] = str(self.more["retry_after_s"])
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        return headers


def problem_answer(problem: Problem, request: HTTPConnection) -> Response:
    """Return the answer: who looks at a page without being logged in is sent to the login."""
    if problem.status == HTTPStatus.UNAUTHORIZED and looks(request):
        return RedirectResponse(f"/login?next={quote(_where(request), safe='/')}", status_code=303)
    if reads_pages(request):
        from prefstream.console.pages.problem_page import problem_page

        answer = problem_page(problem, request)
        answer.headers.update(problem.headers)
        return answer
    return Response(
        # Half a surrogate pair that a client sent cannot be said back.
        orjson.dumps(_sayable(problem.document)),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=dict(problem.headers),
    )


def looks(request: HTTPConnection) -> bool:
    """Return whether somebody looks at a page rather than a program asking the API."""
    return request.scope.get("method") in {"GET", "HEAD"} and reads_pages(request)


def reads_pages(request: HTTPConnection) -> bool:
    """Return whether the answer is read by a person in a browser."""
    return not request.scope["path"].startswith("/api/") and "text/html" in request.headers.get("accept", "")


def _where(request: HTTPConnection) -> str:
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def _sayable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {_sayable(str(key)): _sayable(one) for key, one in value.items()}
        case list() | tuple():
            return [_sayable(one) for one in value]
        case _:
            return value
