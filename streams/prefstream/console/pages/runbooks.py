"""Runbooks: what an alert means, what to look at and what to do, as the documentation has it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from prefstream.console.pages.page import page
from prefstream.console.parts import TheParts
from prefstream.console.principals import Reads
from prefstream.console.problems import Problem

router = APIRouter(include_in_schema=False)
Name = Annotated[str, Path(max_length=100, pattern=r"^[a-z][a-z-]*$")]
_CODE = re.compile(r"`([^`]+)`")
#: Pages that a runbook refers to stand beside it in the documentation: here they are names.
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of a page."""

    kind: Literal["title", "heading", "paragraph", "list", "commands"]
    lines: tuple[Markup, ...]


@router.get("/runbooks/{name}")
async def runbook(request: Request, parts: TheParts, principal: Reads, name: Name) -> HTMLResponse:  # noqa: ARG001
    """Show a runbook."""
    blocks = runbook_named(name)
    if blocks is None:
        raise Problem(404, f"there is no runbook {name!r}")
    return page(request, "runbook.html", principal, blocks=blocks)


@lru_cache(maxsize=64)
def runbook_named(name: str) -> tuple[Block, ...] | None:
    """Return the parts of a runbook; `None`: there is none of this name."""
    file = files("prefstream.console") / "runbooks" / f"{name}.md"
    return tuple(blocks_of(file.read_text(encoding="utf-8"))) if file.is_file() else None


def blocks_of(text: str) -> Iterator[Block]:
    r"""Yield the parts of a page: headings, paragraphs, lists and commands are all that runbooks have.

    >>> [block.kind for block in blocks_of("# Too few\n## Do\n- this\n\n    prefstream up")]
    ['title', 'heading', 'list', 'commands']
    """
    # A heading stands on its own, blank line or not.
    for part in re.split(r"\n{2,}", re.sub(r"(?m)^(#.*)$", r"\n\1\n", text)):
        lines = part.strip("\n").split("\n")
        if lines[0].startswith("#"):
            marks, _, title = lines[0].partition(" ")
            yield Block(kind="title" if marks == "#" else "heading", lines=(_said(title),))
        elif lines[0].startswith("    "):
            yield Block(kind="commands", lines=tuple(escape(line.strip()) for line in lines))
        elif lines[0].startswith("- "):
            items = " ".join(line.strip() for line in lines).removeprefix("- ").split(" - ")
            yield Block(kind="list", lines=tuple(_said(item) for item in items))
        elif lines[0]:
            yield Block(kind="paragraph", lines=(_said(" ".join(lines)),))


def _said(text: str) -> Markup:
    plain = str(escape(_LINK.sub(r"\1", text))).replace("**", "").replace("*", "")
    return Markup(_CODE.sub(r"<code>\1</code>", plain))  # noqa: S704  escaped just before
