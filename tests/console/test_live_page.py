"""The live page: what it says of slices, how it is filtered, and what is behind its points."""

import re
from collections.abc import Awaitable, Callable
from html import unescape

import httpx2
import pytest

from prefstream.console.pages.measure_words import SAID
from prefstream.domain.alerts import DEFAULTS
from prefstream.domain.measures import CATALOG
from prefstream.domain.people import Role
from prefstream.schemas.values import Verdict
from tests import factories as make
from tests.console.live_world import WORLD, live_through, raise_alert
from tests.console.running import RunningConsole, Somebody
from tests.console.telling import label, tell

pytestmark = pytest.mark.postgres
People = Callable[..., Awaitable[Somebody]]
HTML = {"Accept": "text/html"}
READERS = {Role.VIEWER, Role.REVIEWER, Role.QA_LEAD, Role.ADMIN, Role.SERVICE}


async def seen(client: httpx2.AsyncClient, path: str, status: int = 200) -> str:
    """Return a page as a browser gets it."""
    answer = await client.get(path, headers=HTML)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
    return answer.text


@pytest.fixture
async def reader(console: RunningConsole, people: People) -> httpx2.AsyncClient:
    """Give a viewer's client."""
    return await console.logged_in(await people("viewer"))


def cards(text: str) -> list[str]:
    """Return the slices of a page, in the order in which they are shown."""
    return re.findall(r'data-part="slice:([^"]*)"', text)


def test_every_measure_can_be_said_in_every_language() -> None:
    wanted = {
        text
        for one in CATALOG.values()
        for text in (one.title, None if one.family == "funnel" else one.meaning, one.biased)
        if text
    }

    assert wanted == set(SAID)


@pytest.mark.parametrize("role", list(Role))
async def test_whoever_may_read_sees_it_and_nobody_else(
    console: RunningConsole, people: People, role: Role
) -> None:
    client = await console.logged_in(await people(role))

    for path in ("/live", "/live/pairs?slice=x&since=2026-03-01T00:00Z&until=2026-03-02T00:00Z"):
        await seen(client, path, 200 if role in READERS else 403)


async def test_without_labels_it_says_that_nothing_is_counted(reader: httpx2.AsyncClient) -> None:
    text = await seen(reader, "/live")

    assert "Nothing is counted yet" in text
    assert "No alert is open" in text


async def test_slices_stand_with_the_lowest_limit_first(
    console: RunningConsole, reader: httpx2.AsyncClient
) -> None:
    await live_through(console.pool, hours=24)

    worst, by_name = await seen(reader, "/live"), await seen(reader, "/live?order=name")

    assert set(cards(worst)) == {one.name for one in WORLD}
    assert cards(worst)[0] in {"law/de", "creative writing"}
    assert cards(by_name) == sorted(one.name for one in WORLD)
    assert worst.count('<svg class="chart"') == len(WORLD)
    assert "Judge, all (biased)" in worst
    assert "style=" not in worst


@pytest.mark.parametrize("window", ["1h", "24h", "7d", "all"])
@pytest.mark.parametrize("statistic", ["alpha_nominal", "alpha_ordinal", "percent_agreement"])
async def test_every_window_and_statistic_can_be_chosen(
    console: RunningConsole, reader: httpx2.AsyncClient, window: str, statistic: str
) -> None:
    await live_through(console.pool, hours=30, world=WORLD[:2])

    for path in ("/live?", "/live/slice?slice=arithmetic&"):
        text = await seen(reader, f"{path}window={window}&statistic={statistic}")
        assert 'class="line people"' in text


async def test_a_search_keeps_the_slices_whose_name_holds_it(
    console: RunningConsole, reader: httpx2.AsyncClient
) -> None:
    await live_through(console.pool, hours=2)

    assert cards(await seen(reader, "/live?search=LAW")) == ["law/de"]
    assert "No slice has such a name" in await seen(reader, "/live?search=%3Cscript%3E")


