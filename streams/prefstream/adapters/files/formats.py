"""Which reader a file wants."""

from collections.abc import Callable, Mapping
from pathlib import Path

from prefstream.adapters.files.arrays import JsonArray
from prefstream.adapters.files.jsonl import JsonLines, PipedJsonLines
from prefstream.adapters.files.parquet import Parquet
from prefstream.adapters.files.rows import Reader
from prefstream.adapters.files.sources import BROKEN, STDIN, StandardInput, open_bytes, unreadable
from prefstream.adapters.files.tables import Table
from prefstream.schemas.errors import BadInput

_READERS: Mapping[str, Callable[[Path], Reader]] = {
    "jsonl": JsonLines,
    "json": JsonArray,
    "csv": Table,
    "parquet": Parquet,
}
_FORMATS_BY_SUFFIX: Mapping[str, str] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
#: The formats that may be asked for by name.
FORMATS = tuple(_READERS)
_PEEK_BYTES = 4096


def open_rows(file: str, *, format_name: str | None = None) -> Reader:
    """Open a file by its format, which its name says unless it is given.

    Args:
        file: A path, or "-" for JSONL from standard input.
        format_name: One of `FORMATS`.

    Raises:
        BadInput: The file cannot be read, is empty, or its format is unknown.
    """
    if file == STDIN:
        if format_name not in {None, "jsonl"}:
            raise BadInput(f"standard input is read as JSONL only, not as {format_name}")
        return PipedJsonLines(StandardInput())
    path = Path(file)
    if path.is_dir():
        raise BadInput(f"{path} is a folder; name a file in it")
    name = format_name or _format_of(path)
    if name not in _READERS:
        raise BadInput(f"there is no format {name!r}; the formats are {', '.join(FORMATS)}")
    first = "" if name == "parquet" else _first_character(path)
    if name in {"json", "jsonl"}:
        # People call both by either name; the first character tells them apart.
        name = "json" if first == "[" else "jsonl"
    return _READERS[name](path)


def _format_of(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix != ".gz"]
    named = _FORMATS_BY_SUFFIX.get(suffixes[-1]) if suffixes else None
    if named is None:
        raise BadInput(
            f"the name of {path} does not say its format; say it with --format ({', '.join(FORMATS)})"
        )
    return named


def _first_character(path: Path) -> str:
    with open_bytes(path) as file:
        try:
            head = file.read(_PEEK_BYTES)
        except BROKEN as error:
            raise BadInput(unreadable(path, error)) from error
    if not head:
        raise BadInput(f"{path} is empty")
    return head.decode("utf-8-sig", errors="replace").lstrip()[:1]
