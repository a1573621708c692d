"""The wire: one request out, one whole answer in, and nothing of it held beyond a set size."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

#: Bytes of an answer that are read where nobody says otherwise.
ANSWER_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An HTTP answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class BadAnswer(Exception):
    """What came back cannot be read as an answer: no HTTP, too long, packed though that was not asked for."""


class Cut(ConnectionError):
    """The connection ended before the answer did."""


class Wire(Protocol):
    """A way to one address of one server."""

    async def post(self, body: bytes) -> Received:
        """Post a body of JSON and return the answer, whatever its status.

        Raises:
            BadAnswer: What came back cannot be read.
            OSError: No whole answer came back.
        """
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


def bounded_client(*, timeout_s: float, answer_bytes: int, **options: Any) -> Any:
    """Return an httpx2 client that refuses long answers, and goes through a proxy where one is set."""
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            read = 0
            async for part in self._stream:
                read += len(part)
                if read > answer_bytes:
                    raise BadAnswer(f"it is longer than {answer_bytes} bytes")
                yield part

        async def aclose(self) -> None:
            await self._stream.aclose()

    class Client(httpx2.AsyncClient):
        async def send(self, request: httpx2.Request, **how: Any) -> httpx2.Response:
            request.headers["accept-encoding"] = "identity"
            response = await super().send(request, **{**how, "stream": True})
            try:
                _unpacked(response.headers)
                response.stream = Bounded(response.stream)
                await response.aread()
            except BaseException:
                await response.aclose()
                raise
            return response

    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=100)
    return Client(timeout=timeout_s, limits=limits, **options)


def _unpacked(headers: Mapping[str, str]) -> None:
    if headers.get("content-encoding", "identity") != "identity":
        raise BadAnswer("it is packed, though that was not asked for")
