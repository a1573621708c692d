"""The live page and the scorecard in a real browser: light, dark, narrow, by keyboard, on paper, changing."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from prefstream.console.languages import MIRRORED
from prefstream.console.scorecards import scorecard_file, scorecard_of
from prefstream.domain.trends import week_named
from tests.browser.driving import PICTURES, Desk, violations
from tests.console.live_world import END, SliceWorld, live_through, raise_alert
from tests.console.running import RunningConsole

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
FOLDER = os.environ.get(PICTURES)
PAGES = {
    "live": "/live",
    "live-week": "/live?window=7d&statistic=alpha_ordinal",
    "live-slice": "/live/slice?slice=law/de",
    "live-pairs": "/live/pairs?slice=law/de&since=2026-03-01T08:00Z&until=2026-03-01T09:00Z",
}


@pytest.fixture
async def lived_in(console: RunningConsole) -> None:
    """Let the console look as after two days of work."""
    await live_through(console.pool, hours=50)
    await raise_alert(console.pool)
    await raise_alert(
        console.pool,
        alert_id="alert-2",
        severity="warning",
        slice="creative writing",
        detail="the lower limit of alpha is 0.68, under 0.80",
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_are_accessible_in_light_and_dark(
    desk: Desk, people: Any, lived_in: None, scheme: str
) -> None:
    page = await desk.open(await people("viewer"), "/", color_scheme=scheme)

    for name, path in PAGES.items():
        await page.goto(path)
        await picture_of_all(page, f"{name}-{scheme}")
        assert await violations(page) == [], path


async def test_pages_fit_narrow_screens_and_other_languages(desk: Desk, people: Any, lived_in: None) -> None:
    narrow = await desk.open(await people("viewer"), "/", viewport={"width": 400, "height": 800})
    german = await desk.open(await people("viewer", language="de"), "/")
    mirrored = await desk.open(await people("viewer", language=MIRRORED), "/")

    for name, path in PAGES.items():
        for page, kind in ((narrow, "narrow"), (german, "german"), (mirrored, "mirrored")):
            await page.goto(path)
            await picture_of_all(page, f"{name}-{kind}")
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, kind)


async def test_arrows_walk_the_points_of_a_chart_and_enter_shows_the_pairs(
    desk: Desk, people: Any, lived_in: None
) -> None:
    page = await desk.open(await people("viewer"), "/live?order=name")
    chart = page.locator("svg.chart").first
    links = chart.locator(".columns a")

    await links.last.focus()
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    count = await links.count()
    await expect(links.nth(count - 3)).to_be_focused()
    assert await chart.locator(".columns a[tabindex='0']").count() == 1
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("heading", name="Pairs behind a point")).to_be_visible()


async def test_figures_change_on_the_open_page_without_a_reload(
    desk: Desk, people: Any, lived_in: None, console: RunningConsole
) -> None:
    page = await desk.open(await people("viewer"), "/live?order=name")
    shown = page.locator("[data-part='slice:arithmetic'] .people .figure b")
    await expect(page.locator("#line")).to_have_text("Live")
    before = await shown.inner_text()
    await page.evaluate("window.stayed = true")

    fallen = SliceWorld(name="arithmetic", people=0.5, judges=0.5, pairs_per_hour=40)
    await live_through(console.pool, hours=1, world=[fallen], seed=9)

    await expect(shown).not_to_have_text(before, timeout=20_000)
    assert await page.evaluate("window.stayed")
    await picture_of_all(page, "live-changed")


async def picture_of_all(page: Page, name: str) -> None:
    """Keep a picture of the whole page, if somebody wants to look at it."""
    if FOLDER:
        await page.screenshot(path=f"{FOLDER}/{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_scorecard_is_accessible_and_prints_on_few_pages(
    desk: Desk, people: Any, lived_in: None, console: RunningConsole, tmp_path: Any, scheme: str
) -> None:
    await live_through(console.pool, hours=40, seed=1, end=END - timedelta(days=6))
    page = await desk.open(await people("viewer"), "/scorecard/2026-W09", color_scheme=scheme)

    await picture_of_all(page, f"scorecard-{scheme}")
    assert await violations(page) == []
    file = (Path(FOLDER) if FOLDER else tmp_path) / "scorecard.html"
    file.write_text(scorecard_file(await scorecard_of(console.pool, week_named("2026-W09"))), "utf-8")
    desk.base_url = "file:"  # the file is opened as from a mail
    await page.goto(file.as_uri())
    await picture_of_all(page, f"scorecard-file-{scheme}")
    assert await violations(page) == []
    pdf = await page.pdf(path=f"{FOLDER or tmp_path}/scorecard-{scheme}.pdf", prefer_css_page_size=True)

    assert 1 <= pdf.count(b"/Type /Page\n") <= 4
