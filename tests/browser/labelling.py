"""Work for people who label in a browser, and what they do at every pair."""

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Page, expect

from prefstream.schemas.constitutions import Exemplar, Principle
from prefstream.schemas.values import Verdict
from tests import factories as make
from tests.browser import texts
from tests.browser.driving import PICTURES, picture, violations
from tests.console.running import RunningConsole, Somebody
from tests.console.working import Work

People = Callable[..., Awaitable[Somebody]]


def a_clause(name: str, rule: str, priority: int) -> Principle:
    case = Exemplar(prompt="What is 2 + 2?", better="4", worse="5", why="The sum is 4.")
    return Principle(id=name, rule=rule, exemplars=(case, case), counter_examples=(case,), priority=priority)


CLAUSES = (
    a_clause("accuracy", "What a response claims is true, and what it leaves open it says to be open.", 1),
    a_clause("helpfulness", "A response does what was asked for, in the form that was asked for.", 2),
    a_clause("style", "A response is as long as it needs to be, and no longer.", 3),
)


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


async def looked_at(page: Page, name: str) -> None:
    """See that nothing keeps anybody out of the page as it is now, in light and in dark."""
    found = {}
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found[scheme] = await violations(page)
        await picture(page, f"{name}-{scheme}", os.environ.get(PICTURES))
    assert found == {"light": [], "dark": []}
