"""Characters that were damaged on their way: read in the wrong encoding, or escaped twice."""

import re
from collections.abc import Iterator
from typing import Final

from prefstream.domain.checks.texts import PairTexts, hits, told

#: Control characters that text has no use for; tab, line breaks and the form feed of page ends are fine.
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_ASCII_CONTROLS: Final = bytes((*range(9), 0x0B, *range(0x0E, 0x20), 0x7F))
_NOT_CONTROLS: Final = bytes(byte for byte in range(256) if byte not in _ASCII_CONTROLS)
_LOST: Final = re.compile("[\ufffd\ud800-\udfff]")
#: What the bytes of one UTF-8 character look like, read as Windows-1252 or as Latin-1.
_UPPER: Final = (
    "\x80-\xbf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u017d"
    "\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178"
)
_MISREAD: Final = re.compile(
    f"[\xc2-\xdf][{_UPPER}]|[\xe0-\xef][{_UPPER}]{{2}}|[\xf0-\xf4][{_UPPER}]{{3}}|\xe2\u20ac"
)
#: First bytes, in UTF-8, of all that `_LOST` and `_MISREAD` find and of the upper control characters.
_LEADS: Final = (b"\xc2", b"\xc3", b"\xef\xbf\xbd", b"\xed")
#: Line breaks or characters that still stand as their escapes.
_ESCAPED_BREAK: Final = re.compile(r"(?<!\\)\\n")
#: In or at a word, or a run of ideographs: source code has escapes that stand alone.
_ESCAPED_CHARACTER: Final = re.compile(
    r"(?<=[a-z])(?<!\\u[0-9a-f]{4})\\u(?:00[c-f][0-9a-f]|01[0-7][0-9a-f]|2019)(?=[a-z \\])"
    r"|\\u00[c-f][0-9a-f](?=[a-z])|(?:\\u[4-9][0-9a-f]{3}){3}",
    re.IGNORECASE,
)
_ESCAPED_TWICE: Final = re.compile(r"&amp;(?:amp|lt|gt|quot|#\d{2,5});")
#: Fewer may be talk about escapes.
_MANY: Final = 3


def encoding_damage(texts: PairTexts) -> str:
    """Return where characters were damaged, and how."""
    encoded = texts.encoded
    suspicious = (
        b"\\" in encoded
        or b"&amp;" in encoded
        or encoded.translate(None, _NOT_CONTROLS)
        or (not encoded.isascii() and any(lead in encoded for lead in _LEADS))
    )
    return told(hits(texts.all, _damage)) if suspicious else ""


def _damage(text: str) -> Iterator[tuple[int, str]]:
    if not text.isascii():
        yield from _lost(text)
    if (control := _CONTROLS.search(text)) is not None:
        yield control.start(), f"a control character (U+{ord(control[0]):04X})"
    if "\\" in text and (escape := _escape(text)) is not None:
        yield escape.start(), "escapes that were never undone"
    if (twice := _ESCAPED_TWICE.search(text)) is not None:
        yield twice.start(), "HTML that was escaped twice"


def _lost(text: str) -> Iterator[tuple[int, str]]:
    if (lost := _LOST.search(text)) is not None:
        what = "a replacement character" if lost[0] == "\ufffd" else "half a surrogate pair"
        yield lost.start(), what
    misread = next((one for one in _MISREAD.finditer(text) if _plausible(one[0])), None)
    if misread is not None:
        yield misread.start(), "UTF-8 that was read as Latin-1"


def _plausible(misread: str) -> bool:
    """Return whether undoing the damage gives a character that people write.

    Two accented capitals in a row, or one before a closing quote, read backwards as a rare sign.
    """
    if misread == "\xe2\u20ac":
        return True
    try:
        undone = "".join(_byte(character) for character in misread).encode("latin-1").decode("utf-8")
    except (UnicodeError, ValueError):
        return False
    code = ord(undone)
    return 0xA0 <= code <= 0x17F or 0x2010 <= code <= 0x2122 or 0x370 <= code <= 0x5FF or code >= 0x3000


def _byte(character: str) -> str:
    return character if ord(character) < 0x100 else character.encode("cp1252").decode("latin-1")


def _escape(text: str) -> re.Match[str] | None:
    """Return the first escape where many stand and nothing of their kind is undone."""
    if "`" in text:
        return None
    for pattern, undone in ((_ESCAPED_BREAK, "\n" in text), (_ESCAPED_CHARACTER, not text.isascii())):
        if not undone and len(pattern.findall(text)) >= _MANY:
            return pattern.search(text)
    return None
