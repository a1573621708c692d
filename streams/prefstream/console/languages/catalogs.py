"""Catalogs of messages: one `.po` file a language, read once when it is first asked for."""

from collections.abc import Mapping
from functools import cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

#: Languages to choose from, each by its own name.
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}
#: Not a language: English with every message marked and the page from right to left, to check pages with.
MIRRORED = "en-XB"
_FOLDER = Path(__file__).parent


def catalog_file(language: str) -> Path:
    """Return where the catalog of a language is; the English one says nothing, for messages are English."""
    return _FOLDER / f"{language}.po"


@cache
def catalog_of(language: str) -> Catalog:
    """Return the catalog of a language; an empty one for English and for a language nobody translated."""
    path = catalog_file(language)
    if language not in LANGUAGES or not path.is_file():
        return Catalog(locale="en")
    with path.open("rb") as file:
        return read_po(file, locale=language)


class _Marked(NullTranslations):
    """Marks every message, so that a text that nobody can translate is seen at once."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return f"⟦{one if n == 1 else many}⟧"


@cache
def translations_of(language: str) -> NullTranslations:
    """Return what looks messages up."""
    if language == MIRRORED:
        return _Marked()
    catalog = catalog_of(language)
    if not len(catalog):
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(compiled)


@cache
def script_words(language: str) -> Mapping[str, str | list[str]]:
    """Return the messages of the scripts as browsers are sent them.

    A message with a plural has a list, one text for each form.
    """
    if language == MIRRORED:
        translated = _in_scripts(catalog_of(next(one for one in LANGUAGES if one != "en")))
        return {_first(message): _marked(message) for message in translated}
    return {_first(message): _strings(message) for message in _in_scripts(catalog_of(language))}


def _in_scripts(catalog: Catalog) -> list[Message]:
    return [
        message
        for message in catalog
        if message.id and any(str(file).endswith(".js") for file, _line in message.locations)
    ]


def _first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _strings(message: Message) -> str | list[str]:
    said = message.string
    return said if isinstance(said, str) else [str(form) for form in said or ()]


def _marked(message: Message) -> str | list[str]:
    meant = message.id
    return f"⟦{meant}⟧" if isinstance(meant, str) else [f"⟦{form}⟧" for form in meant]


def to_say(message: str) -> str:
    """Return a message as it is; marks one that is said later, for the catalogs."""
    return message
