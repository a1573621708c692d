"""A running console and people for it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from tests.console.running import RunningConsole, Somebody, running_console
from tests.console.working import Work


@pytest_asyncio.fixture
async def console(postgres_dsn: str) -> AsyncIterator[RunningConsole]:
    """Give a console that runs on a fresh database."""
    async with running_console(postgres_dsn) as running:
        yield running


@pytest.fixture
def people(console: RunningConsole) -> Callable[..., Awaitable[Somebody]]:
    """Give what makes a person of a role: `await people("annotator", slices=["law"])`."""
    return console.person


@pytest.fixture
def with_tasks(console: RunningConsole) -> Work:
    """Give what lets pairs wait for people: `await with_tasks.pairs(3, needed=2)`."""
    return Work(console.pool, console.log)
