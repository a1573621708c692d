"""The pages of tasks other than pairs in a real browser, by the keyboard alone."""

import os
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from prefstream.adapters.postgres.projections import project
from prefstream.schemas.codec import decode
from prefstream.schemas.demonstrations import (
    DemonstrationSubmitted,
    RankingSubmitted,
    RatingSubmitted,
    SafetyLabelSubmitted,
    TaskKind,
)
from prefstream.schemas.envelope import Event
from tests import factories as make
from tests.browser.driving import PICTURES, Desk, picture, violations
from tests.console.running import RunningConsole

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]
HOSTILE = "<script>window.hurt = 1</script><img src=x onerror='window.hurt = 1'>[a](javascript:window.hurt=1)"


@pytest.fixture
def at_work(console: RunningConsole, desk: Desk) -> Callable[..., Awaitable[Page]]:
    """Give what opens the page of a kind as a new annotator, with these events in the sink."""

    async def opened(kind: TaskKind, *events: Event) -> Page:
        await in_sink(console, make.a_constitution_published(), *events)
        page = await desk.open(await console.person("annotator"), f"/tasks/{kind.value}")
        await page.wait_for_selector("#submit")
        return page

    return opened


async def in_sink(console: RunningConsole, *events: Event) -> None:
    records = [make.a_record(event, offset=place) for place, event in enumerate(events)]
    async with console.pool.acquire() as connection, connection.transaction():
        await project(connection, records)


async def said(console: RunningConsole) -> list[Event]:
    """Return what was answered, as it waits to be said."""
    rows = await console.pool.fetch("select value from outbox order by n")
    return [decode(row["value"]) for row in rows]


async def focus(page: Page, selector: str) -> None:
    """Go to an element with the Tab key."""
    for _ in range(80):
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key does not reach {selector}")


async def answered(page: Page) -> None:
    await expect(page.locator("#undo")).to_be_visible(timeout=20_000)


async def test_candidates_are_ranked_with_digits(
    console: RunningConsole, at_work: Callable[..., Awaitable[Page]]
) -> None:
    page = await at_work(TaskKind.RANKING, make.a_task_proposed())
    shown = await page.locator("section[aria-labelledby^='candidate-'] .text").all_inner_texts()
    best = {"391": "1", "about 400": "2", "401": "3"}
    await focus(page, "input[name='rank-0']")
    for text in shown:
        await page.keyboard.press(best[text.strip()])
    await focus(page, "#rationale")
    await page.keyboard.type("Only one is right.")
    await page.keyboard.press("Control+Enter")
    await answered(page)
    (event,) = await said(console)
    assert isinstance(event, RankingSubmitted)
    assert (event.ranks, event.rationale) == ((1, 3, 2), "Only one is right.")
    assert (event.seconds or 0) > 0


async def test_a_response_is_rated_and_what_is_missing_is_marked(
    console: RunningConsole, at_work: Callable[..., Awaitable[Page]]
) -> None:
    page = await at_work(TaskKind.RATING, make.a_task_proposed(kind=TaskKind.RATING))
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("fieldset.missing")
    assert await page.evaluate("document.activeElement.name") == "overall"
    await page.keyboard.press("4")
    assert await page.locator("fieldset.missing").count() == 0
    await page.keyboard.press("5")
    await focus(page, "#submit")
    await page.keyboard.press("Enter")
    await answered(page)
    (event,) = await said(console)
    assert isinstance(event, RatingSubmitted)
    assert event.overall == 4
    assert list(event.dimensions.values()) == [5]


async def test_a_draft_survives_a_reload_and_an_answer_is_taken_back(
    console: RunningConsole, at_work: Callable[..., Awaitable[Page]]
) -> None:
    page = await at_work(TaskKind.DEMONSTRATION, make.a_task_proposed(kind=TaskKind.DEMONSTRATION))
    await focus(page, "#written")
    assert await page.input_value("#written") == "391"
    await page.keyboard.press("Control+A")
    await page.keyboard.type("17 times 23 is 391.")
    await page.reload()
    await expect(page.locator("#written")).to_have_value("17 times 23 is 391.")
    await focus(page, "#written")
    await page.keyboard.press("Control+Enter")
    await answered(page)
    await focus(page, "#undo-button")
    await page.keyboard.press("Enter")
    await expect(page.locator("#written")).to_have_value("17 times 23 is 391.")
    assert await said(console) == []
    await focus(page, "#written")
    await page.keyboard.press("Control+End")
    await page.keyboard.type(" Truly.")
    await page.keyboard.press("Control+Enter")
    await answered(page)
    (event,) = await said(console)
    assert isinstance(event, DemonstrationSubmitted)
    assert (event.response, event.edited) == ("17 times 23 is 391. Truly.", True)


