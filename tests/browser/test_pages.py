"""The pages around the labelling in a real browser: in the dark, mirrored, by keyboard alone."""

import os
from datetime import timedelta
from typing import Any

import pytest
from orjson import dumps
from playwright.async_api import Page, expect

from prefstream.console.languages import MIRRORED
from prefstream.schemas.constitutions import EscalationTrigger, RefusalKind
from prefstream.schemas.values import Verdict
from tests import factories as make
from tests.browser.driving import PICTURES, Desk, violations
from tests.console.running import RunningConsole
from tests.console.telling import a_long_history, tell
from tests.console.test_pages_acting import proposed
from tests.console.test_release_pages import two_releases

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
FOLDER = os.environ.get(PICTURES)
PAGES = {
    "home": "/",
    "settings": "/settings",
    "queue": "/queue",
    "pairs": "/pairs",
    "pair": "/pairs/pair-1",
    "constitution": "/constitution",
    "differences": "/constitution/differences",
    "disagreements": "/disagreements",
    "refinements": "/refinements",
    "releases": "/releases",
    "release": "/releases/helpful-2-0123456789abcdef",
    "annotators": "/annotators",
    "annotator": "/annotators/ada",
    "calibration": "/calibration",
    "people": "/people",
    "person": "/people/ada",
}
NARROW = {"width": 400, "height": 800}


@pytest.fixture
async def lived_in(console: RunningConsole, people: Any) -> str:
    """Let the console look as after some weeks of use; return a proposal's id."""
    for role, name in (("annotator", "ada"), ("annotator", "bob"), ("qa_lead", "cleo")):
        await people(role, person_id=name)
    old = make.a_constitution()
    new = make.a_constitution(
        version="2",
        principles=(
            make.a_principle(rule="The correct answer must win.", outranks=("tone",)),
            make.a_principle(id="tone", rule="القاعدة الثانية: a calm tone should win.", priority=2),
        ),
        escalation=(EscalationTrigger(id="E1", pattern=r"\bdose\b", any_tag=("medical",), clause="P1"),),
        refusal_taxonomy=(RefusalKind(id="partial", means="It answers half of it."),),
        brand_voice="Plain words.",
    )
    await tell(console.pool, *(make.a_constitution_published(constitution=one) for one in (old, new)))
    await tell(console.pool, *a_long_history())
    await two_releases(console.pool)
    for n in range(12):
        at = make.NOON + timedelta(hours=n)
        proposal = make.a_pair_proposed(pair_id=f"waits-{n:02}", slice=("law", "medicine")[n % 2])
        await tell(
            console.pool,
            proposal,
            make.a_pair_routed(pair_id=proposal.pair_id, slice=proposal.slice, occurred_at=at, overlap=2),
        )
    await quality(console)
    return await proposed(console)


