"""What people are told beside a task: a word of the lead, a break that is due, and how an answer was."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from prefstream.adapters.postgres.console import quality_states
from prefstream.domain.reliability import Spell
from tests.browser.driving import Desk, desk_at
from tests.browser.labelling import CLAUSES, looked_at, prefers, sent, shown
from tests.console.quality_work import gold_pairs, quality_console
from tests.console.running import RunningConsole, Somebody
from tests.console.working import Work

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]


async def has_worked(console: RunningConsole, somebody: Somebody, minutes: int) -> None:
    """Let somebody have worked without a break until a minute ago."""
    last = datetime.now(UTC) - timedelta(minutes=1)
    spell = Spell(began_at=last - timedelta(minutes=minutes), last_at=last)
    async with console.pool.acquire() as connection:
        await quality_states.worked(connection, somebody.person_id, spell, "arithmetic")


async def begin(work: Work, pairs: int = 2) -> None:
    await work.constitution(principles=CLAUSES, escalation=())
    await work.pairs(pairs)


async def test_a_break_is_proposed_when_it_is_due_and_not_at_every_pair(
    browser: Browser, postgres_dsn: str
) -> None:
    async with (
        quality_console(postgres_dsn, rest_after_min=90.0) as (console, work),
        desk_at(browser, console.base_url) as desk,
    ):
        await begin(work, 3)
        one = await console.person("annotator")
        await has_worked(console, one, 96)
        page = await desk.open(one)
        await shown(page)

        banner = page.locator('[data-banner="rest"]')
        await expect(banner).to_contain_text("You have worked for 96 minutes without a break. 5 minutes away")
        await looked_at(page, "rest")
        await banner.get_by_role("button", name="Close").focus()
        await page.keyboard.press("Enter")
        await page.locator("#main").focus()
        await page.keyboard.press("2")
        await sent(page)
        await shown(page)
        await expect(banner).to_have_count(0)

        await page.reload()
        await banner.get_by_role("button", name="Take a break").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#state-title")).to_have_text("Taking a break")


async def test_who_wants_no_breaks_proposed_is_left_alone(browser: Browser, postgres_dsn: str) -> None:
    async with (
        quality_console(postgres_dsn, rest_after_min=90.0) as (console, work),
        desk_at(browser, console.base_url) as desk,
    ):
        await begin(work)
        one = await console.person("annotator")
        await has_worked(console, one, 96)
        await prefers(console, one, breaks=False)
        page = await desk.open(one)
        await shown(page)

        await expect(page.locator("#banners > *")).to_have_count(0)


async def test_a_warning_is_told_once(browser: Browser, postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (console, work), desk_at(browser, console.base_url) as desk:
        await begin(work, 3)
        one = await console.person("annotator")
        await warned(console, one, "Please read both responses to the end.")
        page = await desk.open(one)
        await shown(page)

        banner = page.locator('[data-banner="notice"]')
        await expect(banner).to_contain_text("Please read both responses to the end.")
        await looked_at(page, "notice")
        await banner.get_by_role("button", name="Close").focus()
        await page.keyboard.press("Enter")
        await page.locator("#main").focus()
        await page.keyboard.press("2")
        await sent(page)
        await shown(page)

        await expect(banner).to_have_count(0)


async def warned(console: RunningConsole, somebody: Somebody, why: str) -> None:
    lead = console.client(await console.person("qa_lead"))
    path = f"/api/v1/quality/annotators/{somebody.person_id}/actions"
    answer = await lead.post(path, json={"action": "warn", "why": why})
    assert answer.status_code in {200, 201}, answer.text


@pytest.mark.parametrize("right", [True, False])
async def test_feedback_says_what_was_expected_on_the_sides_as_seen_and_why(
    right: bool, browser: Browser, postgres_dsn: str
) -> None:
    async with (
        quality_console(postgres_dsn, gold_share=1.0, feedback=True) as (console, work),
        desk_at(browser, console.base_url) as desk,
    ):
        await work.constitution(principles=CLAUSES, escalation=())
        await gold_pairs(console, work, 1, why="The sum is 4.", clauses=["accuracy"])
        await work.pairs(2)
        page = await desk.open(await console.person("annotator"))
        await shown(page)
        lease_id = await page.locator("#bench").get_attribute("data-lease")
        sides = await console.pool.fetchval("select sides from leases where lease_id::text = $1", lease_id)

        await page.keyboard.press("1" if right == (sides == "ab") else "5")
        await page.keyboard.press("Control+Enter")

        banner = page.locator('[data-banner="feedback"]')
        await expect(banner).to_contain_text("that was right" if right else "expected was")
        await expect(banner).to_contain_text("Left is better" if sides == "ab" else "Right is better")
        await expect(banner).to_contain_text("The sum is 4.")
        await expect(banner).to_contain_text("Clauses: accuracy")
        await expect(page.locator('[data-banner="undo"]')).to_have_count(0)
        await looked_at(page, f"feedback-{'right' if right else 'wrong'}")


async def test_without_quality_nothing_is_told(desk: Desk, work: Work, console: RunningConsole) -> None:
    await work.pairs(1)
    page = await desk.open(await console.person("annotator"))
    await shown(page)

    await expect(page.locator("#banners > *")).to_have_count(0)
