"""Watching a deployment: what changes, from its database or from a console."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress

from prefstream.adapters.live_stream import told_by
from prefstream.adapters.postgres.connection import AWAY, pool_of
from prefstream.adapters.postgres.watching import changed_since
from prefstream.adapters.settings import Settings
from prefstream.domain.following.board import Board
from prefstream.schemas.codec import decode
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.metrics import AlertCleared, AlertRaised, MetricsUpdated
from prefstream.streams.places import find_places

#: Seconds between two looks at the database.
EVERY_S = 1.0
#: Seconds of silence after which a console that was asked has said all there is.
_SETTLED_S = 0.5
_AGAIN_S = 1.0


async def boards_of_database(settings: Settings, board: Board) -> AsyncGenerator[Board, None]:
    """Keep a board up to date from the database; give it after each look, also an empty one.

    Raises:
        Unavailable: The database does not answer, from the beginning.
    """
    epoch = version = 0
    async with pool_of(find_places(settings).dsn.get_secret_value(), size=1) as pool:
        while True:
            with suppress(*AWAY):
                changed = await changed_since(pool, epoch, version)
                if changed.epoch != epoch:
                    epoch, version = changed.epoch, 0
                    board.clear()
                for state in changed.states:
                    version = state.version
                    _take(board, state.event)
                if changed.more:
                    continue
            yield board
            await asyncio.sleep(EVERY_S)


async def boards_of_console(base_url: str, token: str, board: Board) -> AsyncGenerator[Board, None]:
    """Keep a board up to date from a console; give it after each change, and begin again when cut off.

    Raises:
        Unavailable: The console does not answer, from the beginning.
        BadInput: It refuses.
    """
    wishes: dict[str, Sequence[str]] = {"window": [board.window], "slice": sorted(board.slices)}
    after: str | None = None
    while True:
        try:
            async for told in told_by(base_url, token, wishes, after=after):
                after = told.event_id
                if told.kind == "reset":
                    board.clear()
                else:
                    _take(board, told.data)
                yield board
        except Unavailable:
            if after is None:
                raise
        await asyncio.sleep(_AGAIN_S)


async def first_board(boards: AsyncGenerator[Board, None], board: Board) -> Board:
    """Return the board once nothing new comes for a moment."""
    coming = asyncio.ensure_future(anext(boards))
    try:
        while True:
            done, _ = await asyncio.wait({coming}, timeout=_SETTLED_S)
            if not done:
                return board
            coming.result()
            coming = asyncio.ensure_future(anext(boards))
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


def _take(board: Board, data: bytes) -> None:
    event = decode(data)
    if isinstance(event, (MetricsUpdated, AlertRaised, AlertCleared)):
        board.take(event)
