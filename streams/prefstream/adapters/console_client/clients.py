"""Clients: send calls over HTTP, now or in an event loop, and try again what may be tried again."""

import asyncio
import random
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import orjson

from prefstream.adapters.console_client.calls import Call
from prefstream.adapters.console_client.refusals import Refused
from prefstream.schemas.errors import Unavailable

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")
#: How often a call is sent in all, and the seconds before it is sent again where nobody says how long.
TRIES = 5
PAUSES_S = (0.2, 0.5, 1.0, 2.0)
#: No answer makes us wait longer than this.
LONGEST_PAUSE_S = 30.0
#: Answers that may be different the next time: too many requests, and a server or its database away.
_LATER = frozenset({429, 502, 503, 504})


class Console:
    """Sends calls and waits for their answers."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str,
        timeout_s: float = 30.0,
        transport: "httpx2.BaseTransport | None" = None,
    ) -> None:
        import httpx2

        self._client = httpx2.Client(
            base_url=base_url, headers=_headers(token), timeout=timeout_s, transport=transport
        )

    def ask(self, call: Call[T]) -> T:
        """Send a call and return its answer.

        Raises:
            Refused: The console does not do it; the message says why.
            Unavailable: The console does not answer.
        """
        import httpx2

        for tried in range(TRIES):
            try:
                answer = self._client.request(**_request(call))
            except httpx2.TransportError as error:
                time.sleep(_pause_after(call, tried, error))
                continue
            if not _again(call, answer, tried):
                return _read(call, answer)
            time.sleep(_pause_s(answer, tried))
        raise AssertionError("the last try either answers or raises")

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncConsole:
    """Sends calls from an event loop."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str,
        timeout_s: float = 30.0,
        transport: "httpx2.AsyncBaseTransport | None" = None,
    ) -> None:
        import httpx2

        self._client = httpx2.AsyncClient(
            base_url=base_url, headers=_headers(token), timeout=timeout_s, transport=transport
        )

    async def ask(self, call: Call[T]) -> T:
        """Send a call and return its answer.

        Raises:
            Refused: The console does not do it; the message says why.
            Unavailable: The console does not answer.
        """
        import httpx2

        for tried in range(TRIES):
            try:
                answer = await self._client.request(**_request(call))
            except httpx2.TransportError as error:
                await asyncio.sleep(_pause_after(call, tried, error))
                continue
            if not _again(call, answer, tried):
                return _read(call, answer)
            await asyncio.sleep(_pause_s(answer, tried))
        raise AssertionError("the last try either answers or raises")

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}


def _request(call: Call[Any]) -> dict[str, Any]:
    headers = dict(call.headers)
    if call.body is not None:
        headers["Content-Type"] = call.content_type
    return {"method": call.method, "url": call.path, "content": call.body, "headers": headers}


def _again(call: Call[Any], answer: "httpx2.Response", tried: int) -> bool:
    # 429 is said before anything was done, so what must not be repeated may be sent again too; but a
    # stream that was read is gone.
    refused_unseen = answer.status_code == 429 and (call.body is None or isinstance(call.body, bytes))
    may = call.repeatable or refused_unseen
    return may and answer.status_code in _LATER and tried + 1 < TRIES


def _pause_after(call: Call[Any], tried: int, error: Exception) -> float:
    """Return the seconds to wait after no answer came.

    Raises:
        Unavailable: It is not tried again.
    """
    if not call.repeatable or tried + 1 >= TRIES:
        raise Unavailable(
            f"the console does not answer {call.method} {call.path} ({type(error).__name__}); "
            "is it running, and is the address right?"
        ) from error
    return _jittered(PAUSES_S[tried])


def _pause_s(answer: "httpx2.Response", tried: int) -> float:
    try:
        return min(LONGEST_PAUSE_S, max(0.0, float(answer.headers["Retry-After"])))
    except (KeyError, ValueError):
        return _jittered(PAUSES_S[tried])


def _jittered(pause_s: float) -> float:
    return pause_s * random.uniform(0.5, 1.0)  # noqa: S311  (spreads clients, hides nothing)


def _read(call: Call[T], answer: "httpx2.Response") -> T:
    try:
        said = orjson.loads(answer.content) if answer.content else None
    except orjson.JSONDecodeError:
        said = None
    if answer.is_success:
        return call.reads(said)
    raise Refused(answer.status_code, said)
