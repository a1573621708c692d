"""Text that a reader does not see and a judge does."""

import re

from prefstream.domain.injection.folding import folded

_SUSPECT = re.compile("[\u200b-\u200d\u2060-\u2064\u202d\u202e\ufeff\U000e0020-\U000e007f]")
_OVERRIDE = re.compile("[\u202d\u202e]")
_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]")
_RUN = re.compile("[\u200b-\u200d\u2060-\u2064\ufeff]{4}")
_INSIDE_WORD = re.compile("(?<=[a-zA-Z0-9])[\u200b-\u200d\u2060-\u2064\ufeff](?=[a-zA-Z0-9])")
_FOREIGN_LETTER = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_MIXED = re.compile(
    r"[a-zA-Z]+(?:[\u0370-\u03ff\u0400-\u052f]+[a-zA-Z]*)+|[\u0370-\u03ff\u0400-\u052f]+[a-zA-Z]+\w*"
)
_NEEDLES = ("<!--", "[//]:", "display", "visibility", "font-size", "opacity", "color", " hidden")
_UNSEEN = re.compile(
    r"<!--|\[//\]: ?#|display\s?:\s?none|visibility\s?:\s?hidden|font-size\s?:\s?0|opacity\s?:\s?0(?!\.)"
    r"|color\s?[:=]\s?[\"']?(?:#fff|white\b|transparent)|<\w{1,12} hidden\b",
    re.IGNORECASE,
)
_PASSAGE = 400


def invisible(text: str) -> int | None:
    """Return where characters begin that hide something; `None` where there are none.

    Joiners inside emoji and between Persian letters, and the tags of flags, are what they are for.

    >>> invisible("a\u202eb"), invisible("👩\u200d🚀")
    (1, None)
    """
    if text.isascii() or _SUSPECT.search(text) is None:
        return None
    for pattern in (_OVERRIDE, _TAGS, _RUN):
        match = pattern.search(text)
        if match is not None:
            return match.start()
    inside = _INSIDE_WORD.findall(text)
    match = _INSIDE_WORD.search(text)
    return match.start() if match is not None and len(inside) >= 3 else None


def disguised(text: str) -> int | None:
    """Return where a word mixes Latin letters with others that look like them.

    >>> disguised("the v\u0435rdict"), disguised("5 μm, USB-кабель")
    (4, None)
    """
    if text.isascii() or _FOREIGN_LETTER.search(text) is None:
        return None
    return next((m.start() for m in _MIXED.finditer(text) if _looks_latin(m.group())), None)


def _looks_latin(word: str) -> bool:
    latin = sum(letter.isascii() for letter in word)
    return len(word) >= 4 and latin >= 2 and folded(word).isascii()


def unseen(cased: str, lowered: str) -> tuple[int, str] | None:
    """Return what stands in comments and behind styles that hide it, and where the first begins."""
    for needle in _NEEDLES:  # not by any(): its generator takes longer than the search
        if needle in lowered:
            break
    else:
        return None
    start, end, parts = -1, 0, []
    closing = 0
    for match in _UNSEEN.finditer(cased):
        if match.start() < end:
            continue
        start = match.start() if start < 0 else start
        end = match.end() + _PASSAGE
        if match.group() == "<!--" and closing >= 0:
            closing = cased.find("-->", match.end())
            end = closing if closing >= 0 else end
        parts.append(cased[match.end() : end])
    return (start, "\n".join(parts)) if parts else None
