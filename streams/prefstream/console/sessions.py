"""Sessions: logging in and out with a password."""

from http import HTTPStatus
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import audit, people, sessions
from prefstream.console import passwords
from prefstream.console.credentials import COOKIE, hash_of, signed, unsigned
from prefstream.console.parts import Parts, TheParts
from prefstream.console.principals import Anybody
from prefstream.console.problems import Problem
from prefstream.domain.people import Permission, Role, may

router = APIRouter(prefix="/api/v1/session", tags=["session"])


class Login(BaseModel):
    """Who wants in."""

    model_config = ConfigDict(extra="forbid", strict=True)

    #: Id or e-mail address.
    name: Annotated[str, Field(min_length=1, max_length=300)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=passwords.MOST_CHARACTERS)]


class Who(BaseModel):
    """Who is logged in, and what they may do."""

    person_id: str
    name: str
    role: Role
    language: str
    #: To be sent back as `X-CSRF-Token` with everything that changes something.
    csrf_token: str
    permissions: list[Permission]


@router.post("", status_code=HTTPStatus.NO_CONTENT, summary="Log in")
async def enter(login: Login, request: Request, response: Response, parts: TheParts) -> None:
    """Log in with a password; the answer sets the cookie of the session."""
    await log_in(request, response, parts, name=login.name, password=login.password.get_secret_value())


@router.get("", summary="Who is logged in")
async def who(principal: Anybody) -> Who:
    """Return who is logged in and what they may do."""
    return Who(
        person_id=principal.person_id,
        name=principal.name,
        role=principal.role,
        language=principal.language,
        csrf_token=principal.csrf_token,
        permissions=[permission for permission in Permission if may(principal.role, permission)],
    )


@router.delete("", status_code=HTTPStatus.NO_CONTENT, summary="Log out")
async def leave(request: Request, response: Response, parts: TheParts, _principal: Anybody) -> None:
    """End the session."""
    await log_out(request, response, parts)


async def log_in(request: Request, response: Response, parts: Parts, *, name: str, password: str) -> str:
    """Begin a session of whom this name and password belong to; return their id.

    Raises:
        Problem: They belong to nobody (401), or it was tried too often (429).
    """
    request.app.state.rates.login(name, request)
    found = await people.login(parts.pool, name)
    good = await passwords.right(password, found[1] if found else None)
    if found is None or not good:
        raise Problem(401, "name or password is wrong", kind="wrong_login")
    await begin_session(request, response, parts, found[0])
    return found[0]


async def begin_session(request: Request, response: Response, parts: Parts, person_id: str) -> None:
    """Begin a session, always a new one, and end the one whose cookie came with the request."""
    settings = parts.settings.console
    session_id, csrf_token, lasts_s = parts.secret(), parts.secret(), settings.session_hours * 3600
    async with parts.pool.acquire() as connection, connection.transaction():
        await _end_old(connection, request, parts)
        await sessions.begin(
            connection,
            session_hash=hash_of(session_id),
            person_id=person_id,
            csrf_token=csrf_token,
            lasts_s=lasts_s,
        )
        await audit.note(connection, person_id, "session.begun")
    response.set_cookie(
        COOKIE,
        signed(session_id, settings.secret_key.get_secret_value()),
        max_age=int(lasts_s),
        httponly=True,
        samesite="lax",
        secure=over_https(request, parts),
    )


async def log_out(request: Request, response: Response, parts: Parts) -> None:
    """End the session of a request, and take the cookie back."""
    await _end_old(parts.pool, request, parts)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=over_https(request, parts))


def over_https(request: Request, parts: Parts) -> bool:
    """Return whether people reach the console by https."""
    return request.url.scheme == "https" or parts.settings.console.public_url.startswith("https://")


def local_path(path: str) -> str:
    r"""Return where to go after the login: a path of ours, whatever a link says.

    >>> local_path("/work?round=review"), local_path("//evil.example"), local_path("/\\evil.example")
    ('/work?round=review', '/', '/')
    """
    local = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if local else "/"


async def _end_old(source: Connection | asyncpg.Pool, request: Request, parts: Parts) -> None:
    cookie = request.cookies.get(COOKIE)
    session = unsigned(cookie, parts.settings.console.secret_key.get_secret_value()) if cookie else None
    if session is not None:
        await sessions.end(source, hash_of(session))
