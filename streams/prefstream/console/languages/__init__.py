"""Languages of the console: words, numbers and times as people read them; English is the source."""

from prefstream.console.languages.catalogs import (
    LANGUAGES,
    MIRRORED,
    catalog_file,
    script_words,
    to_say,
    translations_of,
)
from prefstream.console.languages.words import Words, direction_of, spoken, words_of

__all__ = [
    "LANGUAGES",
    "MIRRORED",
    "Words",
    "catalog_file",
    "direction_of",
    "script_words",
    "spoken",
    "to_say",
    "translations_of",
    "words_of",
]
