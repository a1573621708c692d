"""The page where people label, in other languages and mirrored."""

import pytest
from playwright.async_api import expect

from prefstream.console.languages import MIRRORED
from tests.browser.driving import Desk
from tests.browser.labelling import People, a_rich_pair, disputed, looked_at, shown
from tests.console.working import Work

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]

WIDER = "document.documentElement.scrollWidth - innerWidth"


@pytest.mark.parametrize("language", ["de", MIRRORED])
async def test_the_page_fits_in_other_languages(
    language: str, desk: Desk, people: People, work: Work
) -> None:
    await a_rich_pair(work)
    page = await desk.open(await people("annotator", language=language))
    await shown(page)

    for key in ("2", "k", "c", "1", "Enter", "q", "Space", "Enter"):
        await page.keyboard.press(key)
    assert await page.evaluate(WIDER) <= 0
    await looked_at(page, f"bench-{language}")
    for key, place in (("r", "#rubric"), ("d", "#left del"), ("?", "#help")):
        await page.keyboard.press(key)
        await expect(page.locator(place).first).to_be_visible()
        assert await page.evaluate(WIDER) <= 0
        await looked_at(page, f"{place[1:].split()[0]}-{language}")


@pytest.mark.parametrize("language", ["de", MIRRORED])
async def test_an_adjudication_fits_in_other_languages(
    language: str, desk: Desk, people: People, work: Work
) -> None:
    await disputed(work, "adjudicate")
    page = await desk.open(await people("qa_lead", language=language), "/work?round=adjudicate")
    await shown(page)

    await expect(page.locator("#others .said")).to_have_count(3)

    assert await page.evaluate(WIDER) <= 0
    await looked_at(page, f"adjudicate-{language}")


async def test_left_stays_left_where_one_writes_from_the_right(
    desk: Desk, people: People, work: Work
) -> None:
    await work.pairs(1)
    page = await desk.open(await people("annotator", language=MIRRORED))
    await shown(page)

    left, right = [await page.locator(one).bounding_box() for one in ("#left", "#right")]
    assert left is not None
    assert right is not None
    assert left["x"] < right["x"]
    first, last = [
        await page.locator(f'.choice:has([value="{one}"])').bounding_box() for one in ("A>>", "B>>")
    ]
    assert first is not None
    assert last is not None
    assert first["x"] < last["x"]
