"""A real Chromium on a running console."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.chromium import CHROMIUM, install, installable
from tests.browser.driving import Desk, desk_at
from tests.browser.labelling import CLAUSES
from tests.console.conftest import console, people, with_tasks
from tests.console.working import Work
from tests.running_parts import give_up

__all__ = ["console", "people", "with_tasks"]

_WRONG = pytest.StashKey[str]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Install Chromium where tests will want it; here, since it takes longer than any test may."""
    here = Path(__file__).parent
    wanted = any(here in item.path.parents for item in session.items)
    if wanted and not session.config.option.collectonly and installable():
        session.config.stash[_WRONG] = install()


@pytest.fixture(scope="session")
def chromium_path(pytestconfig: pytest.Config) -> Path:
    """Give a Chromium; in CI it was installed where it was not there."""
    if not CHROMIUM.exists():
        wrong = pytestconfig.stash.get(_WRONG, "")
        give_up(f"there is no {CHROMIUM}; install it, e.g. by `apt-get install chromium`. {wrong}".rstrip())
    return CHROMIUM


@pytest_asyncio.fixture
async def browser(chromium_path: Path) -> AsyncIterator[Browser]:
    """Give a browser."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=chromium_path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield launched
        finally:
            await launched.close()


@pytest_asyncio.fixture
async def desk(console, browser: Browser) -> AsyncIterator[Desk]:  # type: ignore[no-untyped-def]
    """Give what opens pages of the console as a person; afterwards nothing may have gone wrong in them."""
    async with desk_at(browser, console.base_url) as driven:
        yield driven


@pytest_asyncio.fixture
async def work(with_tasks: Work) -> Work:
    """Give work under a constitution with three clauses."""
    await with_tasks.constitution(principles=CLAUSES, escalation=())
    return with_tasks
