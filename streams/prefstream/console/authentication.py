"""Authentication: who sends a request, by its token or its cookie, before any route sees it."""

import time

import asyncpg
import orjson
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from prefstream.adapters.postgres.console import sessions, tokens
from prefstream.console.credentials import COOKIE, bearer, hash_of, unsigned
from prefstream.console.csrf import refusal_of
from prefstream.console.parts import Parts
from prefstream.console.principals import Principal
from prefstream.console.problems import Problem, problem_answer
from prefstream.console.rates import Rates
from prefstream.domain.people import Role

#: Asked without looking at who asks, and as often as anybody likes: a page brings a dozen files along.
PLAIN = ("/static/", "/livez", "/readyz")


class Authentication:
    """Finds out who asks and counts their turns; an unsafe request by cookie must prove its origin."""

    def __init__(self, app: ASGIApp, *, parts: Parts, rates: Rates) -> None:
        self._app = app
        self._parts = parts
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] not in {"http", "websocket"} or scope["path"].startswith(PLAIN):
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        scope.setdefault("state", {})
        try:
            principal = await self._principal(request)
            self._rates.take(principal.person_id if principal else None, request, now_s=time.monotonic())
            scope["state"]["principal"] = principal
            receive = await refusal_of(request, principal, receive, self._parts.settings.console.public_url)
        except Problem as problem:
            await problem_answer(problem, request)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _principal(self, request: HTTPConnection) -> Principal | None:
        """Return who asks; a token goes before a cookie."""
        header = request.headers.get("authorization")
        if header is not None:
            token = bearer(header)
            return await self._by_token(token, request) if token else None
        cookie = request.cookies.get(COOKIE)
        session = (
            unsigned(cookie, self._parts.settings.console.secret_key.get_secret_value()) if cookie else None
        )
        return await self._by_session(session, request) if session else None

    async def _by_token(self, token: str, request: HTTPConnection) -> Principal | None:
        token_hash = hash_of(token)
        self._rates.may_try(token_hash, request, now_s=time.monotonic())
        row = await tokens.holder(self._parts.pool, token_hash)
        self._rates.tried(token_hash, good=row is not None)
        return _principal(row) if row else None

    async def _by_session(self, session: str, request: HTTPConnection) -> Principal | None:
        idle_s = self._parts.settings.console.idle_minutes * 60
        row = await sessions.holder(self._parts.pool, hash_of(session), idle_s=idle_s)
        if row is None:
            return None
        request.state.preferences = orjson.loads(row["preferences"])
        return _principal(row, csrf_token=row["csrf_token"])


def _principal(row: asyncpg.Record, *, csrf_token: str = "") -> Principal:
    return Principal(
        person_id=row["person_id"],
        name=row["name"],
        role=Role(row["role"]),
        simulated=row["simulated"],
        language=row["language"],
        via="session" if csrf_token else "token",
        csrf_token=csrf_token,
    )
