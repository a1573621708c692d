"""The fast lane: plain requests for one answer are read and answered without an HTTP framework.

A client that is measured with thousands of calls under way shares its machine with the stand-in, which
must not be what is measured. Everything else, and every connection that once asked for anything else,
goes to the ordinary server.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import cast

import orjson

from prefstream.adapters.stand_in.routes import completed, messaged
from prefstream.adapters.stand_in.state import HEADER, StandIn, digest_of, parsed

_HEAD_END = b"\r\n\r\n"
#: A longer head goes to the ordinary server.
_MAX_HEAD_BYTES = 16_384
#: A longer body, too: it would keep all others waiting.
_MAX_BODY_BYTES = 1_000_000
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n")
_HARD = (b"\r\ntransfer-encoding:", b"\r\nexpect:", b"\r\nconnection: close", b"\r\nupgrade:")
#: What answers a request, or returns `None` where it takes the ordinary server to say what is wrong.
Answer = Callable[[StandIn, object, bytes], Mapping[str, object] | None]
_FAST: Mapping[bytes, Answer] = {
    b"post /v1/messages http/1.1": messaged,
    b"post /v1/chat/completions http/1.1": completed,
}


def is_plain(stand_in: StandIn) -> bool:
    """Return whether it does nothing but answer: no faults, no key, no limit."""
    options = stand_in.options
    return not (
        options.error_rate
        or options.overload_rate
        or options.key
        or options.revoke_after
        or options.requests_per_minute
    )


class FastLane(asyncio.Protocol):
    """One connection, for as long as it asks for plain answers."""

    def __init__(self, stand_in: StandIn, ordinary: Callable[[], asyncio.Protocol]) -> None:
        """Take what answers, and what makes the ordinary server's protocol."""
        self._stand_in = stand_in
        self._ordinary = ordinary
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # A cast: uvloop's transports do not say that they are transports.
        self._transport = cast("asyncio.Transport", transport)
        self._stand_in.connections.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """End; what is under way is answered to nobody."""
        assert self._transport is not None
        self._stand_in.connections.discard(self._transport)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Take what came; one request is answered after the other."""
        self._buffer += data
        if not self._busy:
            self._next()

    def _next(self) -> None:
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            if len(self._buffer) > _MAX_HEAD_BYTES:
                self._hand_over()
            return
        head = bytes(self._buffer[: end + 2]).lower()
        answer, size = _FAST.get(head.partition(b"\r\n")[0]), _size(head)
        if answer is None or size is None or not is_plain(self._stand_in):
            self._hand_over()
            return
        start = end + len(_HEAD_END)
        if len(self._buffer) < start + size:
            return
        body = bytes(self._buffer[start : start + size])
        asked = parsed(body)
        said = answer(self._stand_in, asked, digest_of(asked))
        if said is None:
            self._hand_over()
            return
        del self._buffer[: start + size]
        self._busy = True
        self._loop.call_later(self._stand_in.options.latency_s, self._say, orjson.dumps(said))

    def _say(self, body: bytes) -> None:
        if self._transport is None:
            return
        number = self._stand_in.counts.requests
        head = (
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            f"{HEADER}: {self._stand_in.headers[HEADER]}\r\nrequest-id: req_standin_{number:012}\r\n"
            f"x-request-id: req_standin_{number:012}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self._transport.write(head.encode() + body)
        self._busy = False
        if self._buffer:
            self._next()

    def _hand_over(self) -> None:
        """Let the ordinary server go on with this connection, from the present request."""
        transport = self._transport
        if transport is None:
            return
        self._stand_in.connections.discard(transport)
        protocol = self._ordinary()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(bytes(self._buffer))
        self._buffer.clear()


def _size(head: bytes) -> int | None:
    """Return the size of a body as the head tells it; `None` where the ordinary server should read it."""
    told = _LENGTH.search(head)
    if told is None or any(name in head for name in _HARD):
        return None
    size = int(told.group(1))
    return size if size <= _MAX_BODY_BYTES else None
