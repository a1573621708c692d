"""Whether a response is in the prompt's language, told only where both are certain.

Two texts with enough function words of one of eight languages are in that language, and that is cheap to
see. Only what this leaves open is put to the language model of `prefstream.domain.curation.language`.
"""

import re
from functools import lru_cache
from typing import Final

from prefstream.domain.checks.texts import PairTexts
from prefstream.domain.curation.language import UNDETERMINED, certain_language_of

#: Letters below which a text is too short to tell; signs of a script that writes words with few count more.
_ENOUGH: Final = 60
_DENSE: Final = 4
#: Characters of each text that are looked at: the language of an answer shows at its start.
_LOOKED_AT: Final = 600
#: Function words; of each other language the ones that tell it from its neighbours.
_SAID: Final = {
    "en": "the of and to is that it you for with are this be have not what how from your an can",
    "de": "der die und das ist nicht ein eine zu mit den auf für sich von dem wie ich sie auch",
    "fr": "le les et est une des que pour dans qui pas sur avec au vous ce cette sont du ou",
    "es": "el los las y es una que por para con del se su como más lo al pero esta",
    "it": "il gli di e è che per una con sono della del non nel anche come più alla questo",
    "pt": "o os as e é uma que por para com do da não em mais como dos das você",
    "nl": "het een van en is dat niet op te zijn voor met aan ook maar als deze wordt",
    "sv": "och att det är som en på för med av inte den till har om ett kan var",
}
_WORDS: Final = {language: frozenset(words.split()) for language, words in _SAID.items()}
#: Different function words that must be there, in both texts, for the two to be in one language.
_SURE: Final = 2
#: Characters and lines of a long prompt that are looked at for what it asks.
_LONG, _LINES = 2000, 20
#: Characters in which they are looked for.
_GLANCE: Final = 400
#: So many words of this language, which most texts are in, are not asked twice.
_ENGLISH, _PLAIN = _WORDS["en"], 4
#: Languages that are taken for each other.
_CLOSE: Final = tuple(
    frozenset(group.split())
    for group in (
        "no nb nn da sv",
        "hr bs sr sl mk bg",
        "id ms jv",
        "pt gl es ca oc an",
        "cs sk pl",
        "nl af",
        "de lb",
        "ru uk be bg mk",
        "ar fa ur ps",
        "hi ne mr",
        "tr az",
        "fr wa oc",
    )
)
#: What the model takes code and lists of names for.
_MISTAKEN: Final = frozenset((UNDETERMINED, "la", "eo", "vo", "ia", "qu", "mt"))
#: A prompt that speaks of languages may well want another one.
_SPEAKS_OF: Final = re.compile(
    r"translat|language|lingu|übersetz|sprache|tradu|idioma|langue|翻译|语言|用英|英文|中文|перев|язык|ترجم|번역|翻訳"
    r"|\b(?:english|german|french|spanish|italian|portuguese|dutch|swedish|norwegian|danish|finnish|polish|russian"
    r"|ukrainian|turkish|arabic|hebrew|hindi|urdu|bengali|tamil|chinese|mandarin|cantonese|japanese|korean|thai"
    r"|vietnamese|indonesian|latin|greek|swahili|tagalog|filipino|persian|farsi|englisch|deutsch|französisch"
    r"|spanisch|anglais|allemand|français|espagnol|inglés|alemán|francés|español|inglese|inglês|engels)\b",
    re.IGNORECASE,
)


def language_mismatch(texts: PairTexts) -> str:
    """Return which responses are in another language than the prompt, and in which."""
    prompt = next((one.content for one in reversed(texts.pair.messages) if one.role == "user"), "")
    if len(prompt) < _ENOUGH // _DENSE:
        return ""
    asked = _by_words(prompt)
    answers = ((one.place, one.text, _by_words(one.text)) for one in texts.responses)
    others = [(place, text) for place, text, language in answers if not language or language != asked]
    if not others or _speaks_of_languages(prompt):
        return ""
    found = [(place, language) for place, text in others if (language := _other(prompt, text))]
    return "; ".join(
        [f"the prompt is in {asked}, {place} in {language}" for place, (asked, language) in found]
    )


def _by_words(text: str) -> str:
    """Return the language whose function words say it best, or nothing."""
    said = set(text[:_GLANCE].lower().split())
    if len(said & _ENGLISH) >= _PLAIN:
        return "en"
    best, language = _SURE - 1, ""
    for name, words in _WORDS.items():
        count = len(said & words)
        if count >= best:
            best, language = (count, name) if count > best else (best, "")
    return language


def _other(prompt: str, text: str) -> tuple[str, str] | None:
    """Return both languages where they are certain and differ."""
    if not (_tells(prompt) and _tells(text)):
        return None
    asked, answered = _certain(prompt), _certain(text)
    if not _MISTAKEN.isdisjoint((asked, answered)) or asked == answered or _close(asked, answered):
        return None
    # A prompt of two languages, such as an instruction and a text to work on, may be answered in either.
    if any(_tells(line) and _certain(line) == answered for line in prompt.splitlines()[:_LINES]):
        return None
    return asked, answered


def _speaks_of_languages(prompt: str) -> bool:
    """Return whether the prompt says so at its start or its end, where what is asked for stands."""
    return any(_SPEAKS_OF.search(part) for part in (prompt[:_LONG], prompt[-_LONG:]))


def _certain(text: str) -> str:
    return _model_says(text[:_LOOKED_AT])


@lru_cache(maxsize=64)
def _model_says(text: str) -> str:
    return certain_language_of(text)


def _tells(text: str) -> bool:
    letters = sum(
        _DENSE if character >= "\u2e80" else 1 for character in text[:_LOOKED_AT] if character.isalpha()
    )
    return letters >= _ENOUGH


def _close(one: str, other: str) -> bool:
    return any(one in group and other in group for group in _CLOSE)
