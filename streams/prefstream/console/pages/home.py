"""The first page: what there is to do for whoever asks."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from prefstream.adapters.postgres.console import overview, refinements
from prefstream.console.pages.page import page
from prefstream.console.parts import TheParts
from prefstream.console.principals import Anybody
from prefstream.domain.people import Permission, may, rounds_of
from prefstream.schemas.demonstrations import TaskKind

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(request: Request, parts: TheParts, principal: Anybody) -> HTMLResponse:
    """Show what waits for this person; nothing is counted up against anybody."""
    rounds = rounds_of(principal.role)
    leads = may(principal.role, Permission.LEAD_QUALITY)
    kinds = tuple(TaskKind) if may(principal.role, Permission.LABEL) else ()
    waiting, proposed = await asyncio.gather(
        overview.waiting_by_round(parts.pool, (*rounds, *kinds)), _proposed(parts, leads=leads)
    )
    return page(
        request,
        "home.html",
        principal,
        rounds=rounds,
        waiting=waiting,
        kinds=[kind for kind in kinds if waiting.get(kind)],
        leads=leads,
        reads=may(principal.role, Permission.READ),
        administers=may(principal.role, Permission.ADMINISTER),
        proposed=proposed,
    )


async def _proposed(parts: TheParts, *, leads: bool) -> int:
    return await refinements.count_proposed(parts.pool) if leads else 0
