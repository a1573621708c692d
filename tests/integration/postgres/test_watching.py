"""What the sink shows to those who watch: in the order of commits, once, the newest of each."""

import asyncio

import pytest
from tests import factories as make
from tests.integration.postgres.test_sink import Bench, labels, proposals

from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.watching import announce, changed_since
from prefstream.schemas.codec import decode
from prefstream.schemas.ids import derived_id
from prefstream.schemas.metrics import AlertRaised, Measurement, MetricsUpdated

pytestmark = pytest.mark.postgres


def figures(name: str, value: float) -> MetricsUpdated:
    some = (Measurement(statistic="alpha_nominal", value=value, n=9),)
    return make.a_metrics_updated(slice=name, measurements=some)


async def test_the_sink_shows_what_it_publishes_and_alerts_that_it_reads(log: PostgresLog) -> None:
    bench = await Bench.claimed(log)
    alert = make.a_record(make.an_alert_raised(), offset=0)
    await bench.claims.claim([(alert.topic, alert.partition)])

    await bench.take(proposals(3), labels(6), [alert])

    shown = [decode(one.event) for one in (await changed_since(log.pool, 0, 0)).states]
    windows = {one.window for one in shown if isinstance(one, MetricsUpdated)}
    assert windows == {"1h", "24h", "7d", "all"}
    assert [one.alert_id for one in shown if isinstance(one, AlertRaised)] == ["kappa-low/arithmetic"]
    assert not any(
        "|" in m.statistic for one in shown if isinstance(one, MetricsUpdated) for m in one.measurements
    )


async def test_versions_come_in_the_order_of_commits(log: PostgresLog) -> None:
    async with log.pool.acquire() as first, log.pool.acquire() as second:
        transaction = first.transaction()
        await transaction.start()
        await announce(first, [figures("law", 0.1)])

        async def later() -> None:
            async with second.transaction():
                await announce(second, [figures("code", 0.2)])

        waiting = asyncio.create_task(later())
        done, _ = await asyncio.wait({waiting}, timeout=0.2)
        assert not done, "the second would be seen before the first, whose version is lower"
        assert not (await changed_since(log.pool, 0, 0)).states
        await transaction.commit()
        await waiting

    seen = (await changed_since(log.pool, 0, 0)).states
    assert [one.key[1] for one in seen] == ["law", "code"]
    assert [one.version for one in seen] == sorted(one.version for one in seen)


async def test_the_same_again_and_the_past_change_nothing(log: PostgresLog) -> None:
    newest = figures("law", 0.2)
    past = newest.model_copy(
        update={"occurred_at": make.NOON.replace(hour=1), "event_id": derived_id("past")}
    )

    for event in (newest, newest, past):
        async with log.pool.acquire() as connection, connection.transaction():
            await announce(connection, [event])

    changed = await changed_since(log.pool, 0, 0)
    (only,) = changed.states
    assert decode(only.event) == newest
    again = await changed_since(log.pool, changed.epoch, only.version)
    assert (again.states, again.more) == ([], False)
