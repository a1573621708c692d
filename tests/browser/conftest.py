"""A real Chromium on a running console."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.driving import Desk
from tests.console.conftest import console, people, with_tasks
from tests.running_parts import give_up

__all__ = ["console", "people", "with_tasks"]

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Give a Chromium; in CI it is installed where it is not there."""
    if not CHROMIUM.exists() and os.environ.get("CI") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update"], check=False, timeout=300)
        subprocess.run(["apt-get", "install", "--yes", "chromium"], check=False, timeout=900)
    if not CHROMIUM.exists():
        give_up(f"there is no {CHROMIUM}; install it, e.g. by `apt-get install chromium`")
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
    driven = Desk(browser=browser, base_url=console.base_url)
    yield driven
    await asyncio.gather(*(context.close() for context in driven.contexts))
    assert driven.complaints == []
    assert driven.strangers == []
