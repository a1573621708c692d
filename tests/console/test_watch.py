"""`prefstream watch`, and what it is made of, on a real database and a real console."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from prefstream.adapters.settings import Settings
from prefstream.console.live_feed import Feed
from prefstream.domain.following.board import Board
from prefstream.schemas.errors import BadInput, Unavailable
from prefstream.streams.watching import boards_of_console, boards_of_database
from tests import factories as make
from tests.cli.command import Ended, prefstream
from tests.console.lines import PATIENCE_S, figures, show
from tests.console.running import RunningConsole, running_console
from tests.console.test_live import People

pytestmark = pytest.mark.postgres


async def run(folder: Path, dsn: str, *arguments: str, **settings: str) -> Ended:
    return await asyncio.to_thread(
        prefstream, folder, "watch", *arguments, **{"PREFSTREAM_POSTGRES__DSN": dsn} | settings
    )


async def until(boards: AsyncIterator[Board], enough: Callable[[Board], bool]) -> Board:
    async with asyncio.timeout(PATIENCE_S):
        async for board in boards:
            if enough(board):
                return board
    raise AssertionError("it ended")


def has(value: float) -> Callable[[Board], bool]:
    return lambda board: any(row.figures["alpha_nominal"].value == value for row in board.rows)


async def test_figures_and_alerts_are_said_for_machines_and_for_people(
    console: RunningConsole, tmp_path: Path
) -> None:
    await show(console.pool, figures("law", 0.5), figures("code", 0.25), make.an_alert_raised(slice="law"))

    machine = await run(tmp_path, console.dsn, "--json", "--slice", "law")
    person = await run(tmp_path, console.dsn, "--once")

    assert machine.code == 0, machine.err
    told = json.loads(machine.out)
    assert [(one["slice"], one["figures"]["alpha_nominal"]["value"]) for one in told["slices"]] == [
        ("law", 0.5)
    ]
    assert [one["severity"] for one in told["alerts"]] == ["warning"]
    for words in ("law", "code", "0.50", "moderate", "warning: law: cohen_kappa"):
        assert words in person.out


async def test_a_console_says_the_same_as_the_database(
    console: RunningConsole, people: People, tmp_path: Path
) -> None:
    await show(console.pool, figures("law", 0.5), figures("law", 0.7, window="1h"))
    token = (await people("viewer")).token

    by_database = await run(tmp_path, console.dsn, "--json")
    async with asyncio.timeout(30):
        # The console follows the database a moment behind.
        while True:
            by_console = await run(
                tmp_path, "", "--json", "--base-url", console.base_url, PREFSTREAM_TOKEN=token
            )
            assert by_console.code == 0, by_console.err
            if json.loads(by_console.out)["slices"]:
                break

    assert json.loads(by_console.out) == json.loads(by_database.out)


async def test_an_empty_deployment_says_so(console: RunningConsole, tmp_path: Path) -> None:
    ended = await run(tmp_path, console.dsn, "--once")

    assert ended.code == 0
    assert "no figures yet" in ended.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--window", "2h"), "there is no window '2h'"),
        (("--base-url", "http://127.0.0.1:1"), "set PREFSTREAM_TOKEN"),
    ],
)
async def test_what_cannot_be_is_said(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    ended = await run(tmp_path, "", *arguments)

    assert ended.code == 2
    assert said in ended.err


async def test_a_console_that_is_not_there_ends_it(tmp_path: Path) -> None:
    ended = await run(tmp_path, "", "--once", "--base-url", "http://127.0.0.1:1", PREFSTREAM_TOKEN="pfs_x")

    assert ended.code == Unavailable.exit_code
    assert "does not answer" in ended.err


async def test_who_may_not_read_is_told_so(console: RunningConsole, people: People) -> None:
    boards = boards_of_console(console.base_url, (await people("annotator")).token, Board("24h"))

    with pytest.raises(BadInput, match="may not read"):
        await anext(boards)


async def test_a_board_follows_the_database(console: RunningConsole) -> None:
    settings = Settings(postgres={"dsn": console.dsn}, log="postgres")
    async with aclosing(boards_of_database(settings, Board("24h"))) as boards:
        await show(console.pool, figures("law", 0.5))
        await until(boards, has(0.5))
        await show(console.pool, figures("law", 0.75))

        board = await until(boards, has(0.75))

    assert len(board.rows) == 1


async def test_a_board_goes_on_when_the_console_ends_the_line(postgres_dsn: str) -> None:
    async with running_console(postgres_dsn, parts={"feed": Feed(longest_s=0.2)}) as console:
        viewer = await console.person("viewer")
        await show(console.pool, figures("law", 0.5))
        async with aclosing(boards_of_console(console.base_url, viewer.token, Board("24h"))) as boards:
            await until(boards, has(0.5))
            for value in (0.6, 0.7, 0.8):
                await show(console.pool, figures("law", value))
                await until(boards, has(value))