async def test_a_point_leads_to_its_pairs_those_in_dispute_first(
    console: RunningConsole, reader: httpx2.AsyncClient
) -> None:
    for pair_id, second in (("agreed", Verdict.A_BETTER), ("torn", Verdict.B_BETTER)):
        await tell(
            console.pool,
            make.a_pair_proposed(pair_id=pair_id),
            label(pair_id, "ann", Verdict.A_BETTER),
            label(pair_id, "bob", second),
        )
    await live_through(console.pool, hours=1, world=WORLD[:1])
    page = await seen(reader, "/live/slice?slice=arithmetic&window=24h")
    # The world ends at noon, and the two were labelled at noon: in the last hour, which is not over.
    links = re.findall(r'href="(/live/pairs[^"]*since=2026-03-01T12:00Z[^"]*)"', page)

    text = await seen(reader, links[0].replace("&amp;", "&"))

    assert re.findall(r'<bdi class="id">(\w+)</bdi>', text) == ["torn", "agreed"]
    assert text.count(">disputed<") == 1
    assert 'href="/pairs/torn"' in text


async def test_a_slice_is_shown_with_every_figure_and_the_reason_for_those_not_known(
    console: RunningConsole, reader: httpx2.AsyncClient
) -> None:
    await live_through(console.pool, hours=24)

    text = await seen(reader, "/live/slice?slice=law/de")

    assert "Krippendorff&#39;s alpha, nominal" in text
    assert 'title="no gold question was answered"' in text
    assert "Escalated pairs are the ones judges find hard" in text
    await seen(reader, "/live/slice?slice=nothing", 404)


async def test_open_alerts_are_shown_until_they_are_cleared(
    console: RunningConsole, reader: httpx2.AsyncClient
) -> None:
    await live_through(console.pool, hours=1, world=WORLD[:1])
    await raise_alert(console.pool, detail="<b>under</b> 0.75")

    text = await seen(reader, "/live")
    await console.pool.execute("insert into alert_clearings values ('alert-1', now(), gen_random_uuid(), '')")
    after = await seen(reader, "/live")

    assert "&lt;b&gt;under&lt;/b&gt; 0.75" in text
    assert "No alert is open" in after


async def test_an_open_alert_leads_to_its_runbook_and_to_the_pairs_behind_it(
    console: RunningConsole, reader: httpx2.AsyncClient
) -> None:
    await live_through(console.pool, hours=6)
    await raise_alert(console.pool, runbook="docs/runbooks/people-alpha.md")

    text = await seen(reader, "/live")

    [behind] = re.findall(r'href="(/live/pairs[?][^"]+)">pairs behind it', text)
    assert 'href="/pairs/law' in await seen(reader, unescape(behind))
    [runbook] = re.findall(r'href="([^"]+)">what to do', text)
    page = await seen(reader, runbook)
    assert "<h1>People agree too little (Krippendorff&#39;s alpha)</h1>" in page
    assert "<li><code>prefstream annotators list</code>: gold record" in page
    assert "<pre" in page


async def test_every_rule_has_a_runbook_that_the_console_shows(reader: httpx2.AsyncClient) -> None:
    for rule in DEFAULTS:
        page = await seen(reader, f"/runbooks/{rule.name.replace('_', '-')}")
        assert page.count("<h2>") >= 3, rule.name


@pytest.mark.parametrize("name", ["nothing", "README", "..%2Fhowto%2Falerts", "a/b"])
async def test_only_runbooks_are_shown(reader: httpx2.AsyncClient, name: str) -> None:
    answer = await reader.get(f"/runbooks/{name}")

    assert answer.status_code in {404, 422}


@pytest.mark.parametrize(
    "query",
    [
        "/live?window=2h",
        "/live?statistic=cohen_kappa",
        "/live?page=0",
        "/live?search=%00",
        "/live/slice",
        "/live/pairs?slice=x&since=2026-03-02T00:00Z&until=2026-03-01T00:00Z",
        "/live/pairs?slice=x&since=2026-03-01T00:00&until=2026-03-02T00:00",
        "/live/pairs?slice=x&since=yesterday&until=2026-03-02T00:00Z",
    ],
)
async def test_what_cannot_be_asked_is_refused(reader: httpx2.AsyncClient, query: str) -> None:
    await seen(reader, query, 422)


async def test_a_page_beyond_the_last_is_the_last(
    console: RunningConsole, reader: httpx2.AsyncClient
) -> None:
    await live_through(console.pool, hours=1)

    assert len(cards(await seen(reader, "/live?page=9000"))) == len(WORLD)
