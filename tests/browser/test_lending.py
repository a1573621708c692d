"""What a page says about the task on its screen: that it is seen, that it is kept, and what if it is lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.driving import Desk, desk_at
from tests.browser.labelling import CLAUSES, People, a_clause, looked_at, sent, shown, submissions
from tests.console.running import RunningConsole, running_console
from tests.console.working import VERDICT, Work, nothing_to_do, outbox_of, submit, until

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]

#: A page in a tab behind another one, until `window.show()` is called.
BEHIND = """
let seen = "hidden";
Object.defineProperty(document, "visibilityState", { get: () => seen });
window.show = () => { seen = "visible"; document.dispatchEvent(new Event("visibilitychange")); };
"""


@asynccontextmanager
async def lending(
    browser: Browser, dsn: str, **times: Any
) -> AsyncIterator[tuple[RunningConsole, Desk, Work]]:
    """Run a console that lends for other times."""
    async with running_console(dsn, **times) as running, desk_at(browser, running.base_url) as desk:
        work = Work(running.pool, running.log)
        await work.constitution(principles=CLAUSES, escalation=())
        yield running, desk, work


async def leases(console: RunningConsole) -> dict[str, dict[str, Any]]:
    """Return what the server knows of every lease."""
    query = "select lease_id::text, leased_at, expires_at, shown_at from leases"
    return {row["lease_id"]: dict(row) for row in await console.pool.fetch(query)}


async def on_screen(page: Page) -> str:
    """Return the lease on the screen."""
    return str(await page.locator("#bench").get_attribute("data-lease"))


async def shown_at(console: RunningConsole, lease_id: str) -> datetime | None:
    """Return since when the server knows that a task is seen."""
    found: datetime | None = (await leases(console))[lease_id]["shown_at"]
    return found


async def test_a_task_counts_as_shown_once_it_is_seen(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await work.pairs(2)
    page = await desk.open(await people("annotator"), first=BEHIND)
    await shown(page)
    await until(lambda: _count(console, 2))
    first = await on_screen(page)
    assert [one["shown_at"] for one in (await leases(console)).values()] == [None, None]

    await page.evaluate("window.show()")
    await until(lambda: _is_shown(console, first))
    (second,) = set(await leases(console)) - {first}
    assert await shown_at(console, second) is None
    await page.keyboard.press("1")
    await sent(page)
    await until(lambda: _is_shown(console, second))

    assert await on_screen(page) == second


async def test_only_the_time_for_which_a_task_was_seen_counts(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await work.pairs(1)
    page = await desk.open(await people("annotator"), first=BEHIND)
    await shown(page)
    began = await page.evaluate("performance.now()")
    await page.wait_for_function("began => performance.now() > began + 1500", arg=began)
    await page.evaluate("window.show()")
    since = await page.evaluate("performance.now()")

    async with page.expect_request("**/submit") as asked:
        await page.keyboard.press("1")
        await sent(page)

    most_s = (await page.evaluate("performance.now()") - since) / 1000
    body = (await asked.value).post_data_json
    assert body is not None
    assert 0 <= body["seconds"] <= most_s + 0.2


async def test_a_task_is_kept_for_whoever_looks_at_it(browser: Browser, postgres_dsn: str) -> None:
    async with lending(browser, postgres_dsn, lease_s=3.0, heartbeat_s=1.0) as (console, desk, work):
        await work.pairs(1)
        page = await desk.open(await console.person("annotator"))
        await shown(page)
        lease_id = await on_screen(page)

        async def kept_long() -> bool:
            one = (await leases(console))[lease_id]
            return bool(one["expires_at"] - one["leased_at"] > timedelta(seconds=8))

        await until(kept_long, deadline_s=40)

        assert await nothing_to_do(console.client(await console.person("annotator")))


async def test_a_task_that_ran_out_is_said_and_its_text_can_be_copied(
    browser: Browser, postgres_dsn: str
) -> None:
    async with lending(browser, postgres_dsn, lease_s=1.0, heartbeat_s=4.0) as (console, desk, work):
        desk.expected += ["409"]
        await work.pairs(1)
        page = await desk.open(await console.person("annotator"))
        await shown(page)
        await page.keyboard.press("4")
        await page.keyboard.press("w")
        await page.keyboard.type("took me long")
        await expect(page.locator("#saved")).to_have_text("Saved")
        other = console.client(await console.person("annotator"))
        await until(lambda: _gets_and_answers(other), deadline_s=40)

        await expect(page.locator('[data-banner="expired"]')).to_contain_text(
            "What you wrote stays here", timeout=20_000
        )
        await expect(page.locator("#rationale")).to_have_value("took me long")
        await looked_at(page, "expired")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator('[data-banner="lost"]')).to_contain_text("took me long")
        await expect(page.locator("#state-title")).to_have_text("Nothing to do right now")

        assert [one["answer"] for one in await submissions(console)] == [VERDICT]


async def test_who_cites_a_clause_that_is_gone_is_told_and_keeps_the_text(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    desk.expected += ["422"]
    await work.pairs(1)
    page = await desk.open(await people("annotator"))
    await shown(page)
    for key in ("2", "c", "1", "3", "Enter", "q", "Space", "Enter", "w"):
        await page.keyboard.press(key)
    await page.keyboard.type("the left one is shorter")
    await work.constitution(version="2", principles=CLAUSES[:2], escalation=())

    await page.keyboard.press("Control+Enter")
    banner = page.locator('[data-banner="expired"]')
    await expect(banner).to_contain_text("has no clause 'style'. What you wrote stays here")
    await expect(page.locator("#rationale")).to_have_value("the left one is shorter")
    assert await submissions(console) == []
    await looked_at(page, "clause-gone")
    await banner.get_by_role("button", name="Load the rubric again").focus()
    await page.keyboard.press("Enter")

    await expect(page.locator('[data-banner="gone"]')).to_contain_text("not cited: style")
    await expect(page.locator("#rationale")).to_have_value("the left one is shorter")
    await expect(page.locator("#clause-picks li")).to_have_count(2)
    await looked_at(page, "rubric-changed")
    await sent(page)
    (label,) = await outbox_of(console.pool)
    assert label["clauses"] == ["accuracy"]
    assert [quote["clause"] for quote in label["quotes"]] == [None]
    assert label["rationale"] == "the left one is shorter"


async def test_the_next_task_comes_with_the_new_rubric_and_the_last_can_still_be_taken_back(
    browser: Browser, postgres_dsn: str
) -> None:
    async with lending(browser, postgres_dsn, undo_s=60.0) as (console, desk, work):
        await work.pairs(1)
        page = await desk.open(await console.person("annotator"))
        async with page.expect_response(lambda answer: '"ahead":true' in (answer.request.post_data or "")):
            await shown(page)
        first = await page.locator("#left .text").inner_text()
        new = a_clause("candour", "A response says what it does not know.", 4)
        await work.constitution(version="2", principles=(*CLAUSES, new), escalation=())
        await work.pairs(1)

        await page.keyboard.press("2")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#clause-picks li")).to_have_count(4)
        await expect(page.locator('[data-banner="undo"]')).to_be_visible()
        await expect(page.locator("#left .text")).not_to_have_text(first)
        await page.keyboard.press("z")

        await expect(page.locator("#left .text")).to_have_text(first)
        assert await page.locator('input[value="A>"]').is_checked()
        assert [one["stands"] for one in await submissions(console)] == [False]


async def _count(console: RunningConsole, wanted: int) -> bool:
    return len(await leases(console)) == wanted


async def _is_shown(console: RunningConsole, lease_id: str) -> bool:
    return await shown_at(console, lease_id) is not None


async def _gets_and_answers(client: httpx2.AsyncClient) -> bool:
    found = await client.post("/api/v1/tasks/next", json={})
    return found.status_code == 200 and (await submit(client, found.json())).status_code == 200
