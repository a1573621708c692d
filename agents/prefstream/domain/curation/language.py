"""The language of a text, by py3langid (BSD; Lui & Baldwin, ACL 2012), whose model is in its package.

The model is pinned with the package. Another version may decide otherwise: the version of the stage
that asks must then change with it.
"""

import re
from functools import lru_cache
from typing import Any

#: Where the language cannot be told (ISO 639-2, "undetermined").
UNDETERMINED = "und"
#: Below this probability the language counts as not told. On real questions, a wrong language at or
#: above it is rare from three words on.
FLOOR = 0.5
#: At this probability a finding may rest on the language.
CERTAIN = 0.9
#: Characters that are looked at.
MAX_CHARACTERS = 2000
TAG = "language:"

#: Varieties told apart by the model that a rule need not tell apart, and text that is no language.
_FOLDED = {"arz": "ar", "ary": "ar", "uzs": "uz", "hbo": "he", "grc": "el", "zxx": UNDETERMINED}

_FENCED = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
#: Bounded, so that a text of nothing but signs takes no longer than another.
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}")
#: A line that ends or begins as code does, assigns, or is mostly signs.
_CODE = re.compile(
    r"[{}]\s*$|[)\]\"'\d]\s*;\s*$|^\s*(?:def|class|import|from|return|for|while|if|elif|else|try|except|with|fn|func|function"
    r"|var|let|const|public|private|static|void|int|#include|package|using|namespace|select|insert|update"
    r"|create)\b.*[(){}:;=*]\s*|^\s*(?:[#@$]|//|/\*|<[/!?\w])|\b\w+\s*(?:[-+*/|&]?=|:=|==|->|=>)\s*\S|^\s*>>>",
    re.IGNORECASE,
)


def language_of(text: str) -> str:
    """Return the language of a text as an ISO 639 code, or `und` where it cannot be told.

    Code and addresses are left out first; what is then too short to tell has no language.

    >>> language_of("Bitte schreibe einen Brief an meine Mutter.")
    'de'
    >>> language_of("x = 1")
    'und'
    """
    return _told(text, at_least=FLOOR)


def certain_language_of(text: str) -> str:
    """Return the language of a text where there is hardly a doubt about it, else `und`.

    >>> certain_language_of("Bitte schreibe einen Brief an meine Mutter, die in Wien wohnt.")
    'de'
    """
    return _told(text, at_least=CERTAIN)


def _told(text: str, *, at_least: float) -> str:
    spoken = _spoken(text[:MAX_CHARACTERS])
    if not any(character.isalpha() for character in spoken):
        return UNDETERMINED
    language, probability = _identifier().classify(spoken)
    return _FOLDED.get(language, language) if probability >= at_least else UNDETERMINED


def declared_language(tags: tuple[str, ...]) -> str | None:
    """Return the language that a tag `language:xx` declares.

    >>> declared_language(("python", "language:sv"))
    'sv'
    """
    return next((tag[len(TAG) :] for tag in tags if tag.startswith(TAG) and tag != TAG), None)


def _spoken(text: str) -> str:
    prose = _FENCED.sub(" ", text) if "`" in text else text
    if "@" in prose or "://" in prose or "www." in prose:
        prose = _ADDRESS.sub(" ", prose)
    return "\n".join(line for line in prose.splitlines() if not _CODE.search(line)).strip()


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """Load the model; it takes most of a second, so only who meets a text pays for it."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
