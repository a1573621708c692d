"""The scorecard of a week: what it says, that it says the same again, and that it needs nothing else."""

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prefstream.cli.main import root
from prefstream.console.scorecards import scorecard_file, scorecard_of
from prefstream.domain.trends import week_named
from tests.console.live_world import END, WORLD, live_through, raise_alert
from tests.console.running import RunningConsole, Somebody

pytestmark = pytest.mark.postgres
People = Callable[..., Awaitable[Somebody]]
HTML = {"Accept": "text/html"}
WEEK = "2026-W09"


async def two_weeks(console: RunningConsole) -> None:
    """Let work go on in the week and in the one before."""
    await live_through(console.pool, hours=40, seed=1, end=END - timedelta(days=6))
    await live_through(console.pool, hours=60)
    await raise_alert(console.pool)


async def test_it_says_figures_changes_alerts_and_what_is_not_known(console: RunningConsole) -> None:
    await two_weeks(console)

    card = await scorecard_of(console.pool, week_named(WEEK))
    text = scorecard_file(card)

    assert [one.slice for one in card.slices] == [one.name for one in WORLD]
    assert card.total.now["funnel:labels", ""].value == sum(point.labels for point in card.days)
    assert card.total.change("alpha_nominal") is not None
    assert "the lower limit of alpha is 0.31, under 0.75" in text
    assert "no gold question was answered" in text
    assert "Judge against people, all pairs people labelled (biased)" in text


async def test_the_same_data_gives_the_same_bytes_whatever_came_later(console: RunningConsole) -> None:
    await two_weeks(console)
    before = scorecard_file(await scorecard_of(console.pool, week_named(WEEK)))

    await live_through(console.pool, hours=5, seed=3, end=END + timedelta(days=3))
    await raise_alert(console.pool, alert_id="later", raised_at=END + timedelta(days=2))
    await console.pool.execute(
        "insert into alert_clearings values ('alert-1', $1, gen_random_uuid(), '')", END + timedelta(days=2)
    )

    assert scorecard_file(await scorecard_of(console.pool, week_named(WEEK))) == before


async def test_the_file_loads_nothing_and_runs_nothing(console: RunningConsole) -> None:
    await two_weeks(console)

    text = scorecard_file(await scorecard_of(console.pool, week_named(WEEK)))

    assert not re.findall(r"<script|<link|<img|url\(|@import|href=|src=|\sstyle=", text)


async def test_a_slice_with_a_hostile_name_is_only_text(console: RunningConsole) -> None:
    await live_through(console.pool, hours=1, world=[_named("</style><script>alert(1)</script>")])

    text = scorecard_file(await scorecard_of(console.pool, week_named(WEEK)))

    assert "<script" not in text


async def test_a_week_without_work_says_so(console: RunningConsole, people: People) -> None:
    await two_weeks(console)
    client = await console.logged_in(await people("viewer"))

    text = (await client.get("/scorecard/2020-W53", headers=HTML)).text

    assert "Nothing was counted in this week" in text


async def test_the_console_leads_to_the_latest_week_and_hands_out_the_file(
    console: RunningConsole, people: People
) -> None:
    await two_weeks(console)
    client = await console.logged_in(await people("viewer"))

    latest = await client.get("/scorecard", headers=HTML)
    page = (await client.get(f"/scorecard/{WEEK}", headers=HTML)).text
    file = await client.get(f"/scorecard/{WEEK}.html", headers=HTML)
    wrong = await client.get("/scorecard/2026-W54", headers=HTML)

    assert latest.headers["location"] == f"/scorecard/{WEEK}"
    assert "style=" not in page
    assert "<style" not in page
    assert file.text == scorecard_file(await scorecard_of(console.pool, week_named(WEEK)))
    assert "attachment" in file.headers["content-disposition"]
    assert wrong.status_code == 404


async def test_the_command_writes_the_same_file(
    console: RunningConsole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two_weeks(console)
    monkeypatch.setenv("PREFSTREAM_POSTGRES__DSN", console.dsn)
    monkeypatch.setenv("PREFSTREAM_LOG", "postgres")
    out = tmp_path / "card.html"

    import asyncio

    arguments = ["scorecard", "--week", WEEK, "--out", str(out), "--json"]
    done = await asyncio.to_thread(CliRunner().invoke, root, arguments)

    assert done.exit_code == 0, done.output
    assert '"slices": 5' in done.stdout
    assert out.read_text("utf-8") == scorecard_file(await scorecard_of(console.pool, week_named(WEEK)))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--week", "47"], "no ISO week"),
        (["--week", "2026-W60"], "no ISO week"),
        (["--language", "tlh"], "nobody translated"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(root, ["scorecard", *arguments])

    assert said in str(done.exception)


def _named(name: str):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    return replace(WORLD[0], name=name)
