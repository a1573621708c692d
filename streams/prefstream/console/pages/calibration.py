"""Weekly sets: who has answered how many, and who drifts, people and judges alike."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from prefstream.adapters.postgres.console import quality_figures, quality_sets
from prefstream.console.pages.page import page
from prefstream.console.parts import TheParts
from prefstream.console.principals import LeadsQuality
from prefstream.console.problems import Problem

router = APIRouter(include_in_schema=False)


@router.get("/calibration")
async def calibration(
    request: Request,
    parts: TheParts,
    principal: LeadsQuality,
    week: Annotated[str, Query(pattern=r"^(\d{4}-W\d{2})?$")] = "",
) -> HTMLResponse:
    """Show a week's set; the latest unless another is asked for."""
    shown = await quality_figures.week(parts.pool, week or None)
    if shown is None and week:
        raise Problem(404, f"the week {week} has no set")
    figures = sorted(shown["figures"], key=lambda one: (one["judge"], one["annotator"])) if shown else []
    slices = Counter(item["slice"] for item in shown["items"]) if shown else Counter()
    return page(
        request,
        "calibration.html",
        principal,
        shown=shown,
        figures=figures,
        slices=dict(sorted(slices.items())),
        weeks=await quality_sets.weeks(parts.pool),
    )
