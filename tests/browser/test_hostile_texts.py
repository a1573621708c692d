"""The hostile corpus in a real browser, under the console's own policy: nothing runs, nothing leaves."""

import pytest
from playwright.async_api import Page, expect

from tests import factories as make
from tests.browser.driving import Desk
from tests.browser.labelling import People, shown
from tests.console.rendering.hostile import TEXTS
from tests.console.working import Work

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]

#: What an event must be able to say: half a pair of surrogates cannot be said in JSON.
SAID = {name: text for name, text in TEXTS.items() if name not in {"surrogate", "control characters"}}


async def harmed(page: Page) -> list[str]:
    """Return what went wrong: something ran, something loads, something is out of its box."""
    return await page.evaluate(  # type: ignore[no-any-return]
        """() => {
          const wrong = [];
          const banned = "script style iframe img svg object embed form input link meta base".split(" ");
          if (window.harmed !== undefined) wrong.push("something ran");
          for (const box of document.querySelectorAll("#messages .text, .pane-text")) {
            for (const one of box.querySelectorAll("*")) {
              const name = one.localName;
              if (banned.includes(name)) wrong.push(name);
              for (const { name: attribute } of one.attributes) {
                if (/^(on.*|style|id|name)$/.test(attribute)) wrong.push(`${name} ${attribute}`);
              }
              if (one.href && !/^(https?|mailto):/.test(one.href)) wrong.push(one.href);
              if (one.matches(".compared .visually-hidden")) continue; // ours: what is read out
              const position = getComputedStyle(one).position;
              if (position === "fixed" || position === "absolute") wrong.push(`${name} is ${position}`);
            }
          }
          return wrong;
        }"""
    )


async def test_nothing_runs_and_nothing_leaves(desk: Desk, people: People, with_tasks: Work) -> None:
    await with_tasks.constitution()
    whole = "\n\n".join(SAID.values())
    for place, (name, text) in enumerate([*SAID.items(), ("all at once", whole)]):
        pair = make.a_pair_proposed(
            pair_id=f"hostile-{place:03}",
            slice="arithmetic",
            messages=(make.a_message(content=text),),
            response_a=make.a_response(text, model="model-1"),
            response_b=make.a_response(f"{text} {name}", model="model-2"),
        )
        routed = make.a_pair_routed(pair_id=pair.pair_id, overlap=1, occurred_at=make.NOON)
        await with_tasks.say(pair, routed)
    page = await desk.open(await people("annotator"))

    for _ in range(len(SAID) + 1):
        await shown(page)
        lease = await page.locator("#bench").get_attribute("data-lease")
        assert await harmed(page) == []
        await page.keyboard.press("d")
        await expect(page.locator(".compared").first).to_be_visible()
        assert await harmed(page) == []
        await page.keyboard.press("3")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(f'#bench[data-lease="{lease}"]:not([hidden])')).to_have_count(0)

    await expect(page.locator("#state-title")).to_have_text("Nothing to do right now")
    assert desk.strangers == []
