"""Reading HTTP/1.1 answers: bytes in, an answer out, as RFC 9112 has it. Pure: no connection here."""

from dataclasses import dataclass, field

from prefstream.adapters.models.wire import BadAnswer, Cut, Received

#: Longest head of an answer.
HEAD_BYTES = 64_000
_NO_BODY = frozenset({204, 304})


@dataclass(slots=True, kw_only=True)
class AnswerReader:
    r"""Reads one answer to one POST, as its bytes come.

    >>> reader = AnswerReader(most_bytes=100)
    >>> reader.feed(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{")
    False
    >>> reader.feed(b"}"), reader.received.body, reader.keep
    (True, b'{}', True)
    """

    most_bytes: int
    #: Whether the connection may carry another answer after this one.
    keep: bool = True
    _held: bytearray = field(default_factory=bytearray)
    _status: int = 0
    _headers: dict[str, str] = field(default_factory=dict)
    #: Bytes of the body; `None`: it is in chunks; -1: it lasts until the connection ends.
    _length: int | None = None
    _chunks: bytearray = field(default_factory=bytearray)
    _body: bytes | None = None

    @property
    def received(self) -> Received:
        """Return the answer; it must be whole."""
        assert self._body is not None
        return Received(status=self._status, headers=self._headers, body=self._body)

    def feed(self, data: bytes) -> bool:
        """Take the next bytes and return whether the answer is whole.

        Raises:
            BadAnswer: They are no HTTP, or too many.
        """
        self._held += data
        while not self._status:
            if not self._read_head():
                return False
        return self._read_body()

    def end(self) -> None:
        """Take note that no more bytes come.

        Raises:
            Cut: The answer was not whole.
        """
        if not self._status or self._length != -1:
            raise Cut("the connection ended in the middle of an answer")
        self._body, self.keep = bytes(self._held), False

    def _read_head(self) -> bool:
        """Read a head if it is there; one that only says to go on waiting is thrown away."""
        end = self._held.find(b"\r\n\r\n")
        if end < 0 or end > HEAD_BYTES:
            if len(self._held) > HEAD_BYTES:
                raise BadAnswer(f"its head is longer than {HEAD_BYTES} bytes")
            return False
        first, *lines = bytes(self._held[:end]).split(b"\r\n")
        del self._held[: end + 4]
        status = _status(first)
        if 100 <= status < 200:
            return bool(self._held)
        self._status = status
        self._headers = dict(_header(line) for line in lines)
        self._length = self._framing(first)
        if self._length is not None and self._length > self.most_bytes:
            raise BadAnswer(f"it is longer than {self.most_bytes} bytes")
        return True

    def _framing(self, first: bytes) -> int | None:
        """Return how the body ends."""
        headers = self._headers
        asked = headers.get("connection", "").lower()
        self.keep = asked != "close" if first.startswith(b"HTTP/1.1") else asked == "keep-alive"
        if headers.get("content-encoding", "identity") != "identity":
            raise BadAnswer("it is packed, though that was not asked for")
        if self._status in _NO_BODY:
            return 0
        if "transfer-encoding" in headers:
            if headers["transfer-encoding"].lower() != "chunked":
                raise BadAnswer("it is sent in a way we do not know")
            return None
        length = headers.get("content-length")
        if length is None:
            return -1
        if not length.isdecimal():
            raise BadAnswer("its length is no number")
        return int(length)

    def _read_body(self) -> bool:
        if self._length is None:
            return self._read_chunks()
        if self._length < 0:
            self._bounded(len(self._held))
            return False
        if len(self._held) < self._length:
            return False
        # What comes after the answer was not asked for: whoever sends it is not understood.
        self.keep = self.keep and len(self._held) == self._length
        self._body = bytes(self._held[: self._length])
        return True

    def _read_chunks(self) -> bool:
        while True:
            line = self._held.find(b"\r\n")
            if line < 0:
                self._bounded(len(self._held))
                return False
            size = _chunk_size(bytes(self._held[:line]))
            self._bounded(len(self._chunks) + size)
            if size == 0:
                return self._read_trailers(line)
            if len(self._held) < line + 2 + size + 2:
                return False
            self._chunks += self._held[line + 2 : line + 2 + size]
            if self._held[line + 2 + size : line + 4 + size] != b"\r\n":
                raise BadAnswer("its chunks are longer than they say")
            del self._held[: line + 4 + size]

    def _read_trailers(self, line: int) -> bool:
        """Skip what may follow the last chunk, until an empty line."""
        rest = self._held[line + 2 :]
        end = 0 if rest.startswith(b"\r\n") else rest.find(b"\r\n\r\n")
        if end < 0:
            self._bounded(len(self._chunks) + len(rest))
            return False
        self.keep = self.keep and len(rest) == end + (2 if end == 0 else 4)
        self._body = bytes(self._chunks)
        return True

    def _bounded(self, count: int) -> None:
        if count > self.most_bytes:
            raise BadAnswer(f"it is longer than {self.most_bytes} bytes")


def _status(line: bytes) -> int:
    code = line[9:12]
    if not line.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")) or not code.isdigit():
        raise BadAnswer("it is no HTTP/1.1")
    return int(code)


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon:
        raise BadAnswer("one of its headers has no name")
    return name.decode("latin-1").strip().lower(), value.decode("latin-1").strip()


def _chunk_size(line: bytes) -> int:
    size = line.partition(b";")[0].strip()
    try:
        return int(size, 16) if size.isalnum() and len(size) <= 16 else _no_size()
    except ValueError:
        return _no_size()


def _no_size() -> int:
    raise BadAnswer("one of its chunks has no size")
