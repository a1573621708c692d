"""Rows that come in over HTTP: a JSON object, an array of them, or lines of JSON as a stream."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from starlette.requests import Request

from prefstream.console.problems import Problem

JSON = "application/json"
LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
#: Most bytes of one row; a topic takes less.
LINE_BYTES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row, or why it is none."""

    #: Counted from 1.
    line: int
    values: Mapping[str, object] | None
    reason: str = ""


class Incoming:
    """The rows of a request, read once, and the hash of all that was read."""

    def __init__(self, request: Request, *, most_bytes: int) -> None:
        self._request = request
        self._most_bytes = most_bytes
        self._hash = sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
        kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
        if kind != JSON and kind not in LINES:
            raise Problem(415, f"rows come as {JSON} or as {LINES[0]}, not as {kind[:100]!r}")
        self._rows: Callable[[], AsyncIterator[Row]] = self._document if kind == JSON else self._lines

    @property
    def hash(self) -> bytes:
        """Return the hash of what was read so far, of address and body."""
        return self._hash.digest()

    def rows(self) -> AsyncIterator[Row]:
        """Read the rows, one after the other."""
        return self._rows()

    async def rest(self) -> None:
        """Read the request to its end and keep nothing of it but the hash."""
        async for _ in self._chunks():
            pass

    async def _chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._request.stream():
            self._hash.update(chunk)
            yield chunk

    async def _document(self) -> AsyncIterator[Row]:
        """Read a whole document."""
        body = bytearray()
        async for chunk in self._chunks():
            body += chunk
            if len(body) > self._most_bytes:
                raise Problem(
                    413,
                    f"a document has at most {self._most_bytes} bytes; send lines as {LINES[0]}",
                    kind="too_long",
                )
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Problem(400, f"the body is not JSON: {str(error)[:200]}", kind="not_json") from None
        for line, value in enumerate(found if isinstance(found, list) else [found], 1):
            yield _row(line, value)

    async def _lines(self) -> AsyncIterator[Row]:
        """Read line by line; a line that is too long is refused and left out, not kept."""
        line, begun, skipping = 0, bytearray(), False
        async for chunk in self._chunks():
            *ended, rest = chunk.split(b"\n")
            for part in ended:
                line += 1
                if skipping or len(begun) + len(part) > LINE_BYTES:
                    yield Row(line=line, values=None, reason=f"the line is longer than {LINE_BYTES} bytes")
                elif (begun + part).strip():
                    yield _parsed(line, bytes(begun + part))
                begun, skipping = bytearray(), False
            if not skipping:
                begun += rest
            if len(begun) > LINE_BYTES:
                begun, skipping = bytearray(), True
        if skipping:
            yield Row(line=line + 1, values=None, reason=f"the line is longer than {LINE_BYTES} bytes")
        elif begun.strip():
            yield _parsed(line + 1, bytes(begun))


def _parsed(line: int, text: bytes) -> Row:
    try:
        return _row(line, orjson.loads(text))
    except orjson.JSONDecodeError as error:
        return Row(line=line, values=None, reason=f"is not JSON: {str(error)[:200]}")


def _row(line: int, value: Any) -> Row:
    if isinstance(value, dict):
        return Row(line=line, values=value)
    return Row(line=line, values=None, reason="is no JSON object")
