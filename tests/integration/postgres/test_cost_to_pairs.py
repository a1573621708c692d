"""What calls cost, from a vendor's bill to the row of the pair, the report and what status says."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.factories import (
    a_label_submitted,
    a_pair_proposed,
    a_pair_rejected,
    a_pair_validated,
    a_record,
    a_response,
)
from tests.stand_ins.llm import KEY, Step, running

from prefstream.adapters.constitutions import shipped_constitution
from prefstream.adapters.models.anthropic import AnthropicModel
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.projections import project
from prefstream.adapters.postgres.spending import By
from prefstream.adapters.prices import load_prices, price_book
from prefstream.adapters.settings import BudgetSettings, PostgresSettings, Settings
from prefstream.agents.judges.model import ModelJudge
from prefstream.agents.judging import Judging
from prefstream.agents.stage import Answer, Configuration, Given
from prefstream.domain.cost import PriceBook
from prefstream.schemas.envelope import Event
from prefstream.schemas.judgements import PairJudged
from prefstream.streams.cost_report import Question, cost_report
from prefstream.streams.effects import JournalledEffects
from prefstream.streams.purse import SharedPurse

pytestmark = pytest.mark.postgres

BYS: tuple[By, ...] = ("day", "slice", "judge", "model", "purpose", "pair")
#: One call of the stand-in: 20 tokens in, 7 out, 900 written to the cache, at 1, 5 and 1.25 dollars.
ONE_CALL = 20 * 1000 + 7 * 5000 + 900 * 1250


async def judge(log: PostgresLog, number: int, *, prices: PriceBook, model: str) -> PairJudged:
    """Judge a pair in both orders through stand-in, purse and journal, and write it down as the sink does."""
    pair = a_pair_proposed(pair_id=f"pair-{number}", response_a=a_response(f"{number} or 391"))
    stage = Judging(panel=(ModelJudge(provider="anthropic", model=model),))
    async with running(Step()) as stand_in:
        vendor = AnthropicModel(api_key=KEY, base_url=stand_in.url)
        effects = JournalledEffects(
            pool=log.pool,
            providers={"anthropic": vendor},
            in_flight=2,
            deadline_s=20,
            purse=SharedPurse(prices=prices),
        )
        answers: dict[str, Answer] = {}
        given = Given(configuration=Configuration(constitution=shipped_constitution()), answers=answers)
        while calls := [c for c in stage.needs(pair, given).calls if c.request_id not in answers]:
            for call in calls:
                answers[call.request_id] = await effects.answer(call)
        await vendor.aclose()
    (event,) = stage.handle(pair, given).events
    assert isinstance(event, PairJudged)
    await take(log, pair, event)
    return event


async def take(log: PostgresLog, *events: Event) -> None:
    async with log.pool.acquire() as connection, connection.transaction():
        await project(connection, [a_record(event, offset=place) for place, event in enumerate(events)])


async def row(log: PostgresLog, number: int) -> int | None:
    cost = await log.pool.fetchval("select cost_nanousd from pairs where pair_id = $1", f"pair-{number}")
    return None if cost is None else int(cost)


async def test_a_pair_costs_what_its_calls_cost(log: PostgresLog) -> None:
    event = await judge(log, 1, prices=price_book(None), model="claude-haiku-4-5")

    assert [vote.cost_nanousd for vote in event.votes] == [ONE_CALL, ONE_CALL]
    assert await row(log, 1) == 2 * ONE_CALL
    kept = await log.pool.fetch("select cost_nanousd, purpose, subject, asked_by from journal")
    assert [tuple(one) for one in kept] == [
        (ONE_CALL, "judging", "pair-1", event.votes[0].judge),
        (ONE_CALL, "judging", "pair-1", event.votes[0].judge),
    ]


async def test_a_pair_with_a_call_of_unknown_cost_has_no_cost_and_not_none_at_all(log: PostgresLog) -> None:
    event = await judge(log, 1, prices=price_book(None), model="claude-not-out-yet")

    assert [vote.unpriced_calls for vote in event.votes] == [1, 1]
    assert await row(log, 1) is None


async def report(dsn: str, *, prices: Path | None = None, **asked: Any) -> dict[str, Any]:
    settings = Settings(postgres=PostgresSettings(dsn=SecretStr(dsn)), budget=BudgetSettings(prices=prices))
    return await cost_report(settings, Question(**asked))


async def test_the_report_adds_up_to_the_journal_by_every_key(log: PostgresLog, migrated_dsn: str) -> None:
    for number in range(3):
        await judge(log, number, prices=price_book(None), model="claude-haiku-4-5")
    now = datetime.now(UTC) - timedelta(minutes=1)
    await take(log, a_pair_validated(pair_id="pair-0", subject="pair-0", occurred_at=now))
    await take(log, a_pair_rejected(pair_id="pair-1", subject="pair-1", occurred_at=now))
    await take(log, a_label_submitted(pair_id="pair-0", subject="pair-0", occurred_at=now, seconds=60.0))

    for by in BYS:
        found = await report(migrated_dsn, by=by, human_usd_per_hour=Decimal(60))
        assert sum(group["cost_nanousd"] for group in found["groups"]) == 6 * ONE_CALL
        assert found["total"]["cost_nanousd"] == 6 * ONE_CALL
        assert len(found["groups"]) == (3 if by == "pair" else 1)
    assert (found["pairs"], found["labels"]["labels"]) == ({"validated": 1, "decided": 2}, 1)
    assert found["wasted_on_rejected_nanousd"] == 2 * ONE_CALL
    each = found["per_usable_pair"]
    assert each["people"] == {"nanousd": 10**9, "reason": None}
    assert each["blended_per_pair"]["nanousd"] == 6 * ONE_CALL + 10**9
    assert each["all_human_per_pair"]["nanousd"] == 2 * 10**9


async def test_the_report_tells_calls_without_a_price_and_holds_their_cost_for_unknown(
    log: PostgresLog, migrated_dsn: str
) -> None:
    await judge(log, 1, prices=price_book(None), model="claude-haiku-4-5")
    await judge(log, 2, prices=price_book(None), model="claude-not-out-yet")

    found = await report(migrated_dsn)

    assert found["without_price"] == [{"provider": "anthropic", "model": "claude-stand-in-1", "calls": 2}]
    assert found["total"]["cost_nanousd"] == 2 * ONE_CALL
    assert found["per_usable_pair"]["models"] == {"nanousd": None, "reason": "calls_without_price"}


PRICES = """
as_of = 2026-01-01
[[price]]
provider = "anthropic"
models = ["claude-stand-in-1"]
valid_from = 2026-01-01
input = 2
output = 4
cache_write = 8
cache_read = 0.5
batch = 0.5
"""


async def test_a_file_of_ones_own_prices_what_the_shipped_one_does_not_know(
    log: PostgresLog, migrated_dsn: str, tmp_path: Path
) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    await judge(log, 1, prices=price_book(path), model="whatever")

    found = await report(migrated_dsn, prices=path)

    assert found["total"]["cost_nanousd"] == 2 * (20 * 2000 + 7 * 4000 + 900 * 8000)
    assert found["saved_by_cache_nanousd"] == -2 * 900 * 6000, "written twice and never read"
    assert found["prices"][0] == {"file": load_prices(path).digest, "as_of": date(2026, 1, 1)}
