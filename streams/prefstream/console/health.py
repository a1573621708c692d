"""Health of the console: whether it lives, whether it can work, and its figures."""

import asyncio
import time

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from prefstream.adapters.postgres.connection import AWAY
from prefstream.console.parts import TheParts
from prefstream.console.principals import principal_of
from prefstream.console.problems import Problem
from prefstream.domain.people import Permission, may

router = APIRouter(include_in_schema=False)
_PATIENCE_S = 2.0
_ASKED_EVERY_S = 1.0


@router.get("/livez")
async def livez() -> PlainTextResponse:
    """Say that the process lives."""
    return PlainTextResponse("alive\n")


@router.get("/readyz")
async def readyz(request: Request, parts: TheParts) -> PlainTextResponse:
    """Say whether the database answers; it is asked once a second at most."""
    if time.monotonic() < getattr(request.app.state, "ready_until_s", 0.0):
        return PlainTextResponse("ready\n")
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await parts.pool.fetchval("select 1")
    except AWAY:
        return PlainTextResponse("the database does not answer\n", status_code=503)
    request.app.state.ready_until_s = time.monotonic() + _ASKED_EVERY_S
    return PlainTextResponse("ready\n")


@router.get("/metrics")
async def metrics(request: Request, parts: TheParts) -> PlainTextResponse:
    """Say the figures, on the port for health to everybody, else to who may read."""
    from prometheus_client import generate_latest

    if (request.scope.get("server") or ("", 0))[1] != parts.settings.health_port:
        principal = await principal_of(request)
        if not may(principal.role, Permission.READ):
            raise Problem(403, f"the role {principal.role} may not read figures; ask an administrator")
    # Figures of many slices take a while to write; others are answered meanwhile.
    figures = await asyncio.to_thread(generate_latest, request.app.state.registry)
    return PlainTextResponse(figures, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
