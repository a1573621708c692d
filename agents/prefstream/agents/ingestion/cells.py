"""The cells of one row, read by what they should be; what does not fit becomes a finding."""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from math import isfinite, isnan
from typing import TypeVar

from pydantic import ValidationError

from prefstream.agents.ingestion.defaults import Defaults, Findings
from prefstream.agents.ingestion.vocabulary import Kind, columns_of

Choice = TypeVar("Choice", bound=StrEnum)

#: Unix times above this are milliseconds: as seconds they would lie after the year 5000.
_MILLISECONDS_FROM = 1e11
_NAMES: Mapping[type, str] = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
    type(None): "null",
    bytes: "bytes",
}


class Cells:
    """One row under the vocabulary of its kind.

    Every reading returns `None` where there is nothing or where the cell does not fit; the latter
    leaves a finding, so that a row is refused with everything that is the matter with it.
    """

    def __init__(self, kind: Kind, row: Mapping[str, object], defaults: Defaults) -> None:
        self._row = row
        self._columns = columns_of(kind, row, defaults)
        self.defaults = defaults
        self.reasons: list[str] = []

    @property
    def findings(self) -> Findings:
        """Return what was found so far."""
        return Findings(reasons=tuple(dict.fromkeys(self.reasons)))

    def has(self, name: str) -> bool:
        """Return whether the row has a cell for the field, even an empty one."""
        return name in self.defaults.constants or name in self._columns

    def raw(self, name: str) -> object | None:
        """Return the cell as it is; a missing number (NaN) is nothing."""
        if name in self.defaults.constants:
            return self.defaults.constants[name]
        column = self._columns.get(name)
        value = self._row[column] if column is not None else None
        return None if isinstance(value, float) and isnan(value) else value

    def text(self, name: str) -> str | None:
        """Return text, which may be empty; numbers and booleans are not text."""
        value = self.raw(name)
        if value is None or (isinstance(value, str) and sayable(value)):
            return value
        self.unfit(name, "text")
        return None

    def identifier(self, name: str) -> str | None:
        """Return an identifier; whole numbers are fine, an empty cell is nothing."""
        value = self.raw(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            self.unfit(name, "an identifier")
            return None
        if not value.isprintable() and any(unicodedata.category(c) in {"Cc", "Cs"} for c in value):
            self.note(name, "holds control characters")
            return None
        return value

    def named(self, name: str) -> str | None:
        """Return the id of a thing that several files may name, under this file's prefix."""
        value = self.identifier(name)
        return None if value is None else self.defaults.prefix + value

    def required(self, name: str) -> str:
        """Return an identifier that must be there."""
        before = len(self.reasons)
        value = self.identifier(name)
        if value is None and len(self.reasons) == before:
            self.note(name, "is missing")
        return value or ""

    def identifiers(self, name: str) -> tuple[str, ...]:
        """Return a list of names, or text separated by commas, semicolons or bars."""
        value = self.raw(name)
        if isinstance(value, str):
            spelt = json_list(value)
            value = re.split(r"[,;|]", value) if spelt is None else spelt
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.unfit(name, "a list of names")
            return ()
        return tuple(one.strip() for one in value if one.strip())

    def number(self, name: str) -> float | None:
        """Return a finite number, also from text that is one."""
        value = self.raw(name)
        if value is None or value == "":
            return None
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            try:
                number = float(value)
            except (ValueError, OverflowError):
                number = float("nan")
            if isfinite(number):
                return number
        self.unfit(name, "a number")
        return None

    def choice(self, name: str, choices: type[Choice], default: Choice) -> Choice:
        """Return one of a few words, or the default where the cell is empty."""
        value = self.raw(name)
        if value is None or value == "":
            return default
        if isinstance(value, str) and value.strip().casefold() in list(choices):
            return choices(value.strip().casefold())
        self.note(name, f"is none of {', '.join(choices)}")
        return default

    def instant(self) -> datetime:
        """Return when it happened: the row's own time, else that of the file."""
        value = self.raw("occurred_at")
        if value is None or value == "":
            return self.defaults.occurred_at
        try:
            return _instant(value)
        except (ValueError, OverflowError, OSError):
            self.note("occurred_at", "is neither an ISO 8601 time nor seconds since 1970")
            return self.defaults.occurred_at

    def unfit(self, name: str, wanted: str) -> None:
        """Note that a cell holds something of the wrong kind."""
        value = self.raw(name)
        what = _NAMES.get(type(value), f"a {type(value).__name__}")
        if what == wanted:
            self.note(name, "cannot be read")
        else:
            self.note(name, f"is {what}, not {wanted}")

    def note(self, name: str, matter: str) -> None:
        """Note what is the matter with a field, naming the column it was read from."""
        column = self._columns.get(name)
        where = f" (column {column!r})" if column is not None and column != name else ""
        self.reasons.append(f"{name}{where} {matter}")

    def refused(self, error: ValidationError) -> Findings:
        """Return the findings, with what the contract says against the values."""
        for found in error.errors(include_url=False, include_input=False, include_context=False):
            where = ".".join(str(part) for part in found["loc"])
            said = found["msg"].removeprefix("Value error, ")
            self.reasons.append(f"{where}: {said}" if where else said)
        return self.findings


def json_list(text: str) -> list[object] | None:
    """Return the list that a text spells in JSON, as cells of CSV files do, or `None`."""
    if not text.lstrip().startswith("["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) else None


def sayable(text: str) -> bool:
    """Return whether the text can be written as UTF-8: half a surrogate pair cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _instant(value: object) -> datetime:
    if isinstance(value, str):
        value = _spelt(value.strip())
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
        return datetime.fromtimestamp(seconds, UTC)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise ValueError(value)  # noqa: TRY004  (the caller asks for one kind of error)
    # Files that leave the zone out nearly always mean UTC; the how-to says that we read it so.
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _spelt(text: str) -> float | datetime:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text)
