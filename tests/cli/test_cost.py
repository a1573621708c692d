"""`prefstream cost` as a user runs it, and what `prefstream status` says of budgets."""

import asyncio
import json
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.settings import Settings
from prefstream.cli.cost import _bar, _say, cost
from prefstream.schemas.errors import BadInput
from tests.cli.command import Ended, prefstream
from tests.running_parts import execute

DAY_MS = 86_400_000
JOURNAL = """
insert into journal (request_id, provider, content, at_ms, model, purpose, subject, slice, asked_by,
  input_tokens, output_tokens, cache_write_tokens, cache_read_tokens, cost_nanousd, batched)
select 'r' || n, 'anthropic', '{{}}', {now} - (n % 3) * {day}, 'claude-haiku-4-5',
  case when n % 4 = 0 then 'critique' else 'judging' end, 'pair-' || n / 2,
  case when n % 2 = 0 then 'code' else 'law $&' end, 'anthropic:claude-haiku-4-5',
  1000, 100, 0, 3000, 1800000, n % 2 = 0
from generate_series(0, 11) n on conflict do nothing
"""


async def migrated(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await upgrade(connection)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def ready(postgres_server: str) -> Iterator[dict[str, str]]:
    """Give the settings of a prepared database, which the tests of this module share."""
    name = f"test_cost_{secrets.token_hex(6)}"
    execute(postgres_server, f'CREATE DATABASE "{name}"')
    dsn = urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))
    asyncio.run(migrated(dsn))
    yield {"PREFSTREAM_POSTGRES__DSN": dsn}
    execute(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def spent(ready: dict[str, str]) -> dict[str, str]:
    """Give the settings of a database with twelve calls over three days."""
    now_ms = time.time_ns() // 1_000_000 - 1000
    execute(ready["PREFSTREAM_POSTGRES__DSN"], JOURNAL.format(now=now_ms, day=DAY_MS))
    return ready


def refused(ended: Ended) -> str:
    """Return the one sentence that a refused command says."""
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("\n") == 1
    return ended.err


def test_a_table_with_bars_tells_what_was_spent(tmp_path: Path, spent: dict[str, str]) -> None:
    ended = prefstream(tmp_path, "cost", **spent)

    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith("cost of the last 7 days by day")
    days = [line for line in lines if line.startswith("20")]
    assert len(days) == 3
    assert days == sorted(days)
    assert all("$0.00720" in line and line.endswith("█" * 24) for line in days)
    assert any(line.startswith("total") and "$0.0216" in line for line in lines)
    assert "the cache saved $0.0243 (75% of prompt tokens were read from it)" in ended.out
    assert "unknown: no pair was validated in this time" in ended.out


def test_a_stretch_without_calls_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = {"nanousd": None, "reason": "no_usable_pair"}
    names = ("models", "people", "blended_per_pair", "all_human_per_pair")
    _say(
        {
            "by": "day",
            "days": 1,
            "total": {"calls": 0},
            "pairs": {"validated": 0, "decided": 0},
            "labels": {"labels": 0, "not_by_people": 0},
            "per_usable_pair": dict.fromkeys(names, nothing),
        }
    )

    assert capsys.readouterr().out.startswith("no paid calls in the last day\n")


def test_the_document_adds_up(tmp_path: Path, spent: dict[str, str]) -> None:
    ended = prefstream(tmp_path, "cost", "--by", "pair", "--json", **spent)
    document = json.loads(ended.out)

    assert (ended.code, ended.err) == (0, "")
    assert len(document["groups"]) == 6
    costs = [group["cost_nanousd"] for group in document["groups"]]
    assert costs == sorted(costs, reverse=True)
    assert sum(costs) == document["total"]["cost_nanousd"] == 12 * 1_800_000
    assert document["saved_by_batch_nanousd"] > 0


def test_only_days_that_were_asked_for_count(tmp_path: Path, spent: dict[str, str]) -> None:
    document = json.loads(prefstream(tmp_path, "cost", "--days", "1", "--json", **spent).out)

    assert document["total"]["calls"] == 4


def test_a_plot_is_a_png_of_some_size(tmp_path: Path, spent: dict[str, str]) -> None:
    pytest.importorskip("matplotlib")
    asked = ("--by", "slice", "--plot", "cost.png", "--human-usd-per-hour", "40", "--json")
    ended = prefstream(tmp_path, "cost", *asked, **spent)

    assert (ended.code, ended.err) == (0, "drawn into cost.png\n")
    assert json.loads(ended.out)["by"] == "slice"
    drawn = (tmp_path / "cost.png").read_bytes()
    assert drawn.startswith(b"\x89PNG")
    assert len(drawn) > 10_000


def test_a_plot_without_its_library_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "lacking").mkdir()
    (tmp_path / "lacking" / "matplotlib.py").write_text("raise ImportError('not here')")

    said = refused(prefstream(tmp_path, "cost", "--plot", "cost.png", PYTHONPATH=str(tmp_path / "lacking")))

    assert "pip install 'prefstream[plots]'" in said


