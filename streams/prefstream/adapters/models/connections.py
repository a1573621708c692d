"""The lean wire: HTTP/1.1 over connections of our own, kept open and used one call at a time.

General HTTP clients spend more time on a call than a core has for it when thousands are answered in a
second (docs/decisions/0011-the-sdk-writes-the-head.md has the figures). This one can post JSON to one
address, and no more.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from prefstream.adapters.models.http_answers import AnswerReader
from prefstream.adapters.models.wire import ANSWER_BYTES, BadAnswer, Cut, Received
from prefstream.schemas.errors import BadInput

#: Seconds after which a connection nobody used is closed; servers close theirs about as soon.
IDLE_S = 15.0
#: Headers that are ours to set: they are about the connection, not about the request.
_OURS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding"})


class LeanWire:
    """Posts to one address."""

    def __init__(self, url: str, headers: Mapping[str, str], *, answer_bytes: int = ANSWER_BYTES) -> None:
        """Prepare what every request has in common; nothing is opened yet.

        Args:
            url: Where to post.
            headers: What to say with every request.
            answer_bytes: Most bytes of an answer's body.

        Raises:
            BadInput: The address or a header cannot be used.
        """
        self._address = _Address.of(url)
        self._head = _head(self._address, headers)
        self._answer_bytes = answer_bytes
        self._idle: deque[_Connection] = deque()

    async def post(self, body: bytes) -> Received:
        """Post a body and return the answer, whatever its status.

        Raises:
            BadAnswer: What came back cannot be read.
            OSError: No whole answer came back.
        """
        connection = self._spare() or await self._address.connected()
        reader = AnswerReader(most_bytes=self._answer_bytes)
        received = await connection.exchange(b"%b%d\r\n\r\n%b" % (self._head, len(body), body), reader)
        if reader.keep and not connection.lost:
            connection.idle_since_s = time.monotonic()
            self._idle.append(connection)
        else:
            connection.abort()
        return received

    async def aclose(self) -> None:
        """Close the connections that are not in use."""
        while self._idle:
            self._idle.pop().abort()

    def _spare(self) -> "_Connection | None":
        """Return the connection used last; those unused for long are closed on the way."""
        too_old_s = time.monotonic() - IDLE_S
        while self._idle and (self._idle[0].lost or self._idle[0].idle_since_s < too_old_s):
            self._idle.popleft().abort()
        while self._idle:
            connection = self._idle.pop()
            if not connection.lost:
                return connection
        return None


class _Connection(asyncio.Protocol):
    """One connection, with at most one exchange under way."""

    def __init__(self) -> None:
        self.lost = False
        self.idle_since_s = 0.0
        self._transport: asyncio.Transport | None = None
        self._reader: AnswerReader | None = None
        self._answer: asyncio.Future[Received] | None = None

    async def exchange(self, request: bytes, reader: AnswerReader) -> Received:
        """Send a request and return its answer; given up, the connection cannot be used again."""
        assert self._transport is not None
        self._reader, self._answer = reader, asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._answer
        except BaseException:
            self.abort()
            raise
        finally:
            self._reader = self._answer = None

    def abort(self) -> None:
        """Close without waiting for anything."""
        self.lost = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._reader is None or self._answer is None or self._answer.done():
            # Nobody asked: a server that says goodbye, or one that is not understood.
            self.abort()
            return
        try:
            if self._reader.feed(data):
                self._answer.set_result(self._reader.received)
        except BadAnswer as error:
            self._fail(error)

    def eof_received(self) -> None:
        self.lost = True
        if self._reader is None or self._answer is None or self._answer.done():
            return
        try:
            self._reader.end()
            self._answer.set_result(self._reader.received)
        except Cut as error:
            self._fail(error)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        self._fail(error if isinstance(error, OSError) else Cut("the connection was lost"))

    def _fail(self, error: Exception) -> None:
        self.abort()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Address:
    """Where a server is."""

    host: str
    port: int
    target: str
    #: The host and port as a request names them.
    named: str
    tls: ssl.SSLContext | None

    @classmethod
    def of(cls, url: str) -> "_Address":
        parts, port = _parts(url)
        assert parts.hostname
        return cls(
            host=parts.hostname,
            port=port or (443 if parts.scheme == "https" else 80),
            target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            named=parts.netloc,
            tls=_tls() if parts.scheme == "https" else None,
        )

    async def connected(self) -> _Connection:
        loop, name = asyncio.get_running_loop(), self.host if self.tls else None
        _, connection = await loop.create_connection(
            _Connection, self.host, self.port, ssl=self.tls, server_hostname=name
        )
        return connection


def lean_suffices(url: str, *, proxies: Callable[[], Mapping[str, str]] = getproxies) -> bool:
    """Return whether the lean wire can go there: not through a proxy, not with a password in the address.

    Raises:
        BadInput: The address cannot be read.
    """
    parts, _ = _parts(url)
    named = proxies()
    proxied = (named.get(parts.scheme) or named.get("all")) and not proxy_bypass(parts.hostname or "")
    return not proxied and parts.username is None


def _parts(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadInput(f"the address {url!r} of a model's server cannot be read: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"the address {url!r} of a model's server is no http:// or https:// address")
    return parts, port


def _tls() -> ssl.SSLContext:
    import httpx2

    # The certificates that the SDK trusts, SSL_CERT_FILE included.
    context = httpx2.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _head(address: _Address, headers: Mapping[str, str]) -> bytes:
    """Return the request's head up to the number that says how long the body is."""
    said = {name: value for name, value in headers.items() if name.lower() not in _OURS}
    own = {"host": address.named, "connection": "keep-alive", "accept-encoding": "identity"}
    lines = [f"POST {address.target} HTTP/1.1", *(f"{name}: {value}" for name, value in (own | said).items())]
    if any(not line.isprintable() or not line.isascii() for line in lines):
        # Not which: it may be the key.
        raise BadInput("a key or address has a character that no HTTP header can carry; correct it")
    return "\r\n".join([*lines, "content-length: "]).encode("ascii")
