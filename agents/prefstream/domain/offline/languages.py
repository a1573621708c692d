"""Languages as far as the offline reader can tell them: by script and by stop words."""

import re
from functools import lru_cache
from typing import Literal

Language = Literal["en", "de", "ar", "he"]

_GERMAN_WORDS = """
der die das und ist nicht ein eine ich du er sie es wir ihr den dem des im in von zu mit auf für was wie wer
wo wann welche welcher welches warum bitte liegt heißt hat sind war wird man nach bei aus kann auch einen
einem einer nenne erkläre antworte beantworte schreibe kurz dein mein morgen heute
"""
_ENGLISH_WORDS = """
the and is not a an i you he she it we they of to in on with for what how who where when which why please has
are was will at by from can also this that do does give name explain answer write my your be as its there here
only tomorrow today have into
"""
_GERMAN, _ENGLISH = frozenset(_GERMAN_WORDS.split()), frozenset(_ENGLISH_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_HEBREW = re.compile(r"[\u0590-\u05ff]")
_ASKED: tuple[tuple[Language, re.Pattern[str]], ...] = (
    (
        "de",
        re.compile(r"\bauf deutsch\b|\b(?:in|into|to) german\b|\bins deutsche\b|بالألمانية", re.IGNORECASE),
    ),
    (
        "en",
        re.compile(
            r"\bauf englisch\b|\b(?:in|into|to) english\b|\bins englische\b|بالإنجليزية", re.IGNORECASE
        ),
    ),
    ("ar", re.compile(r"\bauf arabisch\b|\b(?:in|into|to) arabic\b|بالعربية", re.IGNORECASE)),
    ("he", re.compile(r"\bauf hebräisch\b|\b(?:in|into|to) hebrew\b|בעברית", re.IGNORECASE)),
)


@lru_cache(maxsize=4096)
def language_asked(prompt: str) -> Language | None:
    """Return the language that the answer should be in: the one asked for, else the prompt's own.

    >>> language_asked("Answer in German: what is the capital of Italy?")
    'de'
    """
    asked = next((language for language, pattern in _ASKED if pattern.search(prompt)), None)
    return asked or language_of(prompt)


def language_of(text: str) -> Language | None:
    """Return the language of a text; `None` where this reader cannot tell.

    >>> language_of("Der Zug kommt morgen."), language_of("42")
    ('de', None)
    """
    if not text.isascii():
        letters = len(text) or 1
        if len(_ARABIC.findall(text)) * 3 > letters:
            return "ar"
        if len(_HEBREW.findall(text)) * 3 > letters:
            return "he"
    words = [word.lower() for word in _WORD.findall(text[:400])]
    german = sum(word in _GERMAN for word in words)
    english = sum(word in _ENGLISH for word in words)
    if german == english:
        return None
    return "de" if german > english else "en"
