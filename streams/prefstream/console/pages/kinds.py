"""The pages of tasks other than pairs, and the tasks they ask for with everything rendered."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict

from prefstream.adapters.postgres.console import texts
from prefstream.console import answers, lending
from prefstream.console.kinds import is_kind
from prefstream.console.languages import to_say
from prefstream.console.pages.page import environment, language_of, page
from prefstream.console.parts import Parts, TheParts
from prefstream.console.principals import Labels, Principal
from prefstream.console.problems import Problem
from prefstream.domain.constitution.annotators import Rubric, rubric_of
from prefstream.schemas.demonstrations import TaskKind

router = APIRouter(include_in_schema=False)

#: What is asked of a person, by kind.
ASKED = {
    TaskKind.RANKING.value: to_say("Rank the responses"),
    TaskKind.RATING.value: to_say("Rate the response"),
    TaskKind.DEMONSTRATION.value: to_say("Write the ideal response"),
    TaskKind.SAFETY.value: to_say("Label the harm"),
}
Kind = Annotated[str, Path(max_length=40)]


class Wanted(BaseModel):
    """What the page asks for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ahead: bool = False


@router.get("/tasks/{kind}")
async def work(request: Request, parts: TheParts, principal: Labels, kind: Kind) -> HTMLResponse:
    """Show the page of a kind; its script asks for the first task."""
    _known(kind)
    return page(
        request,
        "kinds/page.html",
        principal,
        kind=kind,
        asked=ASKED[kind],
        kinds=list(ASKED),
        desk={"person": principal.person_id, "kind": kind},
        has_constitution=await _rubric(parts) is not None,
    )


@router.post("/tasks/{kind}/next")
async def next_task(
    request: Request, parts: TheParts, principal: Labels, kind: Kind, wanted: Wanted
) -> Response:
    """Lend the next task of a kind, as HTML to be filled in."""
    _known(kind)
    order = lending.Order(rounds=[kind], ahead=wanted.ahead)
    found = await lending.next_task(parts, principal, order)
    return Response(status_code=204) if found is None else await _shown(request, parts, principal, found)


@router.post("/tasks/{kind}/submissions/{submission_id}/undo")
async def undo(
    request: Request, parts: TheParts, principal: Labels, kind: Kind, submission_id: UUID
) -> Response:
    """Take an answer back and show its task again."""
    _known(kind)
    found = await answers.undone(parts, principal, str(submission_id))
    return await _shown(request, parts, principal, found)


async def _shown(request: Request, parts: Parts, principal: Principal, task: dict[str, Any]) -> Response:
    rubric = await _rubric(parts)
    template = environment(language_of(request, principal)).get_template(f"kinds/{task['kind']}.html")
    # Rendering texts of others takes a while for long ones.
    html = await asyncio.to_thread(template.render, task=task, clauses=rubric.clauses if rubric else ())
    document = {"task": task, "html": html}
    return Response(orjson.dumps(document, default=str), media_type="application/json")


async def _rubric(parts: Parts) -> Rubric | None:
    async with parts.pool.acquire() as connection:
        constitution = await texts.constitution_in_force(connection)
    return rubric_of(constitution) if constitution else None


def _known(kind: str) -> None:
    if not is_kind(kind):
        raise Problem(404, f"there is no kind of task {kind[:100]!r}; kinds are: {', '.join(ASKED)}")
