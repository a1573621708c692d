"""People, for administrators: who there is, what they may do, their tokens."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from prefstream.adapters.postgres.console import people, tokens
from prefstream.adapters.postgres.console.people import NewPerson
from prefstream.console import passwords, people_acts
from prefstream.console.pages.page import page
from prefstream.console.parts import Parts, TheParts
from prefstream.console.people import Named
from prefstream.console.principals import Administers, Principal
from prefstream.console.problems import Problem
from prefstream.domain.people import PERSON_ID, Role
from prefstream.schemas.errors import PrefstreamError

router = APIRouter(include_in_schema=False)
_SHOWN = 500
Short = Annotated[str, Form(max_length=300, pattern=r"^[^\x00]*$")]
SliceList = Annotated[str, Form(max_length=20_000, pattern=r"^[^\x00]*$")]


@router.get("/people")
async def everybody(
    request: Request, parts: TheParts, principal: Administers, after: str = ""
) -> HTMLResponse:
    """Show who there is."""
    return await _list(request, parts, principal, after=after.replace("\0", "")[:300])


@router.post("/people")
async def add(
    request: Request,
    parts: TheParts,
    principal: Administers,
    person_id: Annotated[str, Form(pattern=PERSON_ID)],
    name: Annotated[str, Form(min_length=1, max_length=200, pattern=r"^[^\x00]*$")],
    role: Annotated[Role, Form()],
    email: Short = "",
    slices: SliceList = "",
) -> Response:
    """Let somebody in, with a password that is told this once."""
    password = parts.secret()
    new = NewPerson(
        person_id=person_id,
        name=name.strip(),
        role=role,
        email=email.strip() or None,
        password_hash=await passwords.hashed_aside(password),
    )
    try:
        async with parts.pool.acquire() as connection, connection.transaction():
            await people_acts.add(connection, principal.person_id, new, named_in(slices))
    except PrefstreamError as error:
        return await _list(request, parts, principal, wrong=str(error))
    return await _one(request, parts, principal, person_id, password=password)


@router.get("/people/{person_id}")
async def one(request: Request, parts: TheParts, principal: Administers, person_id: Named) -> HTMLResponse:
    """Show somebody."""
    return await _one(request, parts, principal, person_id)


@router.post("/people/{person_id}")
async def change(
    request: Request,
    parts: TheParts,
    principal: Administers,
    person_id: Named,
    act: Annotated[str, Form(max_length=20)],
    role: Annotated[Role, Form()] = Role.VIEWER,
    slices: SliceList = "",
    token_id: Short = "",
) -> Response:
    """Give another role, slices or password, keep out or let in, take a token back."""
    by = principal.person_id
    password = parts.secret() if act == "password" else ""
    password_hash = await passwords.hashed_aside(password) if password else ""
    try:
        async with parts.pool.acquire() as connection, connection.transaction():
            match act:
                case "role":
                    await people_acts.give_role(connection, by, person_id, role)
                case "slices":
                    await people_acts.give_skills(connection, by, person_id, named_in(slices))
                case "password":
                    await people_acts.give_password(connection, by, person_id, password_hash)
                case "disable" | "enable":
                    await people_acts.disable(connection, by, person_id, disabled=act == "disable")
                case "revoke":
                    await people_acts.revoke_token(connection, by, person_id, token_id)
                case _:
                    raise Problem(422, f"{act!r} is nothing that can be done to a person")
    except PrefstreamError as error:
        return await _one(request, parts, principal, person_id, wrong=str(error))
    if password:
        return await _one(request, parts, principal, person_id, password=password)
    return RedirectResponse(f"/people/{quote(person_id)}", HTTPStatus.SEE_OTHER)


@router.post("/people/{person_id}/tokens")
async def issue(
    request: Request,
    parts: TheParts,
    principal: Administers,
    person_id: Named,
    name: Annotated[str, Form(min_length=1, max_length=200, pattern=r"^[^\x00]*$")],
    days: Annotated[int, Form(ge=1, le=3660)] = 90,
) -> Response:
    """Make a token, which is told this once."""
    async with parts.pool.acquire() as connection, connection.transaction():
        issued = await people_acts.issue_token(
            connection, principal.person_id, person_id, name=name, days=days, secret=parts.secret
        )
    return await _one(request, parts, principal, person_id, token=issued.token)


def named_in(slices: str) -> list[str]:
    r"""Return the slices that a text names, separated by commas or lines.

    >>> named_in("law, medicine\n law,,")
    ['law', 'medicine']
    """
    return sorted({one.strip() for one in slices.replace("\n", ",").split(",") if one.strip()})


async def _list(
    request: Request, parts: Parts, principal: Principal, *, after: str = "", wrong: str = ""
) -> HTMLResponse:
    found = await people.everybody(parts.pool, after=after, limit=_SHOWN)
    return page(
        request,
        "people.html",
        principal,
        status=HTTPStatus.CONFLICT if wrong else HTTPStatus.OK,
        people=found,
        more=found[-1].person_id if len(found) == _SHOWN else "",
        roles=list(Role),
        wrong=wrong,
    )


async def _one(
    request: Request,
    parts: Parts,
    principal: Principal,
    person_id: str,
    *,
    password: str = "",
    token: str = "",
    wrong: str = "",
) -> HTMLResponse:
    person = await people.person_named(parts.pool, person_id)
    if person is None:
        raise Problem(404, f"there is no person {person_id!r}")
    return page(
        request,
        "person.html",
        principal,
        status=HTTPStatus.CONFLICT if wrong else HTTPStatus.OK,
        person=person,
        tokens=await tokens.tokens_of(parts.pool, person_id),
        roles=list(Role),
        password=password,
        token=token,
        wrong=wrong,
        now=parts.now(),
    )
