"""People label in a real browser, with the keyboard alone."""

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from prefstream.schemas.constitutions import Exemplar, Principle
from prefstream.schemas.values import Verdict
from tests import factories as make
from tests.browser import texts
from tests.browser.driving import Desk, log_in, picture, violations
from tests.console.running import RunningConsole, Somebody
from tests.console.working import Work, events_of

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]

PICTURES = os.environ.get("PREFSTREAM_TEST_PICTURES")
People = Callable[..., Awaitable[Somebody]]


def a_clause(name: str, rule: str, priority: int) -> Principle:
    case = Exemplar(prompt="What is 2 + 2?", better="4", worse="5", why="The sum is 4.")
    return Principle(id=name, rule=rule, exemplars=(case, case), counter_examples=(case,), priority=priority)


CLAUSES = (
    a_clause("accuracy", "What a response claims is true, and what it leaves open it says to be open.", 1),
    a_clause("helpfulness", "A response does what was asked for, in the form that was asked for.", 2),
    a_clause("style", "A response is as long as it needs to be, and no longer.", 3),
)


@pytest_asyncio.fixture
async def work(with_tasks: Work) -> Work:
    """Give work under a constitution with three clauses: three plain pairs."""
    await with_tasks.constitution(principles=CLAUSES, escalation=())
    return with_tasks


async def a_rich_pair(work: Work, **changes: Any) -> None:
    """Let a pair wait whose texts have all that Markdown offers; it goes before others."""
    response = {
        "response_a": make.a_response(changes.pop("left", texts.LEFT), model="model-1"),
        "response_b": make.a_response(changes.pop("right", texts.RIGHT), model="model-2"),
        "messages": (make.a_message(content=changes.pop("prompt", texts.PROMPT)),),
    }
    await work.say(make.a_pair_proposed(pair_id="rich", slice="coding", **response))
    await work.say(make.a_pair_routed(pair_id="rich", slice="coding", overlap=1, occurred_at=make.NOON))


async def shown(page: Page) -> None:
    """Wait until a pair is shown."""
    await expect(page.locator("#bench")).to_be_visible()
    await expect(page.locator("#left .text")).to_be_visible()


async def sent(page: Page) -> None:
    """Send the answer and wait until the server has it."""
    await page.keyboard.press("Control+Enter")
    await expect(page.locator('[data-banner="undo"]')).to_be_visible()


async def submissions(console: RunningConsole) -> list[dict[str, Any]]:
    """Return the answers as the server keeps them."""
    rows = await console.pool.fetch(
        "select round, answer::text, undone_at is null as stands from submissions order by submitted_at"
    )
    return [dict(row) | {"answer": json.loads(row["answer"])} for row in rows]


async def prefers(console: RunningConsole, somebody: Somebody, **preferences: Any) -> None:
    """Keep what a person has set."""
    await console.pool.execute(
        "update people set preferences = $2 where person_id = $1", somebody.person_id, json.dumps(preferences)
    )


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
    await picture(page, "annotate", PICTURES)
    assert await violations(page) == []
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
    await picture(page, "undo", PICTURES)
    assert await violations(page) == []
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_help_rubric_difference_and_dialogs_open_by_keys_and_axe_finds_nothing(
    scheme: str, desk: Desk, people: People, work: Work
) -> None:
    await a_rich_pair(work)
    page = await desk.open(await people("annotator"), color_scheme=scheme)
    await shown(page)
    found: dict[str, list[str]] = {"bench": await violations(page)}

    await page.keyboard.press("r")
    await expect(page.locator("#rubric")).to_be_visible()
    found["rubric"] = await violations(page)
    await picture(page, f"rubric-{scheme}", PICTURES)
    await page.keyboard.press("Escape")
    await expect(page.locator("#rubric")).to_be_hidden()
    await page.keyboard.press("d")
    await expect(page.locator("#left del").first).to_be_visible()
    await expect(page.locator("#right ins").first).to_be_visible()
    found["difference"] = await violations(page)
    await picture(page, f"difference-{scheme}", PICTURES)
    await page.keyboard.press("d")
    for key, name in (("?", "help"), ("c", "clauses"), ("q", "passages")):
        await page.keyboard.press(key)
        await expect(page.locator(f"#{name}")).to_be_visible()
        found[name] = await violations(page)
        await picture(page, f"{name}-{scheme}", PICTURES)
        await page.keyboard.press("Escape")
        await expect(page.locator(f"#{name}")).to_be_hidden()

    assert {name: what for name, what in found.items() if what} == {}


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
    await picture(page, "offline", PICTURES)
    assert await violations(page) == []
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
    await picture(page, "session", PICTURES)
    assert await violations(page) == []
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
    await picture(page, "lost", PICTURES)
    assert await violations(page) == []
    await page.locator('[data-banner="lost"]').get_by_role("button", name="Copy the rationale").focus()
    await page.keyboard.press("Enter")

    assert await page.evaluate("navigator.clipboard.readText()") == "too late"


async def disputed(work: Work, round_name: str) -> str:
    """Let a pair wait for review or adjudication that two people and the judge have spoken about."""
    (name,) = await work.pairs(1, needed=2)
    await work.say(
        make.a_pair_judged(pair_id=name),
        make.a_label_submitted(pair_id=name, annotator="ann", rationale="A is shorter", clauses=("style",)),
        make.a_label_submitted(
            pair_id=name, annotator="bea", verdict=Verdict.B_MUCH_BETTER, rationale="B is right"
        ),
    )
    await work.dispute(name, round_name=round_name)
    return name


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
    await picture(page, "review", PICTURES)
    assert await violations(page) == []
    await sent(page)

    assert [(one["round"], one["answer"]["verdict"]) for one in await submissions(console)] == [
        ("review", "A>")
    ]


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
    await picture(page, "refinement", PICTURES)
    assert await violations(page) == []
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#refinement-said")).to_have_text("Proposed for style")
    await picture(page, "adjudicate", PICTURES)
    assert await violations(page) == []
    await sent(page)

    (one,) = await submissions(console)
    assert one["answer"]["error_category"] == "length_or_style"
    assert one["answer"]["refinement"] == {
        "clause": "style",
        "kind": "rule",
        "text": "A response is as long as the answer needs.",
    }


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
    await picture(page, "break", PICTURES)
    assert await violations(page) == []
    await page.locator("#state-go").focus()
    await page.keyboard.press("Enter")
    await shown(page)

    await expect(page.locator("#rationale")).to_have_value("later")


async def test_nothing_to_do_is_said_calmly(desk: Desk, people: People, work: Work) -> None:
    page = await desk.open(await people("annotator"))

    await expect(page.locator("#state-title")).to_have_text("Nothing to do right now")
    assert await violations(page) == []


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


async def test_writing_from_right_to_left_keeps_to_its_own_box(
    desk: Desk, people: People, work: Work
) -> None:
    await a_rich_pair(work, left=texts.ARABIC, right=texts.HEBREW, prompt=texts.ARABIC)
    page = await desk.open(await people("annotator"), viewport={"width": 700, "height": 1000})
    await shown(page)

    await picture(page, "arabic-narrow", PICTURES)
    assert await violations(page) == []
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
