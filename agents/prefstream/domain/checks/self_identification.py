"""Responses in which the writer says that it is a language model, or whose."""

import re
from collections.abc import Sequence
from typing import Final

from prefstream.domain.checks.texts import Hit, PairTexts, Text, told

#: One of these words stands, in lower case, in every text that can be a hit; most need a second beside it.
_NEEDED: Final = {
    word.encode(): word
    for words in (
        "openai chatgpt gpt claude gemini bard llama mistral mixtral qwen tongyi deepseek kimi ernie grok",
        "copilot vicuna alpaca anthropic google deepmind meta alibaba moonshot baidu xai microsoft cohere",
        "lmsys stanford sprachmodell",
    )
    for word in words.split()
} | {
    b"language": "language model",
    b"lenguaje": "modelo de leng",
    b"langage": "le de lang",
    b"langue": "le de lang",
}
_FIRST_PERSON: Final = (
    *(
        "i am",
        "i'm",
        "i\u2019m",
        "i was",
        "i have",
        "as a",
        "my ",
        "ich ",
        "als ",
        "suis",
        "tant que",
        "été",
        "como",
    ),
    *("soy", "fui", "我", "作为"),
)
#: Capital and small letters to small ones, everything else to blanks.
_SMALL: Final = bytes(
    byte if 97 <= byte <= 122 else byte + 32 if 65 <= byte <= 90 else 32 for byte in range(256)
)
#: Where words are not set apart.
_NEEDED_TOGETHER: Final = ("语言模型", "通义千问", "文心一言", "阿里云", "百度", "深度求索", "月之暗面")
_MAKERS: Final = (
    r"(?:OpenAI|Anthropic|Google(?: DeepMind)?|DeepMind|Meta(?: AI)?|Mistral(?: AI)?|Alibaba(?: Cloud)?"
    r"|DeepSeek|Moonshot(?: AI)?|Baidu|xAI|Microsoft|Cohere|LMSYS|Stanford|阿里云|百度|深度求索|月之暗面)"
)
_MODELS: Final = (
    r"(?:ChatGPT|GPT-?\d\w*|Claude(?! (?:Monet|Debussy|Shannon|Rains|L[ée]vi))|Gemini|Bard|LLaMA|Llama"
    r"|Mistral|Mixtral|Qwen|Tongyi|DeepSeek|Kimi|ERNIE Bot|Grok|Copilot|Vicuna|Alpaca|通义千问|文心一言)"
)
_KIND: Final = (
    r"(?:large |AI |artificial intelligence |machine |chat )*(?:language model|chatbot|AI assistant)"
)
_AS_MODEL: Final = (
    r"as an? (?:(?:AI|artificial intelligence|machine learning|large)[ -])+(?:based )?language model\b"
)
#: In the first person, and never where it is only spoken of.
_SELF: Final = re.compile(
    rf"\b{_AS_MODEL}|(?:(?<=^)|(?<=[.!?\n] )|(?<=[.!?\n])|(?<=but )|(?<=and ))as a language model\b"
    rf"|\bmy \w+ as a language model\b"
    rf"|\bI(?: am|['\u2019]m) (?:just |only |actually |simply )?an? (?:\w+ ){{0,3}}language model\b"
    rf"|\b(?:I(?: am|['\u2019]m)|my name is) (?:an? (?:instance|version|variant) of )?{_MODELS}\b"
    rf"(?!['\u2019]s)"
    rf"|\bI(?: am|['\u2019]m) (?:an? )?{_KIND},? (?:\w+ ){{0,2}}(?:by|from|at) {_MAKERS}"
    rf"|\bI (?:was|am|have been) (?:\w+ly )?(?:created|developed|trained|made|built|designed|programmed)"
    rf" (?:and \w+ )?by (?:the \w+ at |a team at )?{_MAKERS}(?! (?:as an? |on the ))"
    rf"|\b[Aa]ls (?:ein )?(?:KI-|großes |künstliches )?Sprachmodell\b"
    rf"|\bich bin (?:nur |lediglich )?ein (?:\S+ )?(?:KI-)?Sprachmodell\b"
    rf"|\bich bin {_MODELS}\b|\b[Ii]ch wurde von {_MAKERS} (?:entwickelt|trainiert|erstellt)"
    rf"|\ben tant que (?:grand )?modèle de lang(?:age|ue)"
    rf"|\bje suis (?:juste |seulement )?un (?:grand )?modèle de lang(?:age|ue)|\bje suis {_MODELS}\b"
    rf"|\b[Jj]['\u2019]ai été (?:créée?|développée?|entraînée?|conçue?) par {_MAKERS}"
    rf"|\bcomo (?:un )?(?:gran )?modelo de lenguaje|\bsoy (?:solo )?un (?:gran )?modelo de lenguaje"
    rf"|\bsoy {_MODELS}\b|\bfui (?:cread[oa]|desarrollad[oa]|entrenad[oa]) por {_MAKERS}"
    rf"|作为(?:一个|一款|一名)?(?:\w{{0,6}})?(?:大型?)?语言模型|我(?:只)?是(?:一个|一款|由)?\w{{0,20}}语言模型"
    rf"|我(?:是|叫){_MODELS}|我(?:是)?由{_MAKERS}(?:开发|训练|创建)",
    re.IGNORECASE,
)
#: Before a hit: somebody else is quoted.
_QUOTE_OPENS: Final = ('"', "“", "«", "„", "「")
#: Characters on either side of a needed word within which a hit lies.
_AROUND: Final = 80
#: Places of one word that are looked at: a text of nothing else must not take for ever.
_MOST_PLACES: Final = 100


def self_identification(texts: PairTexts) -> str:
    """Return where a response says which model wrote it."""
    return told([hit for one in texts.responses if (words := _needed(one.text)) for hit in _hits(one, words)])


def _needed(text: str) -> list[str]:
    """Return what stands in this text and without which there is no hit."""
    words = text.encode("utf-8", "surrogatepass").translate(_SMALL).split()
    found = sorted({_NEEDED[word] for word in _NEEDED.keys() & words})
    if not text.isascii():
        found += [together for together in _NEEDED_TOGETHER if together in text]
    return found


def _hits(one: Text, needed: Sequence[str]) -> list[Hit]:
    """Look only around what is needed and in the first person: the pattern is a slow one."""
    found: dict[int, Hit] = {}
    small = one.text.lower()
    for needle in needed:
        at, places = small.find(needle), 0
        while at >= 0 and places < _MOST_PLACES:
            start, end = max(0, at - _AROUND), at + _AROUND
            before = small[start : at + len(needle)]
            if any(person in before for person in _FIRST_PERSON):
                found |= _around(one, start, end)
                places += 1
            at = small.find(needle, at + 1)
    return [found[start] for start in sorted(found)]


def _around(one: Text, start: int, end: int) -> dict[int, Hit]:
    return {
        hit.start(): Hit(one.place, hit.start(), f"'{' '.join(hit[0].split())}'")
        for hit in _SELF.finditer(one.text, start, end)
        if not one.text.endswith(_QUOTE_OPENS, 0, hit.start())
    }
