"""People label in a real browser, with the keyboard alone."""

import pytest
from playwright.async_api import Route, expect

from tests.browser import texts
from tests.browser.driving import Desk, log_in
from tests.browser.labelling import (
    People,
    a_rich_pair,
    looked_at,
    prefers,
    sent,
    shown,
    submissions,
)
from tests.console.running import RunningConsole
from tests.console.working import Work, events_of, outbox_of

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]


async def test_a_pair_is_labelled_by_keys_alone(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await a_rich_pair(work)
    page = await desk.open(await people("annotator"))
    await shown(page)

    await page.keyboard.press("1")
    await page.keyboard.press("k")
    await page.keyboard.press("c")
    await page.keyboard.press("1")
    await page.keyboard.press("3")
    await page.keyboard.press("Enter")
    await page.keyboard.press("q")
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await page.keyboard.press("t")
    await page.keyboard.press("5")
    await page.keyboard.press("4")
    await page.keyboard.press("w")
    await page.keyboard.type("The right one is wrong for even n: 12 x u")
    await looked_at(page, "annotate")
    await sent(page)

    (one,) = await submissions(console)
    answer = one["answer"]
    assert answer["verdict"] == "A>>"
    assert answer["clauses"] == ["accuracy", "style"]
    assert answer["dimensions"] == {"helpfulness": 5, "accuracy": 4}
    assert answer["rationale"] == "The right one is wrong for even n: 12 x u"
    assert answer["needs_specialist"] is True
    assert [quote["clause"] for quote in answer["quotes"]] == ["style"]
    assert answer["quotes"][0]["text"]


@pytest.mark.parametrize(
    ("key", "verdict"),
    [("2", "A>"), ("3", "="), ("4", "B>"), ("5", "B>>"), ("u", "unsure"), ("x", "both_bad")],
)
async def test_every_answer_has_its_key(
    key: str, verdict: str, desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await work.pairs(1)
    page = await desk.open(await people("annotator"))
    await shown(page)

    await page.keyboard.press(key)
    await sent(page)

    assert [one["answer"]["verdict"] for one in await submissions(console)] == [verdict]


async def test_the_next_pair_is_there_at_once_and_an_answer_can_be_taken_back(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await work.pairs(3)
    page = await desk.open(await people("annotator"))
    await shown(page)
    first = await page.locator("#left .text").inner_text()

    await page.keyboard.press("2")
    await page.keyboard.press("w")
    await page.keyboard.type("because")
    await page.keyboard.press("Escape")
    await page.keyboard.press("w")
    await sent(page)
    await expect(page.locator("#left .text")).not_to_have_text(first)
    assert await page.evaluate("document.activeElement.id") == "main"
    assert not await page.locator('input[value="A>"]').is_checked()
    await looked_at(page, "undo")
    await page.keyboard.press("z")
    await expect(page.locator("#left .text")).to_have_text(first)
    await expect(page.locator("#rationale")).to_have_value("because")
    await page.keyboard.press("4")
    await sent(page)

    assert [(one["stands"], one["answer"]["verdict"]) for one in await submissions(console)] == [
        (False, "A>"),
        (True, "B>"),
    ]


async def test_selected_text_is_quoted_from_the_response_where_it_stands(
    desk: Desk, people: People, work: Work
) -> None:
    await a_rich_pair(work)
    page = await desk.open(await people("annotator"))
    await shown(page)

    await page.locator("#right li").first.evaluate("li => getSelection().selectAllChildren(li)")
    await page.keyboard.press("q")

    await expect(page.locator("#quotes li")).to_have_count(1)
    await expect(page.locator("#quotes li span")).to_have_text("Right")


async def test_a_quote_from_the_difference_has_the_words_of_the_response_alone(
    desk: Desk, people: People, work: Work
) -> None:
    await work.pairs(1)
    page = await desk.open(await people("annotator"))
    await shown(page)
    text = await page.locator("#left .text").inner_text()
    await page.keyboard.press("d")
    await expect(page.locator("#left del")).to_contain_text("Only left:")

    await page.locator("#left .compared").evaluate("one => getSelection().selectAllChildren(one)")
    await page.keyboard.press("q")

    await expect(page.locator("#quotes li q")).to_have_text(text)


async def test_the_time_of_an_answer_is_known_however_fast_it_is(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await work.pairs(1)
    page = await desk.open(await people("annotator"))

    async def slowly(route: Route) -> None:
        # Until the answer is on its way, or would be.
        await expect(page.locator("#submit")).to_be_disabled()
        await route.continue_()

    await page.route("**/shown", slowly)
    await shown(page)
    await page.keyboard.press("2")
    await sent(page)

    (label,) = await outbox_of(console.pool)
    assert label["seconds"] is not None


async def test_keys_do_not_act_while_somebody_types(desk: Desk, people: People, work: Work) -> None:
    await work.pairs(1)
    page = await desk.open(await people("annotator"))
    await shown(page)

    await page.keyboard.press("w")
    await page.keyboard.type("1x?cz")

    await expect(page.locator("#rationale")).to_have_value("1x?cz")
    assert await page.locator('input[name="verdict"]:checked').count() == 0
    assert await page.locator("dialog[open]").count() == 0


async def test_keys_can_be_switched_off_and_everything_is_still_reached_by_tab(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await work.pairs(1)
    one = await people("annotator")
    await prefers(console, one, keys_on=False)
    page = await desk.open(one)
    await shown(page)

    await page.keyboard.press("1")
    assert await page.locator('input[name="verdict"]:checked').count() == 0
    await page.locator('input[value="A>>"]').focus()
    await page.keyboard.press("Space")
    await sent(page)

    assert [one["answer"]["verdict"] for one in await submissions(console)] == ["A>>"]


async def test_keys_can_be_changed_and_enter_alone_can_send(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await work.pairs(1)
    one = await people("annotator")
    await prefers(console, one, keys={"verdict_1": "j"}, submit="enter")
    page = await desk.open(one)
    await shown(page)

    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.locator('[data-banner="undo"]')).to_be_visible()

    assert [one["answer"]["verdict"] for one in await submissions(console)] == ["A>>"]


async def test_without_an_answer_nothing_is_sent(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await work.pairs(1)
    page = await desk.open(await people("annotator"))
    await shown(page)

    await page.keyboard.press("Control+Enter")

    await expect(page.locator('[data-banner="missing"]')).to_be_visible()
    assert await submissions(console) == []


async def test_help_rubric_difference_and_dialogs_open_by_keys(
    desk: Desk, people: People, work: Work
) -> None:
    await a_rich_pair(work)
    page = await desk.open(await people("annotator"))
    await shown(page)
    await looked_at(page, "bench")

    await page.keyboard.press("r")
    await expect(page.locator("#rubric")).to_be_visible()
    await looked_at(page, "rubric")
    await page.keyboard.press("Escape")
    await expect(page.locator("#rubric")).to_be_hidden()
    await page.keyboard.press("d")
    await expect(page.locator("#left del").first).to_contain_text("Only left:")
    await expect(page.locator("#right ins").first).to_contain_text("Only right:")
    await looked_at(page, "difference")
    await page.keyboard.press("d")
    for key, name in (("?", "help"), ("c", "clauses"), ("q", "passages")):
        await page.keyboard.press(key)
        await expect(page.locator(f"#{name}")).to_be_visible()
        await looked_at(page, name)
        await page.keyboard.press("Escape")
        await expect(page.locator(f"#{name}")).to_be_hidden()


async def test_clauses_are_found_by_their_words(desk: Desk, people: People, work: Work) -> None:
    await work.pairs(1)
    page = await desk.open(await people("annotator"))
    await shown(page)

    await page.keyboard.press("c")
    await page.keyboard.press("/")
    await page.keyboard.type("no longer")
    await expect(page.locator("#clause-picks li:visible")).to_have_count(1)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")

    await expect(page.locator("#cited li")).to_have_text("style✕")


async def test_a_draft_survives_a_reload_and_another_browser(desk: Desk, people: People, work: Work) -> None:
    await work.pairs(2)
    one = await people("annotator")
    page = await desk.open(one)
    await shown(page)
    await page.keyboard.press("5")
    await page.keyboard.press("w")
    await page.keyboard.type("half a thought")
    await expect(page.locator("#saved")).to_have_text("Saved")

    await page.reload()
    await shown(page)
    await expect(page.locator("#rationale")).to_have_value("half a thought")
    assert await page.locator('input[value="B>>"]').is_checked()

    elsewhere = await desk.open(one)
    await shown(elsewhere)
    await expect(elsewhere.locator("#rationale")).to_have_value("half a thought")


async def test_a_lost_network_loses_nothing(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    desk.expected += ["ERR_INTERNET_DISCONNECTED"]
    await work.pairs(3)
    page = await desk.open(await people("annotator"))
    async with page.expect_response(
        lambda answer: "/work/next" in answer.url and '"ahead":true' in (answer.request.post_data or "")
    ):
        await shown(page)
    first = await page.locator("#left .text").inner_text()
    await page.context.set_offline(True)

    await page.keyboard.press("1")
    await page.keyboard.press("w")
    await page.keyboard.type("written in a tunnel")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator('[data-banner="queued"]')).to_contain_text("not sent yet")
    await expect(page.locator("#left .text")).not_to_have_text(first)
    await looked_at(page, "offline")
    assert await submissions(console) == []
    await page.context.set_offline(False)
    await expect(page.locator('[data-banner="queued"]')).to_have_count(0)

    assert [one["answer"]["rationale"] for one in await submissions(console)] == ["written in a tunnel"]


async def test_an_answer_that_waited_through_a_reload_is_sent(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    desk.expected += ["ERR_FAILED"]
    await work.pairs(1)
    page = await desk.open(await people("annotator"))
    await shown(page)
    await page.route("**/submit", lambda route: route.abort())
    await page.keyboard.press("2")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator('[data-banner="queued"]')).to_be_visible()

    await page.unroute("**/submit")
    await page.reload()
    await expect(page.locator("#state-title")).to_have_text("Nothing to do right now")

    assert [one["answer"]["verdict"] for one in await submissions(console)] == ["A>"]


async def test_when_the_session_is_over_one_logs_in_again_in_place(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    desk.expected += ["401"]
    await work.pairs(1)
    one = await people("annotator")
    page = await desk.open(one)
    await shown(page)
    await page.keyboard.press("4")
    await console.pool.execute("delete from sessions")

    await page.keyboard.press("w")
    await page.keyboard.type("kept")
    await expect(page.locator("#session")).to_be_visible()
    await looked_at(page, "session")
    await page.keyboard.type(one.password)
    await page.keyboard.press("Enter")
    await expect(page.locator("#session")).to_be_hidden()
    await expect(page.locator("#rationale")).to_have_value("kept")
    await sent(page)

    assert [one["answer"]["rationale"] for one in await submissions(console)] == ["kept"]


async def test_a_task_that_somebody_else_has_leaves_the_text_to_be_copied(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    desk.expected += ["409", "404"]
    await work.pairs(1)
    page = await desk.open(await people("annotator"))
    await shown(page)
    await page.keyboard.press("4")
    await page.keyboard.press("w")
    await page.keyboard.type("too late")
    await expect(page.locator("#saved")).to_have_text("Saved")
    await console.pool.execute("update leases set fence = fence + 1000")

    await page.keyboard.press("Control+Enter")
    await expect(page.locator('[data-banner="lost"]')).to_contain_text("too late")
    await looked_at(page, "lost")
    await page.locator('[data-banner="lost"]').get_by_role("button", name="Copy the rationale").focus()
    await page.keyboard.press("Enter")

    assert await page.evaluate("navigator.clipboard.readText()") == "too late"


async def test_a_break_gives_the_task_back_and_keeps_what_was_written(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await work.pairs(1)
    page = await desk.open(await people("annotator"))
    await shown(page)
    await page.keyboard.press("w")
    await page.keyboard.type("later")
    await page.keyboard.press("Escape")

    await page.keyboard.press("b")
    await expect(page.locator("#state-title")).to_have_text("Taking a break")
    await looked_at(page, "break")
    await page.locator("#state-go").focus()
    await page.keyboard.press("Enter")
    await shown(page)

    await expect(page.locator("#rationale")).to_have_value("later")


async def test_nothing_to_do_is_said_calmly(desk: Desk, people: People, work: Work) -> None:
    page = await desk.open(await people("annotator"))

    await expect(page.locator("#state-title")).to_have_text("Nothing to do right now")
    await looked_at(page, "nothing")


async def test_paused_people_are_told_why(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    desk.expected += ["403"]
    await work.pairs(1)
    one = await people("annotator")
    await console.pool.execute(
        "update people set paused_at = now(), paused_why = 'a talk first' where person_id = $1", one.person_id
    )
    page = await desk.open(one)

    await expect(page.locator("#state-title")).to_have_text("Your work is paused")
    await expect(page.locator("#state-text")).to_contain_text("a talk first")
    await looked_at(page, "paused")


async def test_writing_from_right_to_left_keeps_to_its_own_box(
    desk: Desk, people: People, work: Work
) -> None:
    await a_rich_pair(work, left=texts.ARABIC, right=texts.HEBREW, prompt=texts.ARABIC)
    page = await desk.open(await people("annotator"), viewport={"width": 700, "height": 1000})
    await shown(page)

    await looked_at(page, "arabic-narrow")
    direction = "p => getComputedStyle(p).direction"
    for side in ("#left", "#right"):
        assert await page.locator(f"{side} .text p").first.evaluate(direction) == "rtl"


async def test_the_kept_session_of_a_browser_is_its_own(desk: Desk, people: People, work: Work) -> None:
    await work.pairs(4)
    first, second = await people("annotator"), await people("annotator")
    page = await desk.open(first)
    await shown(page)
    await page.keyboard.press("w")
    await page.keyboard.type("mine")

    await page.context.clear_cookies()
    await log_in(page.context, second)
    await page.goto("/work")
    await shown(page)

    await expect(page.locator("#rationale")).to_have_value("")


async def test_the_label_that_is_said_has_the_sides_of_the_pair(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await work.pairs(1)
    page = await desk.open(await people("annotator"))
    await shown(page)
    left = await page.locator("#left .text").inner_text()

    await page.keyboard.press("1")
    await sent(page)
    await console.pool.execute("update outbox set not_before = now()")
    for _ in range(100):
        said = events_of(await work.in_log())
        if said:
            break
        await page.wait_for_timeout(100)

    assert [one["verdict"] for one in said] == ["A>>" if left.startswith("A of") else "B>>"]
