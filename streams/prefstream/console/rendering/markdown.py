"""Markdown as HTML: no HTML of the author's, no pictures, links that show where they lead."""

import html
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from prefstream.console.rendering.code import highlighted
from prefstream.console.rendering.mathematics import MAX_LENGTH, formula

_SCHEMES = frozenset({"http", "https", "mailto"})
_DIRECTED = frozenset(
    {
        "paragraph_open", "blockquote_open", "bullet_list_open", "ordered_list_open", "list_item_open",
        "th_open", "td_open",
    }
)  # fmt: skip
_MAX_ADDRESS = 200


def markdown(text: str) -> str:
    """Return Markdown as HTML, not yet sanitised."""
    parser = _parser()
    environment: dict[str, Any] = {}
    tokens = parser.parse(text, environment)
    _direct(tokens)
    return str(parser.renderer.render(tokens, parser.options, environment))


@cache
def _parser() -> MarkdownIt:
    made = MarkdownIt(
        "commonmark",
        {"html": False, "linkify": False, "typographer": False, "maxNesting": 20, "highlight": highlighted},
    )
    made.enable(["table", "strikethrough"])
    made.use(
        dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False,
        allow_blank_lines=False, double_inline=True,
        renderer=lambda latex, how: formula(latex, display=how["display_mode"]),
    )  # fmt: skip
    made.inline.ruler.before("escape", "math_brackets", _inline_brackets)
    made.block.ruler.before("fence", "math_brackets_block", _block_brackets, {"alt": ["paragraph"]})
    # mdit's own wrappers carry classes of its own; the formula alone is wanted.
    made.add_render_rule("math_inline", _inline)
    made.add_render_rule("math_inline_double", _display)
    made.add_render_rule("math_block", _block)
    made.add_render_rule("image", _image)
    made.add_render_rule("link_open", _link_open)
    made.add_render_rule("link_close", _link_close)
    made.add_render_rule("heading_open", _heading_open)
    made.add_render_rule("heading_close", lambda *_: "</p>\n")
    made.add_render_rule("code_block", lambda _, tokens, at, *__: highlighted(tokens[at].content, "") + "\n")
    return made


def _direct(tokens: Sequence[Token]) -> None:
    """Let each block find its own writing direction, tell links from mere text, and note addresses."""
    for token in tokens:
        if token.type in _DIRECTED:
            token.attrSet("dir", "auto")
        if token.children:
            _pair_links(token.children)


def _pair_links(tokens: Sequence[Token]) -> None:
    """Note at the end of each link where it leads."""
    opened: list[Token] = []
    for token in tokens:
        if token.type == "link_open":
            opened.append(token)
        elif token.type == "link_close" and opened:
            token.meta = {"href": str(opened.pop().attrs.get("href", ""))}


def _leads_out(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and (parts.scheme == "mailto" or bool(parts.netloc))


def _link_open(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    address = str(tokens[at].attrs.get("href", ""))
    return f'<a href="{html.escape(address)}" target="_blank">' if _leads_out(address) else "<span>"


def _link_close(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    address = str(tokens[at].meta.get("href", ""))
    end = "</a>" if _leads_out(address) else "</span>"
    return f"{end}{_shown(address)}"


def _image(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    token = tokens[at]
    said = f'<span class="r-image" dir="auto">{html.escape(token.content)}</span>'
    return said + _shown(str(token.attrs.get("src", "")))


def _shown(address: str) -> str:
    # The address with its host in ASCII as the parser made it: look-alike letters show as xn--.
    cut = address if len(address) <= _MAX_ADDRESS else f"{address[:_MAX_ADDRESS]}…"
    return f' <span class="r-address" dir="ltr">{html.escape(cut)}</span>'


def _heading_open(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    # Not a heading of the page: its outline is the page's own.
    return f'<p class="r-heading r-{html.escape(tokens[at].tag)}" dir="auto">'


def _inline(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    return formula(tokens[at].content.strip(), display=False)


def _display(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    return f'<span class="r-display">{formula(tokens[at].content.strip(), display=True)}</span>'


def _block(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    return f'<p class="r-display" dir="ltr">{formula(tokens[at].content.strip(), display=True)}</p>\n'


def _inline_brackets(state: StateInline, silent: bool) -> bool:
    r"""Read \( ... \) and \[ ... \] within a paragraph."""
    opening = state.src[state.pos : state.pos + 2]
    if opening not in (r"\(", r"\["):
        return False
    closing = r"\)" if opening == r"\(" else r"\]"
    end = state.src.find(closing, state.pos + 2, state.pos + 2 + MAX_LENGTH)
    if end < 0:
        return False
    if not silent:
        token = state.push("math_inline" if closing == r"\)" else "math_inline_double", "math", 0)
        token.content = state.src[state.pos + 2 : end]
    state.pos = end + 2
    return True


def _block_brackets(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""Read a formula in \[ ... \] whose first line begins with it, before its lines mean anything else."""
    first = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith(r"\[", first):
        return False
    close = state.src.find(r"\]", first + 2, first + 2 + MAX_LENGTH)
    if close < 0 or state.src.find("\n\n", first, close) >= 0:
        return False
    last = start
    while last < end and state.eMarks[last] < close:
        last += 1
    if last >= end or state.src[close + 2 : state.eMarks[last]].strip():
        return False
    if not silent:
        token = state.push("math_block", "math", 0)
        token.block = True
        token.content = state.src[first + 2 : close]
        token.map = [start, last + 1]
    state.line = last + 1
    return True
