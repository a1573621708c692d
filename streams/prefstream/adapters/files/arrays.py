"""Rows of a JSON array of objects, which is read whole and parsed one object at a time."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Never

from prefstream.adapters.files.rows import Position, Row, Unreadable
from prefstream.adapters.files.sources import BROKEN, open_bytes, unreadable
from prefstream.schemas.errors import BadInput

#: Largest array that is read: text and objects have to fit into memory together.
MAX_ARRAY_BYTES = 256 * 1024 * 1024

_BLANK = re.compile(r"[ \t\r\n]*")


class JsonArray:
    """Reads a JSON array, going on at a character."""

    header: tuple[str, ...] | None = None
    size: int | None

    def __init__(self, path: Path) -> None:
        self._text = _text_of(path)
        self.size = len(self._text)
        self._decoder = json.JSONDecoder(parse_constant=_no_number)

    def rows(self, start: Position) -> Iterator[Row | Unreadable]:
        """Return the rows after a position, each with the line it begins on.

        An offset lies behind an element: the comma after it belongs to the next one.
        """
        at, line, row = start.offset or 0, max(start.line, 1), start.row
        while not self._closed(at):
            mark = self._blank(at)
            begin = self._blank(mark + 1)
            line, row = line + self._text.count("\n", at, begin), row + 1
            try:
                self._expect("[" if row == 1 else ",", mark)
                cells, at = self._decoder.raw_decode(self._text, begin)
            except (ValueError, RecursionError) as error:
                end = Position(row=row, line=line, offset=len(self._text) + 1)
                yield Unreadable(reason=f"not JSON from here to the end: {_said(error)}", line=line, end=end)
                return
            first, line = line, line + self._text.count("\n", begin, at)
            end = Position(row=row, line=line, offset=at)
            if isinstance(cells, dict):
                yield Row(cells=cells, line=first, end=end)
            else:
                yield Unreadable(reason="the element is no object", line=first, end=end)

    def ready(self) -> bool:
        """Return true: the array is in memory."""
        return True

    def close(self) -> None:
        """Let go of the text."""
        self._text = ""

    def _closed(self, at: int) -> bool:
        """Return whether nothing but the closing bracket is left, or a broken tail was passed over."""
        mark = self._blank(at)
        begin = self._blank(mark + 1) if at == 0 and self._text[mark : mark + 1] == "[" else mark
        return self._text[begin : begin + 1] == "]" or at > len(self._text)

    def _expect(self, wanted: str, at: int) -> None:
        if self._text[at : at + 1] != wanted:
            raise ValueError(f"there is no {wanted!r} before the element, and no end of the array")

    def _blank(self, at: int) -> int:
        blank = _BLANK.match(self._text, at)
        return blank.end() if blank else at


def _text_of(path: Path) -> str:
    with open_bytes(path) as file:
        try:
            data = file.read(MAX_ARRAY_BYTES + 1)
        except BROKEN as error:
            raise BadInput(unreadable(path, error)) from error
    if len(data) > MAX_ARRAY_BYTES:
        raise BadInput(
            f"{path} is a JSON array of more than {MAX_ARRAY_BYTES >> 20} MiB, which cannot be streamed; "
            f"make it JSONL, e.g. with: jq -c '.[]'"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{path}:{line} is not UTF-8; save the file as UTF-8") from error


def _no_number(name: str) -> Never:
    raise ValueError(f"{name} is no JSON")


def _said(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
