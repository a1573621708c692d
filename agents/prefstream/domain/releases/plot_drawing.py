"""Drawing: SVG as text, the same bytes on every machine, legible by day and by night."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

_STYLE: Final = (
    "svg{color-scheme:light dark;"
    "font-family:system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif}"
    ".paper{fill:#fff}text{fill:#1c2733;font-size:13px}.soft{fill:#566473;font-size:12px}"
    ".title{font-size:15px;font-weight:600}.grid{stroke:#d9dee4}.axis{stroke:#8b97a4}"
    ".one{fill:#2563a8;stroke:#2563a8}.two{fill:#c2731c;stroke:#c2731c}"
    ".three{fill:#5b8f3c;stroke:#5b8f3c}.limit{stroke:#b3261e;stroke-dasharray:5 4;stroke-width:1.5}"
    ".reach{stroke-width:6;stroke-opacity:.35;stroke-linecap:round}.fails{fill:#b3261e;stroke:#b3261e}"
    "@media(prefers-color-scheme:dark){.paper{fill:#14181d}text{fill:#e6eaef}.soft{fill:#a3afbc}"
    ".grid{stroke:#2f3740}.axis{stroke:#6c7885}.one{fill:#6fb0f2;stroke:#6fb0f2}.two{fill:#e9a35a;"
    "stroke:#e9a35a}.three{fill:#93c773;stroke:#93c773}.limit{stroke:#ff8a80}"
    ".fails{fill:#ff8a80;stroke:#ff8a80}}"
)
#: Characters of a name that are shown; the whole name is said to whoever points at it.
_MOST_CHARACTERS: Final = 24


def picture(title: str, described: str, body: Iterable[str], *, width: int, height: int) -> str:
    """Return a picture.

    Args:
        title: What it shows.
        described: The same figures in words, for those who do not see it.
        body: Its parts.
        width: In pixels.
        height: In pixels.
    """
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-labelledby="t d">'
    )
    return "\n".join(
        [
            head,
            f'<title id="t">{said(title)}</title>',
            f'<desc id="d">{said(described)}</desc>',
            f"<style>{_STYLE}</style>",
            f'<rect class="paper" width="{width}" height="{height}" rx="6"/>',
            text(20, 28, title, kind="title"),
            *body,
            "</svg>\n",
        ]
    )


def text(x: float, y: float, words: str, *, kind: str = "", anchor: str = "start") -> str:
    """Return a text whose base line begins, ends or has its middle at a point."""
    named = f' class="{kind}"' if kind else ""
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{at(x)}" y="{at(y)}"{named}{placed}>{said(words)}</text>'


def name(x: float, y: float, words: str) -> str:
    """Return a name that ends at a point, cut short where it is long."""
    shown = words if len(words) <= _MOST_CHARACTERS else f"{words[: _MOST_CHARACTERS - 1]}\u2026"
    label = text(x, y, shown, anchor="end")
    return f"<g><title>{said(words)}</title>{label}</g>"


def bar(x: float, y: float, width: float, height: float, *, kind: str, told: str) -> str:
    """Return a bar that says its figure to whoever points at it; one without size is left out."""
    if width <= 0 or height <= 0:
        return ""
    box = f'x="{at(x)}" y="{at(y)}" width="{at(width)}" height="{at(height)}"'
    return f'<rect class="{kind}" {box} stroke="none"><title>{said(told)}</title></rect>'


def line(x_1: float, y_1: float, x_2: float, y_2: float, *, kind: str) -> str:
    """Return a line."""
    return f'<line class="{kind}" x1="{at(x_1)}" y1="{at(y_1)}" x2="{at(x_2)}" y2="{at(y_2)}"/>'


def dot(x: float, y: float, *, kind: str, told: str) -> str:
    """Return a dot."""
    return f'<circle class="{kind}" cx="{at(x)}" cy="{at(y)}" r="4.5"><title>{said(told)}</title></circle>'


def legend(x: float, y: float, names: Sequence[tuple[str, str]]) -> list[str]:
    """Return what colours mean, as pairs of class and words, in one row."""
    parts = []
    for kind, words in names:
        parts += [bar(x, y - 10, 12, 12, kind=kind, told=words), text(x + 18, y, words, kind="soft")]
        x += 34 + 7 * len(words)
    return parts


def at(value: float) -> str:
    """Return a coordinate: tenths of a pixel, without a needless nought.

    >>> at(3.0), at(2.25), at(-0.01)
    ('3', '2.2', '0')
    """
    told = f"{value:.1f}".removesuffix(".0")
    return "0" if told == "-0" else told


def said(words: str) -> str:
    """Return a text as XML says it, without the characters that XML cannot."""
    shown = "".join(one if one.isprintable() or one == " " else "\ufffd" for one in words)
    return escape(shown)


def steps(most: int) -> list[int]:
    """Return round figures from nought to at least the largest count, at most six of them.

    >>> steps(7), steps(430), steps(0)
    ([0, 2, 4, 6, 8], [0, 100, 200, 300, 400, 500], [0, 1])
    """
    size = 1
    while size * 5 < most:
        digit = int(str(size)[0])
        size = size * 2 if digit in {1, 5} else size // 2 * 5
    return [size * n for n in range(max(1, -(-most // size)) + 1)]
