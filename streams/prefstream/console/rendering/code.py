"""Code in colours: words of a programming language as spans with classes."""

import html
import re
from functools import cache

from pygments import lex
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

#: Longer code is shown in one colour, and so is code that no person wrote: lexers are made of regular
#: expressions, and on endless lines or endless blank lines some take time by the square.
MAX_LENGTH = 6000
_EXTRAORDINARY = re.compile(r"[^\n]{401}|\s{200}")
LANGUAGES = frozenset(
    "bash c cpp css go html ini java javascript js json jsx kotlin lua php python py pycon r ruby rust "  # noqa: SIM905
    "sh shell sql swift toml ts tsx typescript xml yaml yml".split()
)


def highlighted(code: str, language: str, _attributes: str = "") -> str:
    """Return code as HTML.

    >>> highlighted("1", "python")
    '<pre class="r-code" dir="ltr"><code><span class="r-mi">1</span></code></pre>'
    """
    lexer = _lexer(language.lower()) if _is_ordinary(code) else None
    inside = html.escape(code, quote=False) if lexer is None else _coloured(code, lexer)
    return f'<pre class="r-code" dir="ltr"><code>{inside}</code></pre>'


def _is_ordinary(code: str) -> bool:
    return len(code) <= MAX_LENGTH and _EXTRAORDINARY.search(code) is None


@cache
def _known(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _lexer(language: str) -> Lexer | None:
    return _known(language) if language in LANGUAGES else None


def _coloured(code: str, lexer: Lexer) -> str:
    return "".join(_span(STANDARD_TYPES.get(kind, ""), text) for kind, text in lex(code, lexer))


def _span(name: str, text: str) -> str:
    said = html.escape(text, quote=False)
    return f'<span class="r-{name}">{said}</span>' if name and name != "w" else said
