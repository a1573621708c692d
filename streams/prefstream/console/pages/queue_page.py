"""What waits for people and why, and which clauses they read in two ways."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from prefstream.adapters.postgres.console import overview
from prefstream.console.pages.page import page
from prefstream.console.parts import TheParts
from prefstream.console.principals import LeadsQuality, Reads
from prefstream.domain.history import clusters

router = APIRouter(include_in_schema=False)
#: Tasks listed, tasks whose reasons are counted, and pairs whose labels are looked at.
_LISTED, _COUNTED, _DISPUTED = 50, 1000, 5000
Name = Annotated[str, Query(max_length=256, pattern=r"^[^\x00]*$")]


@router.get("/queue")
async def queue(
    request: Request,
    parts: TheParts,
    principal: Reads,
    slice_name: Annotated[Name, Query(alias="slice")] = "",
    round_: Annotated[Name, Query(alias="round")] = "",
) -> HTMLResponse:
    """Show what waits by slice and round, and the tasks that go first."""
    chosen = slice_name or None
    waiting, reasons, tasks = await asyncio.gather(
        overview.waiting(parts.pool),
        overview.reasons(parts.pool, slice_name=chosen, most=_COUNTED),
        overview.first_tasks(parts.pool, slice_name=chosen, round_=round_ or None, most=_LISTED),
    )
    return page(
        request,
        "queue.html",
        principal,
        waiting=waiting,
        reasons=reasons,
        tasks=tasks,
        slice=slice_name,
        round=round_,
        now=parts.now(),
        counted=_COUNTED,
    )


@router.get("/disagreements")
async def disagreements(
    request: Request,
    parts: TheParts,
    principal: LeadsQuality,
    slice_name: Annotated[Name, Query(alias="slice")] = "",
) -> HTMLResponse:
    """Show the clauses that people cite on both sides of pairs they do not agree on."""
    labels = await overview.disputed_labels(parts.pool, slice_name=slice_name or None, most_pairs=_DISPUTED)
    return page(
        request,
        "disagreements.html",
        principal,
        clusters=clusters(labels),
        pairs=len({label.pair_id for label in labels}),
        slice=slice_name,
    )
