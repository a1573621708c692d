"""Pages of the console in a real browser, watched while they are used."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from tests.console.running import Somebody

AXE = Path(__file__).parent / "axe" / "axe.min.js"
#: Where pictures of pages go, where somebody wants to look at them.
PICTURES = "PREFSTREAM_TEST_PICTURES"
LAPTOP = {"width": 1366, "height": 768}


@dataclass(slots=True, kw_only=True)
class Desk:
    """Opens pages as a person, and notes what should not happen in them."""

    browser: Browser
    base_url: str
    contexts: list[BrowserContext] = field(default_factory=list)
    #: Errors of scripts and breaches of the policy.
    complaints: list[str] = field(default_factory=list)
    #: Requests to other hosts.
    strangers: list[str] = field(default_factory=list)
    #: Complaints that a test provokes, by a part of their text.
    expected: list[str] = field(default_factory=list)

    async def open(self, somebody: Somebody, path: str = "/work", *, first: str = "", **options: Any) -> Page:
        """Log in and open a page; `first` is a script that runs in it before its own."""
        context = await self.browser.new_context(
            base_url=self.base_url, viewport=options.pop("viewport", LAPTOP), **options
        )
        self.contexts.append(context)
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        await log_in(context, somebody)
        if first:
            await context.add_init_script(first)
        page = await context.new_page()
        # Playwright notes things on what it is given, which a method with slots does not allow.
        page.on("console", lambda message: self._said(message))  # noqa: PLW0108
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("request", lambda request: self._asked(request))  # noqa: PLW0108
        await page.goto(path)
        return page

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._complain(message.text)

    def _complain(self, text: str) -> None:
        if not any(part in text for part in self.expected):
            self.complaints.append(text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.base_url, "data:", "blob:")):
            self.strangers.append(request.url)


@asynccontextmanager
async def desk_at(browser: Browser, base_url: str) -> AsyncIterator[Desk]:
    """Give what opens pages of a console; afterwards nothing may have gone wrong in them."""
    driven = Desk(browser=browser, base_url=base_url)
    yield driven
    await asyncio.gather(*(context.close() for context in driven.contexts))
    assert driven.complaints == []
    assert driven.strangers == []


async def log_in(context: BrowserContext, somebody: Somebody) -> None:
    """Give a context the session of a person."""
    data = {"name": somebody.person_id, "password": somebody.password}
    answer = await context.request.post("/api/v1/session", data=data)
    assert answer.status == 204, await answer.text()


async def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with the page as it is now."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("async () => (await axe.run(document)).violations")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]
    ]


async def picture(page: Page, name: str, folder: str | None) -> None:
    """Keep a picture of the page, if somebody wants to look at it."""
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png")
