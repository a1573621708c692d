"""`prefstream watch`: agreement, work and alerts of every slice, live in the terminal."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prefstream.cli.console import print_json

if TYPE_CHECKING:
    from prefstream.domain.following.board import Board


def watch(
    slices: Annotated[list[str] | None, typer.Option("--slice", help="Only this one; repeatable.")] = None,
    window: Annotated[str, typer.Option(help="1h, 24h, 7d or all")] = "24h",
    base_url: Annotated[str, typer.Option(help="A console to ask; empty: the database.")] = "",
    token: Annotated[
        str, typer.Option(envvar="PREFSTREAM_TOKEN", help="Of somebody who may read; for --base-url.")
    ] = "",
    once: Annotated[bool, typer.Option("--once", help="Show it once and end.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Once, as one JSON document for machines.")] = False,
) -> None:
    """Watch slices until Ctrl-C: figures with their limits, volume, the funnel, and open alerts.

    Example: prefstream watch --slice law --window 24h
    """
    import asyncio
    from typing import get_args

    from prefstream.domain.following.board import Board
    from prefstream.schemas.errors import BadInput
    from prefstream.schemas.metrics import Window

    known: dict[str, Window] = {name: name for name in get_args(Window)}
    if window not in known:
        raise BadInput(f"there is no window {window!r}; there are {', '.join(known)}")
    if base_url and not token:
        raise BadInput("a console asks for a token of somebody who may read: set PREFSTREAM_TOKEN")
    board = Board(known[window], frozenset(slices or ()))
    asyncio.run(_watch(board, base_url, token, once=once or json, json=json))


async def _watch(board: "Board", base_url: str, token: str, *, once: bool, json: bool) -> None:
    from prefstream.adapters.settings import Settings
    from prefstream.streams.watching import boards_of_console, boards_of_database, first_board

    boards = boards_of_console(base_url, token, board) if base_url else boards_of_database(Settings(), board)
    if not once:
        await _live(boards)
        return
    await first_board(boards, board)
    if json:
        print_json(board.document())
    else:
        from rich.console import Console

        from prefstream.cli.watch_tables import drawn

        Console().print(drawn(board))


async def _live(boards: AsyncIterator["Board"]) -> None:
    from rich.console import Console
    from rich.live import Live

    from prefstream.cli.watch_tables import drawn

    console = Console()
    with Live(console=console, auto_refresh=False, screen=console.is_terminal) as shown:
        async for board in boards:
            picture: Any = drawn(board, rows=max(3, console.height - 14) if console.is_terminal else None)
            shown.update(picture, refresh=True)
