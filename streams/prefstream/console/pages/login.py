"""The pages where one logs in and out."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from prefstream.console.pages.page import page
from prefstream.console.parts import TheParts
from prefstream.console.passwords import MOST_CHARACTERS
from prefstream.console.principals import Principal
from prefstream.console.problems import Problem
from prefstream.console.sessions import local_path, log_in, log_out

router = APIRouter(include_in_schema=False)


@router.get("/login")
async def login_page(request: Request, parts: TheParts, next: str = "/") -> Response:  # noqa: A002
    """Show the form; who is logged in goes on."""
    if _logged_in(request) is not None:
        return RedirectResponse(local_path(next), HTTPStatus.SEE_OTHER)
    return _form(request, parts, to=local_path(next))


@router.post("/login")
async def login(
    request: Request,
    parts: TheParts,
    name: Annotated[str, Form(max_length=300)] = "",
    password: Annotated[str, Form(max_length=MOST_CHARACTERS)] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Log in, or say that it did not work without telling which part was wrong."""
    answer = RedirectResponse(local_path(next), HTTPStatus.SEE_OTHER)
    try:
        await log_in(request, answer, parts, name=name.strip(), password=password)
    except Problem as problem:
        return _form(request, parts, to=local_path(next), name=name, problem=problem)
    return answer


@router.post("/logout")
async def logout(request: Request, parts: TheParts) -> Response:
    """End the session."""
    answer = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
    await log_out(request, answer, parts)
    return answer


def _logged_in(request: Request) -> Principal | None:
    principal: Principal | None = getattr(request.state, "principal", None)
    return principal


def _form(
    request: Request, parts: TheParts, *, to: str, name: str = "", problem: Problem | None = None
) -> HTMLResponse:
    return page(
        request,
        "login.html",
        None,
        status=problem.status if problem else HTTPStatus.OK,
        to=to,
        name=name,
        too_often=problem is not None and problem.status == HTTPStatus.TOO_MANY_REQUESTS,
        wrong=problem is not None,
        oidc=bool(parts.settings.console.oidc_issuer),
    )
