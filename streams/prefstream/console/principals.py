"""Principals: who asks, found out from a session's cookie or a token, and what they may do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends
from starlette.requests import HTTPConnection

from prefstream.console.problems import Problem
from prefstream.domain.people import Permission, Role, may


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks."""

    person_id: str
    name: str
    role: Role
    simulated: bool
    language: str
    via: Literal["session", "token"]
    #: What a form must send back; empty for tokens.
    csrf_token: str = ""


async def principal_of(request: HTTPConnection) -> Principal:
    """Return who asks.

    Raises:
        Problem: Nobody is logged in (401).
    """
    principal: Principal | None = getattr(request.state, "principal", None)
    if principal is None:
        raise Problem(401, "nobody is logged in; log in, or send a token as `Authorization: Bearer ...`")
    return principal


def allowed(permission: Permission) -> Callable[[Principal], Awaitable[Principal]]:
    """Return the dependency that lets only those through who have a permission."""

    async def checked(principal: Annotated[Principal, Depends(principal_of)]) -> Principal:
        if not may(principal.role, permission):
            raise Problem(403, f"the role {principal.role} may not {permission}; ask an administrator")
        return principal

    checked.permission = permission  # type: ignore[attr-defined]  # for tests that ask every route
    return checked


#: Whoever is logged in, as a parameter of a route.
Anybody = Annotated[Principal, Depends(principal_of)]
Labels = Annotated[Principal, Depends(allowed(Permission.LABEL))]
Reads = Annotated[Principal, Depends(allowed(Permission.READ))]
LeadsQuality = Annotated[Principal, Depends(allowed(Permission.LEAD_QUALITY))]
Administers = Annotated[Principal, Depends(allowed(Permission.ADMINISTER))]
Ingests = Annotated[Principal, Depends(allowed(Permission.INGEST))]
