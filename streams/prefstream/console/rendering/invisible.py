"""Characters that nobody sees, made visible: what turns writing round, hides or smuggles."""

import re
import unicodedata

#: What turns the writing direction, joins, separates or carries nothing to be seen.
_UNSEEN = (
    "\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_RUN = re.compile(f"[{_UNSEEN}]+")
#: A tag of HTML as html5ever writes it: values always in double quotes.
_TAG = re.compile(r"(<[^>\"]*(?:\"[^\"]*\"[^>\"]*)*>)")
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
_SHORT = {
    "\u00ad": "SHY",
    "\u061c": "ALM",
    "\u200b": "ZWSP",
    "\u200c": "ZWNJ",
    "\u200d": "ZWJ",
    "\u200e": "LRM",
    "\u200f": "RLM",
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2060": "WJ",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
    "\ufeff": "BOM",
}


def marked(html: str) -> str:
    """Return sanitised HTML with every invisible character replaced by a mark that says what it was.

    Joiners within emoji and scripts that need them stay as they are.

    >>> marked("a\u202eb")
    'a<span class="invisible" title="U+202E RIGHT-TO-LEFT OVERRIDE" data-name="RLO"></span>b'
    """
    if html.isascii() and _RUN.search(html) is None:
        return html
    parts = _TAG.split(html)
    return "".join(part if n % 2 else _RUN.sub(_mark, part) for n, part in enumerate(parts))


def named(text: str) -> str:
    """Return a text with every invisible character written as its code point, where no mark can stand.

    >>> named("a\u202eb")
    'a⟨U+202E⟩b'
    """
    return _RUN.sub(lambda found: "".join(f"⟨U+{ord(one):04X}⟩" for one in found.group()[:50]), text)


def _mark(found: re.Match[str]) -> str:
    run = found.group()
    if _belongs(found):
        return run
    name = _SHORT.get(run, f"{ord(run):04X}") if len(run) == 1 else f"{len(run)}\u00d7"
    return f'<span class="invisible" title="{_title(run)}" data-name="{name}"></span>'


def _belongs(found: re.Match[str]) -> bool:
    """Say whether joiners stand where a script or an emoji needs them."""
    run, text = found.group(), found.string
    if len(run) > 2 or not _JOINERS.issuperset(run):
        return False
    return found.start() > 0 and not text[found.start() - 1].isascii()


def _title(run: str) -> str:
    if len(run) == 1:
        return f"U+{ord(run):04X} {unicodedata.name(run, 'CONTROL CHARACTER')}"
    hidden = "".join(chr(ord(one) - 0xE0000) for one in run if 0xE0020 <= ord(one) <= 0xE007E)
    told = re.sub(r"[&<>\"]", " ", hidden)[:200]
    return f"{len(run)} characters that are not to be seen" + (f": {told}" if told else "")
