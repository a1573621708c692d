"""Ways to write a sentence so that only a machine reads it, and back."""

import base64
import re
from collections.abc import Callable, Iterator
from string import ascii_lowercase
from urllib.parse import unquote

_KEYS = frozenset(
    ("ignore", "response", "answer", "reply", "verdict", "judge", "evaluator", "grader", "prefer", "choose")
) | {"select", "instructions", "previous", "winner", "better", "rubric"}
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}")
_BASE32 = re.compile(r"\b[A-Z2-7]{24,}")
_HEX = re.compile(r"(?<![0-9a-zA-Z])(?:0x)?[0-9a-fA-F]{2}(?:[ :,]?(?:0x)?[0-9a-fA-F]{2}){9,}(?![0-9a-zA-Z])")
_BITS = re.compile(r"[01]{7,8}(?:[ ,]?[01]{7,8}){5,}")
_CODES = re.compile(r"\b\d{2,3}(?:[ ,;]{1,2}\d{2,3}){9,}\b")
_ESCAPES = re.compile(r"\\x([0-9a-fA-F]{2})|\\u\{?([0-9a-fA-F]{4})\}?|&#(\d{2,5});|&#x([0-9a-fA-F]{2,4});")
_ESCAPED_WORD = re.compile(r"\S*[\\&]\S*")
_QUOTED_WORD = re.compile(r"\S*%[0-9a-fA-F]{2}\S*")
_URL_SAFE = str.maketrans("-_", "+/")
_LEET = str.maketrans("013457@$9!8|", "oieastasgibl")
_LEET_WORD = re.compile(
    r"(?<![^\s\"'(.,])(?=[a-z0-9@$!|]{3,24}(?:[\s.,;:!?\"')]|$))(?=\d*[a-z@$])(?=[a-z@$!|]*[0-9@$])[a-z0-9@$!|]+"
)
_SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?:([ .\-_*|·])[^\W\d_](?:\1[^\W\d_])*)(?![^\W_])")
_ONLY_LETTERS = re.compile(r"[^a-z]+")
_VERBS = "pick choose select prefer ignore favour favor ratethis verdict judge"
_OBJECTS = "a b me mine this first one other the all best"
_ACROSTICS = (
    *(verb + noun for verb in _VERBS.split() for noun in _OBJECTS.split()),
    *("responsea", "responseb", "thisresponse", "thisanswer", "answera", "thisone", "isbetter", "imbest"),
)


def _shift(by: int) -> dict[int, int]:
    turned = ascii_lowercase[by:] + ascii_lowercase[:by]
    return str.maketrans(ascii_lowercase + ascii_lowercase.upper(), turned + turned.upper())


_CIPHERS = {f"shift {by}": _shift(by) for by in range(1, 26)} | {
    "atbash": str.maketrans(
        ascii_lowercase + ascii_lowercase.upper(), ascii_lowercase[::-1] + ascii_lowercase.upper()[::-1]
    )
}
#: How the telling words look in each cipher, read with the way back.
_ENCIPHERED: dict[str, set[str]] = {}
for _name, _table in _CIPHERS.items():
    for _key in _KEYS:
        _ENCIPHERED.setdefault(_key.translate(_table), set()).add(_name)
_LETTERS = frozenset(ascii_lowercase)
_BACKWARDS = frozenset(key[::-1] for key in _KEYS)


def decodings(text: str, lowered: str, words: set[str]) -> Iterator[tuple[int, str]]:
    """Yield what the text says when it is decoded, with the place where that begins.

    Args:
        text: The folded text.
        lowered: The same in small letters.
        words: Its words in small letters.
    """
    long = " ".join([word for word in text.split() if len(word) >= 16])
    if long:
        begins = text.find(long.split(" ", 1)[0])
        for _, decoded in (*_joined(_BASE64, long, _from_base64), *_joined(_BASE32, long, _from_base32)):
            yield begins, decoded
    if _digits(text) >= 8:
        yield from _joined(_HEX, text, _from_hex)
        yield from _joined(_BITS, text, _from_bits)
        yield from _joined(_CODES, text, _from_codes)
        yield from _leet(lowered)
    if "\\" in text or "&#" in text:
        yield from _unescaped(text)
    if text.count("%") >= 4:
        yield from _unquoted(text)
    yield from _deciphered(text, words)
    yield from _spelled(text, words)


def _digits(text: str) -> int:
    if text.isascii():
        return len(text) - len(text.encode().translate(None, b"0123456789"))
    return sum(map(text.count, "0123456789"))


