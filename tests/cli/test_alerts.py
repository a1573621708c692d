"""`prefstream alerts`: seeing them, taking them in hand, silencing them, and their rules."""

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.projections import project
from tests import factories as make
from tests.cli.command import Ended, prefstream
from tests.running_parts import execute

pytestmark = pytest.mark.postgres


@pytest.fixture
def dsn(postgres_dsn: str) -> str:
    """Give the DSN of a database with one open alert."""

    async def prepared() -> None:
        connection = await asyncpg.connect(postgres_dsn)
        event = make.an_alert_raised(
            alert_id="1f0c-law",
            rule="people_alpha",
            window="7d",
            slice="law",
            severity="critical",
            detail="the lower bound 0.7 is below 0.75",
            annotators=("ann",),
            runbook="docs/runbooks/people-alpha.md",
        )
        try:
            await upgrade(connection)
            async with connection.transaction():
                await project(connection, [make.a_record(event)])
        finally:
            await connection.close()

    asyncio.run(prepared())
    return postgres_dsn


def alerts(folder: Path, dsn: str, *arguments: str, **settings: str) -> Ended:
    return prefstream(folder, "alerts", *arguments, PREFSTREAM_POSTGRES__DSN=dsn, **settings)


def told(ended: Ended) -> Any:
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_an_alert_is_listed_and_shown_by_the_beginning_of_its_id(tmp_path: Path, dsn: str) -> None:
    (listed,) = told(alerts(tmp_path, dsn, "list", "--json"))["alerts"]
    shown = alerts(tmp_path, dsn, "show", "1f0c")

    assert (listed["alert_id"], listed["open"]) == ("1f0c-law", True)
    assert shown.code == 0
    for line in ("critical  people_alpha", "people:  ann", "runbook: docs/runbooks/people-alpha.md"):
        assert line in shown.out


def test_what_is_done_about_an_alert_is_told_and_in_the_trail(tmp_path: Path, dsn: str) -> None:
    taken = told(alerts(tmp_path, dsn, "ack", "1f0c", "--why", "on it", "--by", "lead", "--json"))
    silence = told(alerts(tmp_path, dsn, "silence", "--slice", "law", "--hours", "2", "--json"))
    hidden = alerts(tmp_path, dsn, "list")
    every = alerts(tmp_path, dsn, "list", "--all")
    ended = told(alerts(tmp_path, dsn, "silence", "--end", str(silence["n"]), "--json"))

    assert (taken["acknowledged_by"], ended) == ("lead", {"ended": silence["n"]})
    assert "no alert is open but silenced ones" in hidden.out
    assert "in hand, silenced" in every.out
    trail = [row["act"] for row in execute(dsn, "select act from audit_trail order by n")]
    assert trail == ["alert.acknowledged", "alert.silenced", "alert.silence_ended"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "zz"), "there is no alert 'zz'"),
        (("ack", "zz"), "there is no alert 'zz'"),
        (("silence", "--hours", "1"), "name a rule, a slice or both"),
        (("silence", "--rule", "kappa"), "there is no alert rule 'kappa'; there are people_alpha"),
        (("silence", "--end", "7"), "no silence 7 is in force"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, dsn: str, arguments: tuple[str, ...], said: str) -> None:
    ended = alerts(tmp_path, dsn, *arguments)

    assert ended.code == 2
    assert said in ended.err


def test_rules_are_those_of_the_settings(tmp_path: Path) -> None:
    bounds = {"PREFSTREAM_ALERTS__BOUNDS": '{"people_alpha": [0.7, 0.6]}'}
    stated = told(prefstream(tmp_path, "alerts", "rules", "--json", **bounds))["rules"]
    wrong = prefstream(tmp_path, "alerts", "rules", PREFSTREAM_ALERTS__OFF='["kappa"]')

    assert [one["bound"] for one in stated[0]["levels"]] == [0.7, 0.6]
    assert (wrong.code, "there is no alert rule 'kappa'" in wrong.err) == (2, True)
