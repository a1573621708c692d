"""Live figures and alerts: as server-sent events, and over a WebSocket."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, WebSocket, WebSocketDisconnect
from fastapi.responses import Response
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse

from prefstream.console.live_feed import Line, Message
from prefstream.console.parts import Parts, TheParts
from prefstream.console.principals import Reads
from prefstream.console.problems import Problem
from prefstream.domain.following import Cursor, Wishes
from prefstream.domain.measures import CATALOG
from prefstream.schemas.errors import BadInput
from prefstream.schemas.metrics import Window

router = APIRouter(prefix="/api/v1/live", tags=["live"])
#: Milliseconds after which a browser that lost its line comes back.
_RETRY_MS = 1000
_MOST_NAMES = 200
_Names = Annotated[list[str], Query(max_length=_MOST_NAMES)]
_After = Annotated[str | None, Query(max_length=100, description="Go on after this id.")]


def _wishes(
    slice_: Annotated[list[str], Query(alias="slice", max_length=_MOST_NAMES)] = [],  # noqa: B006
    window: Annotated[list[Window], Query(max_length=_MOST_NAMES)] = [],  # noqa: B006
    statistic: _Names = [],  # noqa: B006
) -> Wishes:
    """Return what a client wants to see.

    Raises:
        Problem: There is no such statistic (422).
    """
    unknown = sorted(
        name for name in statistic if name not in CATALOG and name.partition(":")[0] not in CATALOG
    )
    if unknown:
        raise Problem(422, f"there is no statistic {unknown[0][:200]!r}", kind="unknown_statistic")
    return Wishes(slices=frozenset(slice_), windows=frozenset(window), statistics=frozenset(statistic))


_TheWishes = Annotated[Wishes, Depends(_wishes)]


@router.get("", response_class=Response, responses={200: {"content": {"text/event-stream": {}}}})
async def live(
    parts: TheParts,
    _principal: Reads,
    wishes: _TheWishes,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
    after: _After = None,
) -> Response:
    """Tell figures and alerts as they change: first all there is, or all that changed since the id given.

    Events are `metrics` (a `MetricsUpdated`), `alert` (an `AlertRaised` or `AlertCleared`) and `reset`
    (forget what you have: the id given is of another database, and all there is comes now). Of what
    changes faster than you read you get the latest.
    """
    line = _line(parts, wishes, last_event_id or after)
    return EventSourceResponse(_events(line), headers={"X-Accel-Buffering": "no"})


@router.websocket("/ws")
async def live_ws(
    socket: WebSocket, parts: TheParts, _principal: Reads, wishes: _TheWishes, after: _After = None
) -> None:
    """Tell the same over a WebSocket, as `{"id", "type", "data"}`; what is sent to us is not read."""
    line = _line(parts, wishes, after)
    await socket.accept()
    telling = asyncio.create_task(_tell(socket, line))
    listening = asyncio.create_task(_until_gone(socket))
    try:
        await asyncio.wait({telling, listening}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (telling, listening):
            task.cancel()
        await asyncio.gather(telling, listening, return_exceptions=True)
    if not telling.cancelled() and telling.exception() is None:
        with suppress(RuntimeError):
            await socket.close(1012)  # come again


def _line(parts: Parts, wishes: Wishes, last: str | None) -> Line:
    most = max(1, parts.settings.console.at_once // 2)
    if parts.feed.clients >= most:
        raise Problem(503, f"{most} clients watch already; try again later", kind="too_many", retry_after_s=5)
    return Line(parts.feed, wishes, _cursor(last))


def _cursor(last: str | None) -> Cursor | None:
    try:
        return Cursor.read(last) if last else None
    except BadInput as error:
        raise Problem(400, str(error), kind="bad_event_id") from error


async def _events(line: Line) -> AsyncIterator[bytes]:
    yield f"retry: {_RETRY_MS}\n\n".encode()
    async for batch in line.batches():
        yield b"".join(map(_event, batch)) if batch else KEEPALIVE_COMMENT


def _event(message: Message) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (
        str(message.cursor).encode(),
        message.kind.encode(),
        message.data,
    )


async def _tell(socket: WebSocket, line: Line) -> None:
    async for batch in line.batches():
        for text in _texts(batch):
            await socket.send_text(text)


def _texts(batch: Sequence[Message]) -> list[str]:
    return [f'{{"id":"{one.cursor}","type":"{one.kind}","data":{one.data.decode()}}}' for one in batch]


async def _until_gone(socket: WebSocket) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive()