def _joined(
    pattern: re.Pattern[str], text: str, decoder: Callable[[str], bytes]
) -> Iterator[tuple[int, str]]:
    """Yield everything that a pattern finds and a decoder can read, as one text."""
    start, parts = -1, []
    for match in pattern.finditer(text):
        part = _readable(decoder(match.group()))
        if part:
            start = match.start() if start < 0 else start
            parts.append(part)
    if parts:
        yield start, " ".join(parts)


def _readable(data: bytes) -> str:
    """Return the text of the bytes; nothing where they are not text."""
    try:
        text, lost = data.decode(), 0
    except UnicodeDecodeError:
        text = data.decode(errors="replace")
        lost = text.count("\ufffd")
    if len(text) < 5 or lost * 10 > len(text):
        return ""
    printable = len(text) if text.isprintable() else sum(map(str.isprintable, text)) + text.count("\n")
    return text if printable - lost >= 0.9 * len(text) else ""


def _from_base64(word: str) -> bytes:
    """Return the bytes; where something else is written before them, from where they begin to make sense."""
    if word.islower():
        return b""  # a long word, or several with hyphens; base64 of a sentence has capitals
    letters = word.translate(_URL_SAFE)
    starts = range(4 if len(letters) >= 32 else 1)
    decoded = (_decoded(letters[start:]) for start in starts)
    return next((data for data in decoded if _readable(data)), b"")


def _decoded(letters: str) -> bytes:
    return base64.b64decode(letters[: len(letters) - (len(letters) % 4 == 1)] + "==")


def _from_base32(word: str) -> bytes:
    return base64.b32decode(word[: len(word) // 8 * 8])


def _from_hex(digits: str) -> bytes:
    return bytes.fromhex(re.sub(r"0x|[ :,]", "", digits))


def _from_bits(bits: str) -> bytes:
    digits = re.sub(r"[ ,]", "", bits)
    return bytes(int(digits[at : at + 8], 2) for at in range(0, len(digits) - 7, 8))


def _from_codes(numbers: str) -> bytes:
    codes = [int(number) for number in re.findall(r"\d+", numbers)]
    return bytes(code for code in codes if 32 <= code < 127) if min(codes) >= 32 and max(codes) < 127 else b""


def _unescaped(text: str) -> Iterator[tuple[int, str]]:
    """Yield the words with escaped characters in them, read."""
    found = [match for match in _ESCAPED_WORD.finditer(text) if _ESCAPES.search(match.group())]
    if sum(len(_ESCAPES.findall(match.group())) for match in found) >= 4:
        yield found[0].start(), " ".join(_ESCAPES.sub(_character, match.group()) for match in found)


def _character(match: re.Match[str]) -> str:
    hexadecimal = match[1] or match[2] or match[4]
    code = int(hexadecimal, 16) if hexadecimal else int(match[3])
    return chr(code) if 32 <= code < 0xD800 else " "


def _unquoted(text: str) -> Iterator[tuple[int, str]]:
    found = list(_QUOTED_WORD.finditer(text))
    if sum(match.group().count("%") for match in found) >= 4:
        yield found[0].start(), " ".join(unquote(match.group(), errors="ignore") for match in found)


def _leet(lowered: str) -> Iterator[tuple[int, str]]:
    found = _LEET_WORD.findall(lowered)
    if len(found) >= 3:
        yield 0, " ".join(found).translate(_LEET)


def _deciphered(text: str, words: set[str]) -> Iterator[tuple[int, str]]:
    if len(words & _BACKWARDS) >= 2:
        yield 0, text[::-1]
    counts: dict[str, int] = {}
    for word in words & _ENCIPHERED.keys():
        for name in _ENCIPHERED[word]:
            counts[name] = counts.get(name, 0) + 1
    for name, count in counts.items():
        if count >= 2:
            table = _CIPHERS[name]
            yield 0, text.translate({new: old for old, new in table.items()})


def _spelled(text: str, words: set[str]) -> Iterator[tuple[int, str]]:
    """Yield words spelled letter by letter, and what the first letters of the lines spell."""
    if len(words & _LETTERS) >= 5:
        runs = [_letters(match) for match in _SPACED.finditer(text)]
        if sum(map(len, runs)) >= 6:
            yield 0, " ".join(runs)
            yield from _run_together("".join(runs))
    lines = text.split("\n", 2000)
    if len(lines) >= 5:
        yield from _run_together("".join(line.lstrip(" \t*->#0123456789.")[:1] for line in lines))


def _letters(match: re.Match[str]) -> str:
    word = match.group()
    return word[::2] if len(word) >= 5 else word


def _run_together(text: str) -> Iterator[tuple[int, str]]:
    squeezed = _ONLY_LETTERS.sub("", text.lower())
    found = next((phrase for phrase in _ACROSTICS if phrase in squeezed), None)
    if found is not None:
        yield 0, f"verdict {found}"
