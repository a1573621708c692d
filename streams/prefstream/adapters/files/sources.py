"""Bytes of a file, a compressed file or standard input, line by line."""

import gzip
import os
import select
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Protocol

from prefstream.adapters.files.rows import MAX_LINE_BYTES
from prefstream.schemas.envelope import Value
from prefstream.schemas.errors import BadInput

#: The name that stands for standard input.
STDIN = "-"
#: How long a pipe may say nothing before what was read so far is passed on.
LINGER_S = 0.2
#: What a damaged or cut-off file raises while it is read.
BROKEN = (OSError, EOFError, zlib.error)

_HEAD_BYTES = 64 * 1024
_CHUNK_BYTES = 1024 * 1024
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Identity(Value):
    """What tells a file from another, or from itself before somebody edited it."""

    size: int
    modified_ns: int
    head_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line with its end, or what is the matter with it."""

    data: bytes
    #: Its number, from 1.
    number: int
    #: Where the next line begins.
    end: int
    problem: str = ""


class Bytes(Protocol):
    """What lines are read from."""

    def readline(self, limit: int, /) -> bytes:
        """Return bytes up to and including a line feed, at most `limit` of them."""
        ...


def identity_of(path: Path) -> Identity:
    """Return the identity of a file.

    Raises:
        BadInput: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            stat = os.fstat(file.fileno())
    except OSError as error:
        raise BadInput(unreadable(path, error)) from error
    return Identity(size=stat.st_size, modified_ns=stat.st_mtime_ns, head_sha256=sha256(head).hexdigest())


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file, decompressing it when its name ends in ".gz".

    Raises:
        BadInput: The file cannot be read, or is UTF-16.
    """
    try:
        file: IO[bytes] = gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[assignment]  # noqa: SIM115
    except OSError as error:
        raise BadInput(unreadable(path, error)) from error
    try:
        mark = file.read(len(_UTF8_MARK))
        file.seek(0)
    except BROKEN as error:
        file.close()
        raise BadInput(unreadable(path, error)) from error
    if mark[:2] in _UTF16_MARKS:
        file.close()
        raise BadInput(f"{path} is UTF-16; save it as UTF-8")
    return file


def lines(source: Bytes, *, number: int, offset: int) -> Iterator[Line]:
    """Return the lines from here on; one that is too long is passed over without being held.

    Args:
        source: Where to read.
        number: Lines before the first one read.
        offset: Bytes before the first one read.
    """
    while True:
        try:
            data = source.readline(MAX_LINE_BYTES + 1)
            length = len(data)
            if length > MAX_LINE_BYTES and not data.endswith(b"\n"):
                data, length = b"", length + _rest_of_line(source)
        except BROKEN as error:
            yield Line(data=b"", number=number + 1, end=offset, problem=f"the file breaks off here: {error}")
            return
        if not length:
            return
        number, offset = number + 1, offset + length
        if number == 1 and data.startswith(_UTF8_MARK):
            data = data[len(_UTF8_MARK) :]
        problem = "" if data else f"the line has {length} bytes; {MAX_LINE_BYTES} is the limit"
        yield Line(data=data, number=number, end=offset, problem=problem)


def unreadable(path: Path, error: BaseException) -> str:
    """Return the sentence for a file that cannot be read."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{path} cannot be read: {said}"


class StandardInput:
    """Standard input, which may have nothing to say for a while."""

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._buffer = bytearray()
        self._ended = False

    def readline(self, limit: int, /) -> bytes:
        """Return bytes up to and including a line feed, waiting for them."""
        searched = 0
        while (
            (at := self._buffer.find(b"\n", searched)) < 0 and len(self._buffer) < limit and not self._ended
        ):
            searched = len(self._buffer)
            chunk = os.read(self._descriptor, _CHUNK_BYTES)
            self._ended = not chunk
            self._buffer += chunk
        length = min(limit, at + 1 if at >= 0 else len(self._buffer))
        line = bytes(self._buffer[:length])
        del self._buffer[:length]
        return line

    def ready(self) -> bool:
        """Return whether a line, or the end, can be had soon."""
        if self._ended or b"\n" in self._buffer:
            return True
        return bool(select.select([self._descriptor], [], [], LINGER_S)[0])


def _rest_of_line(source: Bytes) -> int:
    length = 0
    while chunk := source.readline(_CHUNK_BYTES):
        length += len(chunk)
        if chunk.endswith(b"\n"):
            break
    return length
