"""A text of somebody else's as HTML, whatever is in it, in bounded time."""

import asyncio
import html
import re
from collections.abc import Sequence

import structlog
from markupsafe import Markup

from prefstream.console.rendering.invisible import marked
from prefstream.console.rendering.markdown import markdown
from prefstream.console.rendering.sanitising import clean

#: Longer texts are shown as they are, without Markdown.
MAX_MARKDOWN = 60_000
#: Of still longer ones the rest is folded away.
MAX_UNFOLDED = 200_000
_BLOCKS = re.compile(r"</(?:p|li|pre|tr|blockquote|div)>|<br>|<hr>")
_CELLS = re.compile(r"</t[dh]>\n?")
_GAPS = re.compile(r"[ ]*\n(?:[ ]*\n)+")
_MARKS = re.compile(r' ?<span class="r-address".*?</span>')
_FORMULAS = re.compile(r'<math[^>"]*(?:"[^"]*"[^>"]*)*?alttext="([^"]*)".*?</math>', re.DOTALL)
_TAGS = re.compile(r"<[^>\"]*(?:\"[^\"]*\"[^>\"]*)*>")
_log = structlog.get_logger(__name__)


def rendered(text: str) -> Markup:
    r"""Return a text as HTML that runs nothing, loads nothing and stays within its box.

    >>> rendered("**a** <script>")
    Markup('<div class="text" dir="auto"><p dir="auto"><strong>a</strong> &lt;script&gt;</p>\n</div>')
    """
    inside = _as_markdown(text) if len(text) <= MAX_MARKDOWN else _as_written(text)
    return Markup(f'<div class="text" dir="auto">{inside}</div>')  # noqa: S704  (sanitised just before)


async def rendered_all(texts: Sequence[str]) -> list[Markup]:
    """Return texts as HTML without keeping the loop from other work."""
    return await asyncio.to_thread(lambda: [rendered(text) for text in texts])


def plain(text: str) -> str:
    r"""Return the words of a text as they are read once Markdown is rendered.

    >>> plain("**a** [b](https://example.com)\n\n- c")
    'a b\n\nc'
    """
    if len(text) > MAX_MARKDOWN:
        return text
    without = _FORMULAS.sub(r"\1", _MARKS.sub("", _safe_markdown(text)))
    spaced = _CELLS.sub(" | ", _BLOCKS.sub("\n", without))
    return _GAPS.sub("\n\n", html.unescape(_TAGS.sub("", spaced))).strip()


def _as_markdown(text: str) -> str:
    return marked(_safe_markdown(text))


def _safe_markdown(text: str) -> str:
    try:
        return clean(markdown(text))
    except Exception as error:  # noqa: BLE001  (whatever the parser stumbles over, the text is shown)
        _log.warning("text.not_rendered", characters=len(text), error=type(error).__name__)
        return _pre(text)


def _as_written(text: str) -> str:
    head, rest = text[:MAX_UNFOLDED], text[MAX_UNFOLDED:]
    if not rest:
        return _pre(head)
    return f"{_pre(head)}<details><summary>… {len(rest):,}</summary>{_pre(rest)}</details>"


def _pre(text: str) -> str:
    return marked(f'<pre class="r-written" dir="auto">{html.escape(text, quote=False)}</pre>')
