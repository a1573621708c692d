"""Tables: the columns of a release's files, their types, and the bytes of a line.

A type is said once and read three times: by the writer of Parquet, by the card's features, and by tests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

Row = dict[str, Any]
Scalar = Literal["string", "float64", "int64", "bool"]


@dataclass(frozen=True, slots=True)
class Struct:
    """Named parts, each with its type."""

    fields: tuple[tuple[str, "Kind"], ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """Any number of one type."""

    item: "Kind"


Kind = Scalar | Struct | ListOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table; every column may be null unless `about` says who fills it."""

    name: str
    kind: Kind
    #: One sentence for the card.
    about: str


#: One turn, as chat templates take it.
MESSAGE: Final = Struct((("role", "string"), ("content", "string")))
MESSAGES: Final = ListOf(MESSAGE)


def line(row: Mapping[str, Any]) -> bytes:
    r"""Return a row as a line of JSONL: keys sorted, UTF-8, nothing that is null left out.

    >>> line({"prompt": "2 + 2?", "margin": None})
    b'{"margin":null,"prompt":"2 + 2?"}\n'
    """
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def features(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return columns as `dataset_info.features` of a Hugging Face card says them.

    >>> features([Column(name="label", kind="bool", about="")])
    [{'name': 'label', 'dtype': 'bool'}]
    """
    return [_named(column.name, column.kind) for column in columns]


def misfit(row: Mapping[str, Any], columns: Sequence[Column]) -> str:
    """Return what of a row does not fit its columns; empty: all of it fits.

    >>> misfit({"label": 1}, [Column(name="label", kind="bool", about="")])
    'label is int, not bool'
    """
    if row.keys() != {column.name for column in columns}:
        return f"the columns are {', '.join(sorted(row))}"
    found = (_misfit(column.name, row[column.name], column.kind) for column in columns)
    return next((said for said in found if said), "")


_PYTHON: Final[Mapping[Scalar, type]] = {"string": str, "float64": float, "int64": int, "bool": bool}


def _named(name: str, kind: Kind) -> dict[str, Any]:
    if isinstance(kind, ListOf):
        item = kind.item
        return {"name": name, "list": _fields(item) if isinstance(item, Struct) else item}
    return (
        {"name": name, "struct": _fields(kind)} if isinstance(kind, Struct) else {"name": name, "dtype": kind}
    )


def _fields(struct: Struct) -> list[dict[str, Any]]:
    return [_named(name, kind) for name, kind in struct.fields]


def _misfit(name: str, value: Any, kind: Kind) -> str:
    if value is None:
        return ""
    if isinstance(kind, ListOf):
        if not isinstance(value, list):
            return f"{name} is {type(value).__name__}, not a list"
        found = (_misfit(f"{name}[{place}]", item, kind.item) for place, item in enumerate(value))
    elif isinstance(kind, Struct):
        names = [field for field, _ in kind.fields]
        if not isinstance(value, dict) or sorted(value) != sorted(names):
            return f"{name} is not {{{', '.join(names)}}}"
        found = (_misfit(f"{name}.{field}", value[field], part) for field, part in kind.fields)
    else:
        wanted = _PYTHON[kind]
        return "" if type(value) is wanted else f"{name} is {type(value).__name__}, not {wanted.__name__}"
    return next((said for said in found if said), "")