@pytest.mark.parametrize(
    ("option", "names"),
    [
        ({"by": "moon"}, "--by takes day, slice"),
        ({"human_usd_per_hour": "much"}, "--human-usd-per-hour takes a number, not 'much'"),
        ({"human_minutes": "-1"}, "--human-minutes takes a number from 0"),
        ({"human_minutes": "nan"}, "--human-minutes takes a number from 0"),
        ({"plot": Path("cost.jpg")}, "cost.png"),
        ({"plot": Path("none/cost.png")}, "there is no folder"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(option: dict[str, Any], names: str) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(BadInput) as raised:
        cost(**option)

    assert names in str(raised.value)


def test_a_broken_price_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "prices.toml").write_text("as_of = 2026-01-01\n[[price]]\nprovider = 7\n")

    said = refused(prefstream(tmp_path, "cost", PREFSTREAM_BUDGET__PRICES="prices.toml"))

    assert "prices.toml is no price file: price.0.provider" in said


@pytest.mark.parametrize("value", ["-1", "much", "NaN", "1e12"])
def test_a_budget_that_is_no_amount_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PREFSTREAM_BUDGET__DAY_USD", value)

    with pytest.raises(BadInput, match="PREFSTREAM_BUDGET__DAY_USD"):
        Settings()


def test_a_database_without_tables_is_told_with_the_fix(tmp_path: Path, postgres_dsn: str) -> None:
    ended = prefstream(tmp_path, "cost", PREFSTREAM_POSTGRES__DSN=postgres_dsn)

    assert (ended.code, ended.out) == (3, "")
    assert "prefstream db upgrade" in ended.err


def test_status_tells_that_a_budget_holds_pairs_back(tmp_path: Path, ready: dict[str, str]) -> None:
    dsn = ready["PREFSTREAM_POSTGRES__DSN"]
    now_ms = time.time_ns() // 1_000_000
    assert prefstream(tmp_path, "topics", "create", **ready).code == 0
    execute(
        dsn,
        "insert into budgets values ('run:july', 5000000000, 0, 3, "
        f"{now_ms}, 'budget_run', 'the budget of run july is $5.00, $5.00 is spent')",
    )
    execute(dsn, "insert into budget_leases values ('run:july', 'a', 0, 4999000000, true, now())")

    said = prefstream(tmp_path, "status", **ready).out
    (budget,) = json.loads(prefstream(tmp_path, "status", "--json", **ready).out)["budgets"]

    assert "budget run:july: $5.00 of $5.00 spent; it holds pairs back (3 calls refused so far)" in said
    assert (budget["budget"], budget["holds_back"]) == ("run:july", True)


def test_bars_end_in_eighths() -> None:
    assert [_bar(amount, 80) for amount in (None, 0, 80, 40, 1)] == ["", "", "█" * 24, "█" * 12, "▎"]
