"""Markdown of a card: texts of others are text in it, and nothing else."""

import re
from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown; the cells are Markdown already."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def share(hits: int, of: int) -> str:
    """Return a share in percent; of nothing, a dash.

    >>> share(1, 3), share(0, 0)
    ('33.3 %', '-')
    """
    return f"{100 * hits / of:.1f} %" if of else "-"


def code(name: str) -> str:
    r"""Return a name as Markdown shows it literally, also inside a table.

    >>> print(code("a|b"))
    `a\|b`
    """
    return f"`{_flat(name).replace('`', chr(39)).replace('|', chr(92) + '|')}`"


def inline(text: str) -> str:
    r"""Return a text of somebody else as one line of Markdown that is nothing but text.

    >>> print(inline("<b>*bold*\n| x"))
    &lt;b&gt;\*bold\* \| x
    """
    plain = _flat(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|#!~$])", r"\\\1", plain)


def cell(text: str) -> str:
    """Return a text as a cell of a table."""
    return inline(text)


def _flat(text: str) -> str:
    return " ".join(text.split())
