"""Alerts on a real server: from labels through the sink's figures to what people see and do."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tests import factories as make
from tests.unit.streams.scripted import Answers, MemoryIntake

from prefstream.adapters.postgres import alerts
from prefstream.adapters.postgres.log import PostgresLog, Wakeups
from prefstream.adapters.postgres.projections import project
from prefstream.agents.alerting import Alerting
from prefstream.agents.stage import Answer, Call, Configuration, Failure
from prefstream.domain.alerts import DEFAULTS, rules_of
from prefstream.schemas.codec import decode
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import BadInput
from prefstream.schemas.ids import derived_id
from prefstream.schemas.metrics import AlertCleared, AlertRaised
from prefstream.schemas.records import LogRecord
from prefstream.schemas.topics import ALERTS_RAISED, METRICS_UPDATED
from prefstream.schemas.values import Verdict
from prefstream.streams.alerting import Gauges
from prefstream.streams.engine import Engine
from prefstream.streams.postgres_chain import PostgresChainRunner
from prefstream.streams.sink import Claims, Sink
from prefstream.streams.surroundings import PostgresStates

pytestmark = pytest.mark.postgres

RULES = rules_of(DEFAULTS)


def nobody(call: Call) -> Answer:
    return Failure(reason="nobody", detail=call.provider, transient=False)


def labelled(number: int, *, differ: bool) -> list[Event]:
    """Return a pair with the labels of two people."""
    pair_id, moment = f"p{number:04}", make.NOON + timedelta(seconds=number)
    verdicts = (Verdict.A_BETTER, Verdict.B_BETTER) if number % 2 else (Verdict.B_BETTER, Verdict.A_BETTER)
    said = [
        make.a_label_submitted(
            event_id=derived_id("test", pair_id, who),
            pair_id=pair_id,
            annotator=who,
            verdict=verdicts[place if differ else 0],
            clauses=("P1",),
            occurred_at=moment,
        )
        for place, who in enumerate(("ann", "bob"))
    ]
    return [make.a_pair_proposed(pair_id=pair_id, slice="law", occurred_at=moment), *said]


class Deployment:
    """The sink and the stage, each taking what the log has."""

    def __init__(self, log: PostgresLog, dsn: str) -> None:
        self.log, self.dsn, self._offset = log, dsn, 0

    async def sinks(self, events: Sequence[Event]) -> None:
        """Let the sink write events and publish figures."""
        records = [make.a_record(one, offset=self._offset + place) for place, one in enumerate(events)]
        self._offset += len(events)
        claims, stop = Claims(self.log.pool), asyncio.Event()
        await claims.claim(sorted({(one.topic, one.partition) for one in records}))
        intake = MemoryIntake([records], stop)
        sink = Sink(
            pool=self.log.pool, claims=claims, intake=intake, writer=await self.log.writer(), refresh_s=0.05
        )
        async with asyncio.timeout(60):
            await sink.run(stop)

    async def alerting(self) -> list[AlertRaised | AlertCleared]:
        """Let the stage take all figures in the log; return all alerts in it."""
        connection = await asyncpg.connect(self.dsn)
        stage = Engine(
            Alerting(rules=RULES),
            Answers(nobody),
            PostgresStates(self.log.pool),
            lambda: Configuration(constitution=make.a_constitution()),
        )
        stop, records = asyncio.Event(), await self.records(METRICS_UPDATED.name)
        runner = PostgresChainRunner(self.log, await Wakeups.listen(connection), [stage], limit=7)
        task = asyncio.create_task(runner.run(stop))
        try:
            async with asyncio.timeout(60):
                while await self._left():
                    await asyncio.sleep(0.02)
                stop.set()
                await task
        finally:
            task.cancel()
            await connection.close()
        assert records
        said = [decode(one.value) for one in await self.records(ALERTS_RAISED.name)]
        return [one for one in said if isinstance(one, AlertRaised | AlertCleared)]

    async def records(self, topic: str) -> list[LogRecord]:
        return [record async for record in self.log.snapshot(topic)]

    async def _left(self) -> int:
        return sum((await self.log.lags()).get("alerting", {"": 1}).values())


async def test_labels_that_differ_become_an_alert_with_people_pairs_and_clauses_behind_it(
    log: PostgresLog, migrated_dsn: str
) -> None:
    deployment = Deployment(log, migrated_dsn)
    events = [one for number in range(210) for one in labelled(number, differ=number % 3 == 0)]
    await deployment.sinks(events)

    said = await deployment.alerting()

    raised = {one.rule: one for one in said if isinstance(one, AlertRaised)}
    assert {"people_alpha", "people_kappa"} <= set(raised)
    alpha = raised["people_alpha"]
    assert (alpha.slice, alpha.severity, alpha.window, alpha.bound) == ("law", "critical", "7d", 0.75)
    assert alpha.annotators == ("ann", "bob")
    assert alpha.rules_id == RULES.id

    await deployment.sinks(said)
    shown = await alerts.alert(log.pool, alpha.alert_id)
    assert shown["open"]
    assert shown["runbook"] == "docs/runbooks/people-alpha.md"
    assert {one["pair_id"] for one in shown["pairs"]} <= {f"p{number:04}" for number in range(0, 210, 3)}
    assert len(shown["pairs"]) == 20
    assert shown["clauses"] == [{"clause": "P1", "labels": 40}]


async def test_a_stage_that_forgot_everything_says_the_same_events(
    log: PostgresLog, migrated_dsn: str
) -> None:
    deployment = Deployment(log, migrated_dsn)
    await deployment.sinks([one for number in range(210) for one in labelled(number, differ=number % 3 == 0)])
    first = await deployment.alerting()
    await log.pool.execute("delete from stage_states where stage = 'alerting'")
    await log.pool.execute("delete from log_offsets where grp = 'alerting'")

    again = await deployment.alerting()

    assert first
    assert [one.event_id for one in again] == [one.event_id for one in first] * 2


async def _projected(pool: asyncpg.Pool, *events: Event) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await project(connection, [make.a_record(one, offset=place) for place, one in enumerate(events)])


def said_of(name: str, **changes: Any) -> AlertRaised:
    given = {"alert_id": name, "event_id": derived_id("test", name, str(changes)), "rule": "people_alpha"}
    return make.an_alert_raised(**given | changes)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
async def test_rows_do_not_depend_on_the_order_of_events(log: PostgresLog, order: tuple[int, ...]) -> None:
    events: list[Event] = [
        said_of("a", occurred_at=make.NOON, severity="warning"),
        said_of("a", occurred_at=make.NOON + timedelta(hours=1), severity="critical"),
        make.an_alert_cleared(alert_id="a", occurred_at=make.NOON + timedelta(hours=2), detail="over"),
    ]
    for place in order:
        await _projected(log.pool, events[place])
        await _projected(log.pool, events[place])

    (row,) = await alerts.alerts(log.pool, cleared=True)
    assert (row["severity"], row["raised_at"], row["escalations"]) == ("critical", make.NOON, 1)
    assert (row["open"], row["cleared_detail"]) == (False, "over")
    assert await alerts.alerts(log.pool) == []


async def test_an_acknowledgement_keeps_who_was_first_and_is_in_the_audit_trail(log: PostgresLog) -> None:
    await _projected(log.pool, said_of("a"))
    async with log.pool.acquire() as connection, connection.transaction():
        await alerts.acknowledge(connection, "a", by="lead", why="on it")
        row = await alerts.acknowledge(connection, "a", by="other", why="me too")

    assert (row["acknowledged_by"], row["acknowledged_why"], row["open"]) == ("lead", "on it", True)
    trail = await log.pool.fetch("select act, person_id from audit_trail")
    assert [tuple(one) for one in trail] == [("alert.acknowledged", "lead")]


async def test_a_silence_marks_alerts_and_ends(log: PostgresLog) -> None:
    await _projected(log.pool, said_of("a"), said_of("b", rule="lag", slice="*"))
    async with log.pool.acquire() as connection, connection.transaction():
        silence = await alerts.silence(
            connection, rule="people_alpha", slice_name=None, hours=1, by="lead", why="known"
        )
    silenced = {row["alert_id"]: row["silenced_until"] for row in await alerts.alerts(log.pool)}
    assert silenced == {"a": silence["until"], "b": None}

    async with log.pool.acquire() as connection, connection.transaction():
        await alerts.end_silence(connection, silence["n"], by="lead")
    assert [row["silenced_until"] for row in await alerts.alerts(log.pool)] == [None, None]
    async with log.pool.acquire() as connection:
        with pytest.raises(BadInput, match="no silence"):
            await alerts.end_silence(connection, silence["n"], by="lead")
        with pytest.raises(BadInput, match="name a rule"):
            await alerts.silence(connection, rule=None, slice_name=None, hours=1, by=None, why="x")


async def test_a_queue_that_starves_raises_escalates_and_clears_and_a_restart_says_nothing_twice(
    log: PostgresLog,
) -> None:
    pool = log.pool

    async def look() -> list[tuple[str, str, str]]:
        # A gauge without a memory of its own: what it knows is in the database.
        said = await Gauges(pool=pool, log=log, rules=RULES).look()
        kind = {one.event_id: getattr(one, "severity", "cleared") for one in said}
        return [(one.rule or "", one.slice, kind[one.event_id]) for one in said]

    insert = (
        "insert into tasks (pair_id, round, slice, needed, have, open, opened_at)"
        " values ('p', 'annotate', 'law', 1, 0, true, now() - interval '24 hours' + interval '1 minute')"
    )
    await pool.execute(insert)
    assert await look() == []
    await pool.execute("update tasks set opened_at = now() - interval '25 hours'")
    assert await look() == [("starvation", "law", "warning")]
    assert await look() == []
    await pool.execute("update tasks set opened_at = now() - interval '73 hours'")
    assert await look() == [("starvation", "law", "critical")]
    await pool.execute("update tasks set open = false")
    assert await look() == [("starvation", "law", "cleared")]
    outbox = await pool.fetch("select topic from outbox")
    assert [row["topic"] for row in outbox] == [ALERTS_RAISED.name] * 3


async def test_tasks_of_a_slice_that_nobody_may_label_raise(log: PostgresLog) -> None:
    await log.pool.execute(
        "insert into people (person_id, name, role)"
        " values ('ann', 'Ann', 'annotator'), ('vi', 'Vi', 'viewer')"
    )
    await log.pool.execute("insert into skills values ('ann', 'code')")
    await log.pool.execute(
        "insert into tasks (pair_id, round, slice, needed, have, open, opened_at)"
        " select 'p-' || s, 'annotate', s, 1, 0, true, now() from unnest(array['law', 'code']) as s"
    )

    said = await Gauges(pool=log.pool, log=log, rules=RULES).look()

    assert [(one.rule, one.slice) for one in said] == [("queue_without_people", "law")]
