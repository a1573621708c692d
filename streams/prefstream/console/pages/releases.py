"""Releases: what was cut, whether its gates passed, what changed since the last, and its files."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse, HTMLResponse

from prefstream.adapters.postgres.console import releases as reading
from prefstream.adapters.postgres.console.releases import Release
from prefstream.console.pages.page import page
from prefstream.console.parts import Parts, TheParts
from prefstream.console.principals import Reads
from prefstream.console.problems import Problem
from prefstream.console.release_figures import drawings, gate_rows

router = APIRouter(include_in_schema=False)
ReleaseId = Annotated[str, InPath(max_length=256, pattern=r"^[^\x00/]+$")]
#: Files that stand beside what the release's name is the hash of.
BESIDE: Final = ("manifest.json", "SHA256SUMS", "position.json", "openlineage.json")


@router.get("/releases")
async def everything(request: Request, parts: TheParts, principal: Reads) -> HTMLResponse:
    """Show every release, the latest first."""
    return page(request, "releases.html", principal, releases=await reading.releases(parts.pool))


@router.get("/releases/{release_id}")
async def one(request: Request, parts: TheParts, principal: Reads, release_id: ReleaseId) -> HTMLResponse:
    """Show a release: its gates, what changed since the one before, and its files."""
    release = await _known(parts, release_id)
    before = await reading.release_before(parts.pool, release)
    moved = None if before is None else await reading.moved(parts.pool, release, before)
    folder = _folder(parts, release)
    files = [] if folder is None else await asyncio.to_thread(_files, folder, release)
    return page(
        request,
        "release.html",
        principal,
        release=release,
        before=before,
        moved=moved,
        rows=gate_rows(release, before),
        drawings=drawings(release, before),
        files=files,
    )


@router.get("/releases/{release_id}/files/{path:path}")
async def file(parts: TheParts, _principal: Reads, release_id: ReleaseId, path: str) -> FileResponse:
    """Hand out one file of a release; of one that was withdrawn, none."""
    release = await _known(parts, release_id)
    if release.withdrawn_at is not None:
        raise Problem(410, "this release was withdrawn: it must not be used any more", kind="withdrawn")
    folder = _folder(parts, release)
    if folder is None or path not in {*release.files, *BESIDE}:
        raise Problem(404, "this release has no such file here")
    there = folder / path
    if not await asyncio.to_thread(_stands_in, there, folder):
        raise Problem(404, "the file is not in the folder of releases any more")
    # Never shown by the browser as a page of ours: a card may hold anything that people wrote.
    return FileResponse(there, filename=there.name, media_type="application/octet-stream")


async def _known(parts: Parts, release_id: str) -> Release:
    found = await reading.release(parts.pool, release_id)
    if found is None:
        raise Problem(404, "there is no such release")
    return found


def _folder(parts: Parts, release: Release) -> Path | None:
    """Return where a release's files are; `None`: the console is told of no folder."""
    told = parts.settings.console.releases_folder
    return None if told is None else told / release.release_id


def _files(folder: Path, release: Release) -> list[tuple[str, int]]:
    """Return the files that are there, with their sizes."""
    paths = sorted({*release.files, *BESIDE})
    return [(path, (folder / path).stat().st_size) for path in paths if _stands_in(folder / path, folder)]


def _stands_in(there: Path, folder: Path) -> bool:
    """Return whether a file is there and in the folder itself, wherever links lead."""
    return there.is_file() and there.resolve().is_relative_to(folder.resolve())
