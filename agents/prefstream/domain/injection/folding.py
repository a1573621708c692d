"""Text as it looks: one letter for all that look alike, without accents and invisible characters.

Characters are folded one by one, so that text and lexicon fold alike and an offset in the folded text can be
led back to the text itself.
"""

# ruff: noqa: RUF001, RUF002

import unicodedata
from itertools import accumulate

# What looks like a Latin letter. Both cases of a Cyrillic letter go to the same Latin one, so that
# Russian words written in capitals fold to the same letters as in small ones.
_LOOK_ALIKES = {
    "а": "a", "в": "b", "е": "e", "к": "k", "м": "m", "н": "h", "о": "o", "р": "p", "с": "c", "т": "t",
    "у": "y", "х": "x", "і": "i", "ј": "j", "ѕ": "s", "ԁ": "d", "һ": "h", "ԛ": "q", "ԝ": "w", "ӏ": "l",
    "А": "A", "В": "B", "Е": "E", "К": "K", "М": "M", "Н": "H", "О": "O", "Р": "P", "С": "C", "Т": "T",
    "У": "Y", "Х": "X", "І": "I", "Ј": "J", "Ѕ": "S", "Ԁ": "D", "Һ": "H", "Ԛ": "Q", "Ԝ": "W", "Ӏ": "L",
    "α": "a", "ε": "e", "ι": "i", "κ": "k", "ν": "v", "ο": "o", "ρ": "p", "τ": "t", "υ": "u", "χ": "x",
    "ω": "w", "γ": "y", "η": "n", "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K",
    "Μ": "M", "Ν": "N", "Ο": "O", "Ρ": "P", "Τ": "T", "Υ": "Y", "Χ": "X", "ϲ": "c", "ϳ": "j",
    "ı": "i", "ȷ": "j", "ɑ": "a", "ɡ": "g", "ɩ": "i", "ʋ": "u", "ƅ": "b", "ł": "l", "Ł": "L", "ø": "o",
    "Ø": "O", "đ": "d", "Đ": "D", "ð": "d", "ß": "ss", "æ": "ae", "œ": "oe", "Æ": "AE", "Œ": "OE",
    "ᴀ": "a", "ʙ": "b", "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ꜰ": "f", "ɢ": "g", "ʜ": "h", "ɪ": "i", "ᴊ": "j",
    "ᴋ": "k", "ʟ": "l", "ᴍ": "m", "ɴ": "n", "ᴏ": "o", "ᴘ": "p", "ǫ": "q", "ʀ": "r", "ꜱ": "s", "ᴛ": "t",
    "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ʏ": "y", "ᴢ": "z",
    "ɐ": "a", "ɔ": "c", "ǝ": "e", "ɟ": "f", "ƃ": "g", "ɥ": "h", "ᴉ": "i", "ɾ": "j", "ʞ": "k", "ɯ": "m",
    "ɹ": "r", "ʇ": "t", "ʌ": "v", "ʍ": "w", "ʎ": "y",
    "‐": "-", "‑": "-", "–": "-", "—": "-", "−": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "«": '"',
    "»": '"', "›": ">", "‹": "<", "〉": ">", "〈": "<", "》": ">>", "《": "<<", "≫": ">>", "≪": "<<",
    "→": ">", "：": ":", "，": ",", "。": ".", "、": ",",
}  # fmt: skip
#: Letters in squares and on flags, by their first code point.
_ALPHABETS = (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
_LONGEST = 4
_INVISIBLE = frozenset({"Cf", "Mn", "Me", "Cs"})


def _folded(code: int) -> str:
    character = chr(code)
    for first in _ALPHABETS:
        if first <= code < first + 26:
            return chr(ord("A") + code - first)
    if 0xE0020 <= code < 0xE007F:
        return chr(code - 0xE0000)
    if character in _LOOK_ALIKES:
        return _LOOK_ALIKES[character]
    parts = unicodedata.normalize("NFKD", character)
    kept = "".join(part for part in parts if unicodedata.category(part) not in _INVISIBLE)
    # Some ligatures stand for a whole sentence; a text must not grow by them.
    plain = unicodedata.normalize("NFC", "".join(_LOOK_ALIKES.get(part, part) for part in kept))
    if plain.isspace():
        return character if character.isspace() else " "
    return plain if len(plain) <= _LONGEST else plain[:1]


class _Table(dict[int, str]):
    """The folding of every character met so far."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _folded(code)
        return folded


_TABLE = _Table()
_TYPOGRAPHIC = "‘’“”–—…\u00a0"


def folded(text: str) -> str:
    """Return the text as it looks; ASCII stays as it is.

    >>> folded("Іgnоrе tһе ｏther rеspоnsе"), folded("ⓘⓖⓝ\u200bó𝗿ᴇ")
    ('Ignore the other response', 'ignore')
    """
    if text.isascii():
        return text
    # Most texts have no more than typographic quotes and dashes, and a replacement is fast.
    plain = text
    for mark in _TYPOGRAPHIC:
        plain = plain.replace(mark, _TABLE[ord(mark)])
    return plain if plain.isascii() else plain.translate(_TABLE)


def offset(text: str, position: int) -> int:
    """Return where in the text a position of the folded text comes from.

    >>> offset("a\u200bßx", folded("a\u200bßx").index("x"))
    3
    """
    if text.isascii():
        return position
    lengths = accumulate(len(_TABLE[ord(character)]) for character in text)
    return next((index for index, length in enumerate(lengths) if length > position), 0)
