"""What is wrong with a constitution, said so that its author can put it right."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]
#: Where in the document: keys and positions, e.g. `("principles", 0, "rule")`.
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong or doubtful; an error keeps a constitution from being published."""

    level: Level
    #: A stable name to search for, e.g. "no-counter-example".
    code: str
    path: Path
    message: str
    #: What to do about it.
    fix: str


def error(code: str, path: Path, message: str, fix: str) -> Finding:
    """Return a finding that must be put right."""
    return Finding(level="error", code=code, path=path, message=message, fix=fix)


def warning(code: str, path: Path, message: str, fix: str) -> Finding:
    """Return a finding that an author may decide to live with."""
    return Finding(level="warning", code=code, path=path, message=message, fix=fix)


def path_text(path: Iterable[str | int]) -> str:
    """Return a path as people write it.

    >>> path_text(("principles", 0, "rule"))
    'principles[0].rule'
    """
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).lstrip(".")
