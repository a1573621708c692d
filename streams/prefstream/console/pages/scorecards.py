"""The scorecard of a week in the console, and as a file to pass on."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from prefstream.adapters.postgres.console import live as reading
from prefstream.console.pages.page import language_of, page
from prefstream.console.parts import TheParts
from prefstream.console.principals import Reads
from prefstream.console.problems import Problem
from prefstream.console.scorecards import bounded, scorecard_file, scorecard_of, shown
from prefstream.domain.trends import Week, week_named
from prefstream.schemas.errors import BadInput

router = APIRouter(include_in_schema=False)


@router.get("/scorecard")
async def latest(parts: TheParts, _principal: Reads) -> Response:
    """Go to the week of the latest figures."""
    at = await reading.as_of(parts.pool, await reading.slices(parts.pool))
    return RedirectResponse(f"/scorecard/{Week.of(at or parts.now()).name}", HTTPStatus.SEE_OTHER)


@router.get("/scorecard/{name}.html")
async def file(request: Request, parts: TheParts, principal: Reads, name: str) -> Response:
    """Hand out a week as one file."""
    week = _week(name)
    text = scorecard_file(
        await scorecard_of(parts.pool, week), language_of(request, principal), bounded(parts.settings)
    )
    headers = {"Content-Disposition": f'attachment; filename="scorecard-{week.name}.html"'}
    return HTMLResponse(text, headers=headers)


@router.get("/scorecard/{name}")
async def one_week(request: Request, parts: TheParts, principal: Reads, name: str) -> HTMLResponse:
    """Show a week."""
    card = await scorecard_of(parts.pool, _week(name))
    return page(request, "scorecard.html", principal, in_console=True, **shown(card, bounded(parts.settings)))


def _week(name: str) -> Week:
    try:
        return week_named(name)
    except BadInput as error:
        raise Problem(404, str(error)) from error