async def test_content_is_veiled_until_asked_for_and_harm_is_labelled(
    console: RunningConsole, at_work: Callable[..., Awaitable[Page]]
) -> None:
    page = await at_work(TaskKind.SAFETY, make.a_task_proposed(kind=TaskKind.SAFETY))
    assert await page.locator(".veiled").count() == 2
    await focus(page, "#unveil")
    await page.keyboard.press("Enter")
    assert await page.locator(".veiled").count() == 0
    await focus(page, "input[name='category']")
    await page.keyboard.press("Space")
    assert await page.is_checked("input[name='severity'][value='0']"), "no harm has no degree"
    await page.keyboard.press("ArrowDown")
    assert not await page.is_checked("input[name='severity'][value='0']")
    await focus(page, "input[name='severity']")
    await page.keyboard.press("3")
    await page.keyboard.press("Space")
    await page.keyboard.press("Control+Enter")
    await answered(page)
    (event,) = await said(console)
    assert isinstance(event, SafetyLabelSubmitted)
    assert (event.category, event.severity, event.response) == ("violence", 3, "complies")


async def test_whoever_stops_gives_the_task_back_and_goes_on_later(
    console: RunningConsole, at_work: Callable[..., Awaitable[Page]]
) -> None:
    page = await at_work(TaskKind.SAFETY, make.a_task_proposed(kind=TaskKind.SAFETY))
    await focus(page, "#stop")
    await page.keyboard.press("Enter")
    await expect(page.locator("#go")).to_be_focused()
    assert await page.locator("#submit").count() == 0
    held = "select count(*) from leases where ended_at is null"
    assert await console.pool.fetchval(held) == 0
    await page.keyboard.press("Enter")
    await expect(page.locator("#submit")).to_be_visible()


async def test_a_lost_network_loses_no_answer(
    console: RunningConsole, at_work: Callable[..., Awaitable[Page]], desk: Desk
) -> None:
    desk.expected += ["ERR_INTERNET_DISCONNECTED"]
    page = await at_work(TaskKind.RATING, make.a_task_proposed(kind=TaskKind.RATING))
    await focus(page, "input[name='overall']")
    await page.keyboard.press("2")
    await page.context.set_offline(True)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#said")).to_contain_text("cannot be reached")
    await page.context.set_offline(False)
    await answered(page)
    (event,) = await said(console)
    assert isinstance(event, RatingSubmitted)
    assert event.overall == 2


async def test_hostile_candidates_are_inert(
    console: RunningConsole,
    at_work: Callable[..., Awaitable[Page]],
) -> None:
    task = make.a_task_proposed(
        messages=(make.a_message(HOSTILE),),
        candidates=(
            make.a_response(HOSTILE),
            make.a_response("</textarea></form><svg onload='window.hurt=1'>"),
        ),
    )
    page = await at_work(TaskKind.RANKING, task)
    assert await page.evaluate("window.hurt") is None
    assert await page.locator("#task script, #task [onerror], #task [onload], #task [style]").count() == 0
    assert await page.locator("#submit").count() == 1


async def test_nothing_to_do_is_said_and_other_kinds_are_one_link_away(
    console: RunningConsole, at_work: Callable[..., Awaitable[Page]]
) -> None:
    page = await at_work(TaskKind.RATING, make.a_task_proposed(kind=TaskKind.RATING))
    assert await page.locator("nav.kinds a").count() == 4
    assert (await page.request.get("/tasks/poem")).status == 404
    await console.pool.execute("update tasks set open = false; delete from leases")
    await page.reload()
    await expect(page.locator("#said")).to_contain_text("nothing to do")


@pytest.mark.parametrize("kind", list(TaskKind))
async def test_axe_finds_nothing_wrong(
    at_work: Callable[..., Awaitable[Page]], desk: Desk, kind: TaskKind
) -> None:
    desk.expected += ["422"]  # an unchanged candidate is refused
    page = await at_work(kind, make.a_task_proposed(kind=kind))
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await picture(page, f"{kind.value}-{scheme}", os.environ.get(PICTURES))
        assert await violations(page) == []
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#wrong")).to_be_visible()
    assert await violations(page) == [], "also with something wrong"
    if kind is TaskKind.SAFETY:
        await page.click("#unveil")
        assert await violations(page) == []
