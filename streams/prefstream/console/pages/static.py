"""Files of the pages that are the same for everybody: style, scripts, pictures."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from prefstream.console.problems import Problem

router = APIRouter(include_in_schema=False)
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A file as it is answered."""

    content: bytes
    media_type: str
    tag: str


@router.get("/static/{name:path}")
async def static(request: Request, name: str) -> Response:
    """Answer with a file, or that the browser has it already."""
    found = static_files().get(name)
    if found is None:
        raise Problem(404, "there is no such file")
    headers = {"ETag": found.tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == found.tag:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)


@cache
def static_files() -> dict[str, StaticFile]:
    """Return every file by its name: what is not among them cannot be asked for."""
    root = files("prefstream.console") / "static"
    return {name: _read(one) for name, one in _walked(root, "")}


def _walked(folder: Traversable, above: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for one in folder.iterdir():
        if one.is_dir():
            found += _walked(one, f"{above}{one.name}/")
        elif _suffix(one.name) in _TYPES:
            found.append((above + one.name, one))
    return found


def _read(file: Traversable) -> StaticFile:
    content = file.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    return StaticFile(content=content, media_type=_TYPES[_suffix(file.name)], tag=tag)


def _suffix(name: str) -> str:
    return name[name.rfind(".") :]
