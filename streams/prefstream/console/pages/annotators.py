"""How people label, and what to do about it, for QA leads; nobody is ranked and no speed is told."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from prefstream.adapters.postgres.console import quality_figures
from prefstream.console import quality_routes
from prefstream.console.pages.page import page
from prefstream.console.parts import TheParts
from prefstream.console.principals import LeadsQuality
from prefstream.console.quality_routes import ActToDo

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=2000, pattern=r"^[^\x00]*$")]


@router.get("/annotators")
async def annotators(request: Request, parts: TheParts, principal: LeadsQuality) -> HTMLResponse:
    """Show who labels, by name, and what is proposed about whom."""
    return page(request, "annotators.html", principal, people=await quality_figures.people(parts.pool))


@router.get("/annotators/{person_id}")
async def annotator(
    request: Request, parts: TheParts, principal: LeadsQuality, person_id: str, done: str = ""
) -> HTMLResponse:
    """Show one person: reliability, gold questions, habits, and what was done."""
    return page(
        request,
        "annotator.html",
        principal,
        person=await quality_figures.person(parts.pool, person_id.replace("\0", "")),
        done=done,
    )


@router.post("/annotators/{person_id}")
async def act(
    parts: TheParts,
    principal: LeadsQuality,
    person_id: str,
    action: Annotated[Literal["warn", "pause", "resume", "retrain", "withdraw"], Form()],
    why: Text,
    cause: Text = "",
    days: Annotated[int, Form(ge=0, le=366)] = 0,
    everything: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Do something about a person, as the API does it."""
    wanted = ActToDo(
        action=action,
        why=why,
        cause=cause,
        until=parts.now() + timedelta(days=days) if action == "pause" and days else None,
        everything=bool(everything),
    )
    done = await quality_routes.act(person_id, wanted, parts, principal)
    told = action if done.done else "before"
    return RedirectResponse(f"/annotators/{quote(person_id)}?done={told}", HTTPStatus.SEE_OTHER)
