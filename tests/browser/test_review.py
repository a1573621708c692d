"""People review and adjudicate in a real browser, with the keyboard alone."""

from typing import Any

import pytest
from playwright.async_api import expect

from prefstream.schemas.values import Verdict
from tests import factories as make
from tests.browser.driving import Desk
from tests.browser.labelling import People, disputed, looked_at, prefers, sent, shown, submissions
from tests.console.running import RunningConsole
from tests.console.working import Work, outbox_of

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]


def verdicts(submission: dict[str, Any]) -> tuple[str | None, str]:
    """Return what was chosen blind, and what in the end."""
    return submission["answer"]["blind_verdict"], submission["answer"]["verdict"]


async def test_a_review_is_blind_until_one_has_chosen(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await disputed(work, "review")
    page = await desk.open(await people("reviewer"), "/work?round=review")
    await shown(page)
    await page.keyboard.press("v")
    await expect(page.locator('[data-banner="blind"]')).to_be_visible()
    await expect(page.locator("#others")).to_be_hidden()

    await page.keyboard.press("2")
    await page.keyboard.press("v")
    await expect(page.locator("#others")).to_be_visible()
    await expect(page.locator("#others .said")).to_have_count(3)
    await expect(page.locator("#others")).not_to_contain_text("bea")
    await looked_at(page, "review")
    await page.keyboard.press("4")
    await page.reload()
    await shown(page)
    await page.keyboard.press("5")
    await page.keyboard.press("v")
    await sent(page)

    assert [(one["round"], verdicts(one)) for one in await submissions(console)] == [
        ("review", ("A>", "B>>"))
    ]
    (label,) = await outbox_of(console.pool)
    first, last = ("B>", "A>>") if label["sides"] == "ba" else ("A>", "B>>")
    assert (label["blind_verdict"], label["verdict"]) == (first, last)


async def test_who_sends_a_review_without_looking_has_chosen_blind(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await disputed(work, "review")
    page = await desk.open(await people("reviewer"), "/work?round=review")
    await shown(page)

    await page.keyboard.press("2")
    await page.keyboard.press("3")
    await sent(page)

    assert [verdicts(one) for one in await submissions(console)] == [("=", "=")]


async def test_who_wants_to_see_everything_from_the_start_does_and_nothing_counts_as_blind(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await disputed(work, "review")
    one = await people("reviewer")
    await prefers(console, one, blind_first=False)
    page = await desk.open(one, "/work?round=review")
    await expect(page.locator("#others .said")).to_have_count(3)

    await page.keyboard.press("3")
    await sent(page)

    assert [verdicts(one) for one in await submissions(console)] == [(None, "=")]


async def test_an_adjudicator_sees_what_a_reviewer_chose_blind(
    desk: Desk, people: People, work: Work
) -> None:
    name = await disputed(work, "adjudicate")
    await work.say(
        make.a_label_submitted(
            pair_id=name,
            annotator="cleo",
            round="review",
            verdict=Verdict.TIE,
            blind_verdict=Verdict.BOTH_BAD,
        )
    )

    page = await desk.open(await people("qa_lead"), "/work?round=adjudicate")

    await expect(page.locator("#others")).to_contain_text("Before seeing what others said: Both bad")


async def test_an_adjudication_decides_names_the_error_and_proposes_a_refinement(
    desk: Desk, people: People, work: Work, console: RunningConsole
) -> None:
    await disputed(work, "adjudicate")
    page = await desk.open(await people("qa_lead"), "/work?round=adjudicate", color_scheme="dark")
    await shown(page)
    await expect(page.locator("#others")).to_be_visible()

    await page.keyboard.press("5")
    await page.keyboard.press("a")
    await page.keyboard.type("Length")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.type("style")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.type("A response is as long as the answer needs.")
    await looked_at(page, "refinement")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#refinement-said")).to_have_text("Proposed for style")
    await looked_at(page, "adjudicate")
    await sent(page)

    (one,) = await submissions(console)
    assert one["answer"]["error_category"] == "length_or_style"
    assert one["answer"]["refinement"] == {
        "clause": "style",
        "kind": "rule",
        "text": "A response is as long as the answer needs.",
    }
