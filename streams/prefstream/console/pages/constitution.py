"""The constitution as people read it, its versions, and what changed between two of them."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from prefstream.adapters.constitutions.writing import yaml_of
from prefstream.console.constitution_versions import Version, versions
from prefstream.console.pages.page import page
from prefstream.console.parts import TheParts
from prefstream.console.principals import Anybody
from prefstream.console.problems import Problem
from prefstream.domain.constitution.annotators import rubric_of
from prefstream.domain.constitution.differences import differences

router = APIRouter(include_in_schema=False)


@router.get("/constitution")
async def constitution(
    request: Request, parts: TheParts, principal: Anybody, version: str = ""
) -> HTMLResponse:
    """Show a version as a rubric; the one in force unless another is asked for."""
    known = await versions(parts)
    shown = chosen(known, version)
    return page(
        request,
        "constitution.html",
        principal,
        rubric=rubric_of(shown.constitution),
        shown=shown,
        in_force=shown is known[-1],
        versions=list(reversed(known)),
        triggers={trigger.id: trigger for trigger in shown.constitution.escalation},
    )


@router.get("/constitution/differences")
async def compare(
    request: Request, parts: TheParts, principal: Anybody, old: str = "", new: str = ""
) -> HTMLResponse:
    """Show what changed from one version to another; from the last but one to the last unless asked."""
    known = await versions(parts)
    newer = chosen(known, new)
    older = chosen(known, old) if old else known[max(0, known.index(newer) - 1)]
    return page(
        request,
        "differences.html",
        principal,
        old=older,
        new=newer,
        versions=list(reversed(known)),
        changes=differences(older.constitution, newer.constitution),
    )


@router.get("/constitution.yaml")
async def source(parts: TheParts, _principal: Anybody, version: str = "") -> Response:
    """Give a version as the file it could be written in."""
    shown = chosen(await versions(parts), version).constitution
    return yaml_answer(yaml_of(shown), f"constitution-{shown.content_hash[:16]}.yaml")


def chosen(known: Sequence[Version], version_id: str) -> Version:
    """Return the version of this id, the one in force without an id.

    Raises:
        Problem: There is none.
    """
    if not version_id:
        return known[-1]
    for one in reversed(known):
        if one.constitution.id == version_id:
            return one
    raise Problem(404, f"no version {version_id!r} of the constitution was published")


def yaml_answer(text: str, name: str) -> Response:
    """Return YAML as a file to be kept."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="application/yaml; charset=utf-8", headers=headers)