async def quality(console: RunningConsole) -> None:
    """Fill in what gold questions, weekly sets and the model of crowds would have found."""
    run = console.pool.execute
    classes = ("A", "=", "B", "both_bad")
    confusion = {t: {s: 0.82 if s == t else 0.06 for s in classes} for t in classes}
    await run(
        "insert into reliability_slices (slice, classes, shares, strangers, labels, fingerprint, as_of,"
        " provenance) values ('arithmetic', $1, '{}', '{}', 400, 'f', now(), 'real')",
        dumps(classes).decode(),
    )
    for name in ("ada", "bob"):
        await run(
            "insert into reliability (slice, annotator, accuracy, confusion, labels)"
            " values ('arithmetic', $1, 0.82, $2, 200)",
            name,
            dumps(confusion).decode(),
        )
    await run("insert into calibration_sets (week, drawn_at, earlier) values ('2026-W09', now(), null)")
    await run("insert into calibration_sets (week, drawn_at, earlier) values ('2026-W10', now(), '2026-W09')")
    for week in ("2026-W09", "2026-W10"):
        for n in range(30):
            pair = f"c{n}"
            await run(
                "insert into calibration_items (week, pair_id, slice, expected, anchor)"
                " values ($1, $2, 'arithmetic', 'A>', $3)",
                week,
                pair,
                n < 10,
            )
            for name, judge, every in (("ada", False, 7), ("bob", False, 3), ("panel-1", True, 5)):
                right = n % every != 0
                await run(
                    "insert into calibration_answers (week, annotator, pair_id, event_id, verdict, correct,"
                    " judge, answered_at, provenance)"
                    " values ($1, $2, $3, gen_random_uuid(), $4, $5, $6, now(), 'real')",
                    week,
                    name,
                    pair,
                    Verdict.A_BETTER if right else Verdict.B_BETTER,
                    right,
                    judge,
                )
    for n in range(6):
        await run(
            "insert into gold_answers (event_id, person_id, pair_id, slice, verdict, expected, correct,"
            " sides, training, told, answered_at, provenance)"
            " values (gen_random_uuid(), 'bob', $1, 'arithmetic', 'B>', 'A>', false, 'ab', false, false,"
            " now(), 'real')",
            f"g{n}",
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_keeps_anybody_out(desk: Desk, people: Any, lived_in: str, scheme: Any) -> None:
    page = await desk.open(await people("admin", person_id="eve"), "/", color_scheme=scheme)

    for name, path in {**PAGES, "refinement": f"/refinements/{lived_in}"}.items():
        await page.goto(path)
        await open_everything(page)
        await picture_of_all(page, f"{name}-{scheme}")
        assert await violations(page) == [], path


async def test_pages_fit_a_narrow_screen_and_a_mirrored_one(desk: Desk, people: Any, lived_in: str) -> None:
    narrow = await desk.open(await people("admin", person_id="eve"), "/", viewport=NARROW)
    mirrored = await desk.open(await people("admin", person_id="mira", language=MIRRORED), "/")

    for name, path in {**PAGES, "refinement": f"/refinements/{lived_in}"}.items():
        for page, kind in ((narrow, "narrow"), (mirrored, "mirrored")):
            await page.goto(path)
            await picture_of_all(page, f"{name}-{kind}")
            wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, f"{path} is {wider} px wider than the screen ({kind})"
    assert await mirrored.evaluate("getComputedStyle(document.body).direction") == "rtl"


async def test_german_pages_fit_too(desk: Desk, people: Any, lived_in: str) -> None:
    page = await desk.open(await people("admin", person_id="eve", language="de"), "/")

    for name, path in {**PAGES, "refinement": f"/refinements/{lived_in}"}.items():
        await page.goto(path)
        await picture_of_all(page, f"{name}-german")
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert await violations(page) == [], path


async def test_one_logs_in_sets_a_key_and_logs_out_by_keyboard_alone(
    desk: Desk, people: Any, console: RunningConsole
) -> None:
    ada = await people("annotator", person_id="ada")
    context = await desk.browser.new_context(base_url=console.base_url)
    desk.contexts.append(context)
    page = await context.new_page()

    await page.goto("/settings")
    await picture_of_all(page, "login")
    assert await violations(page) == []
    await page.keyboard.type(ada.person_id)
    await page.keyboard.press("Tab")
    await page.keyboard.type("wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    await picture_of_all(page, "login-wrong")
    assert await violations(page) == []
    await page.keyboard.type(ada.password)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{console.base_url}/settings")
    await tab_to(page, "#key-undo")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("y")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Saved.")
    await expect(page.locator("#key-undo")).to_have_value("y")
    await page.evaluate("document.activeElement.blur()")
    await tab_to(page, "form[action='/logout'] button")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{console.base_url}/login")


async def test_a_lead_warns_somebody_and_decides_a_proposal_by_keyboard_alone(
    desk: Desk, people: Any, lived_in: str
) -> None:
    page = await desk.open(await people("qa_lead", person_id="lea"), "/annotators/bob")

    await tab_to(page, "#why")
    await page.keyboard.type("Please read both responses to the end.")
    await tab_to(page, "form:has(#why) button")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Warn")
    await picture_of_all(page, "annotator-warned")
    await page.goto(f"/refinements/{lived_in}")
    await tab_to(page, "button[value='accept']")
    await page.keyboard.press("Enter")
    await expect(page.locator("#draft ~ .changes")).to_contain_text("P1")
    await picture_of_all(page, "refinements-accepted")


async def test_text_from_outside_runs_nothing_and_loads_nothing(
    desk: Desk, people: Any, lived_in: str
) -> None:
    page = await desk.open(await people("viewer"), "/pairs/pair-1")

    await open_everything(page)

    assert await page.locator("main script, main img, main style, main iframe").count() == 0


async def open_everything(page: Page) -> None:
    """Unfold what is folded."""
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on an element."""
    for _ in range(120):
        if await page.evaluate(f"document.activeElement.matches({selector!r})"):
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not get to {selector}")


async def picture_of_all(page: Page, name: str) -> None:
    """Keep a picture of the whole page, if somebody wants to look at it."""
    if FOLDER:
        await page.screenshot(path=f"{FOLDER}/{name}.png", full_page=True)
