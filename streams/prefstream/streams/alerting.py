"""Alerting: the rules of a deployment, and the gauges that are read by the clock.

Figures of slices are looked at by a stage of the worker, for they stand in the log. What is read off the
clock is looked at here, in the calibrator's process, since there is one of it: two that looked would say
everything twice. Standing and event are written in one transaction; the outbox says the event.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import structlog

from prefstream.adapters.log import Log
from prefstream.adapters.postgres import alert_gauges
from prefstream.adapters.postgres.connection import AWAY
from prefstream.adapters.postgres.console import outbox, quality_figures
from prefstream.adapters.settings import AlertSettings
from prefstream.agents.tasks import record_of
from prefstream.domain.alerts import (
    ALL,
    DEFAULTS,
    Reading,
    Rules,
    event_of,
    gauged,
    microseconds_of,
    rules_of,
)
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.metrics import AlertCleared, AlertRaised
from prefstream.streams.policy_book import policy_book
from prefstream.streams.spending import budgets_now
from prefstream.streams.surroundings import Surroundings

log = structlog.get_logger(__name__)
_DAY_S = 86_400


def alert_rules(settings: AlertSettings) -> Rules:
    """Return the rules that the settings state.

    Raises:
        BadInput: They name a rule that there is not, or bounds that it cannot have.
    """
    return rules_of(
        DEFAULTS,
        bounds=settings.bounds,
        min_n=settings.min_n,
        off=settings.off,
        arl=settings.mean_outcomes_to_false_alarm,
        spend=settings.spend,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """Reads the gauges and says what they ask for."""

    pool: asyncpg.Pool
    log: Log
    rules: Rules

    async def look(self) -> Sequence[AlertRaised | AlertCleared]:
        """Read every gauge once and return what is said of it."""
        now: datetime = await self.pool.fetchval("select now()")
        readings = [
            *await self._queue(),
            *await self._lag(),
            *await self._budget(now),
            *await self._judges(),
            *await self._certificate(now),
        ]
        at_us = microseconds_of(now)
        async with self.pool.acquire() as connection, connection.transaction():
            standings = await alert_gauges.standings(connection)
            changed, said = gauged(self.rules, standings, readings, at_us=at_us)
            events = [
                event_of(one, slice_name=name, window=one.rule.window, at_us=at_us, rules_id=self.rules.id)
                for name, one in said
            ]
            await alert_gauges.keep(connection, changed)
            await outbox.put(connection, [(one.event_id, record_of(one)) for one in events])
        for event in events:
            log.info("alerting.said", type=event.type, rule=event.rule, slice=event.slice)
        return events

    async def _queue(self) -> Sequence[Reading]:
        rows = await alert_gauges.queue(self.pool)
        staffed = await alert_gauges.anybody(self.pool)
        ages = [
            Reading(
                rule="starvation",
                slice=row["slice"],
                value=row["age_s"],
                detail=f"the oldest of {row['tasks']:,} open tasks waits since "
                f"{row['oldest']:%Y-%m-%d %H:%M} UTC",
                n=row["tasks"],
            )
            for row in rows
            if row["oldest"] is not None
        ]
        return ages + [
            Reading(
                rule="queue_without_people",
                slice=row["slice"],
                value=row["tasks"],
                detail=f"{row['tasks']:,} tasks are open and nobody may label this slice now",
                n=row["tasks"],
            )
            for row in rows
            if staffed and not row["has_people"]
        ]

    async def _lag(self) -> Sequence[Reading]:
        lags = {group: sum(topics.values()) for group, topics in (await self.log.lags()).items()}
        worst = max(lags, key=lambda group: (lags[group], group), default=None)
        if worst is None:
            return []
        detail = f"{worst} has {lags[worst]:,} records still to read"
        return [Reading(rule="lag", slice=ALL, value=lags[worst], detail=detail, n=lags[worst])]

    async def _budget(self, now: datetime) -> Sequence[Reading]:
        found = await budgets_now(self.pool, now_ms=microseconds_of(now) // 1000)
        shares = [(one["spent_nanousd"] / one["limit_nanousd"], one) for one in found if one["limit_nanousd"]]
        if not shares:
            return []
        share, most = max(shares, key=lambda one: one[0])
        detail = f"budget {most['budget']}: {share:.0%} is spent"
        return [Reading(rule="budget", slice=ALL, value=share, detail=detail)]

    async def _judges(self) -> Sequence[Reading]:
        week = await quality_figures.week(self.pool, None)
        judges = [one for one in week["figures"] if one["judge"]] if week else []
        falls = [(-one["drift"]["high"], one) for one in judges if one["drift"]["high"] is not None]
        if not week or not falls:
            return []
        fall, worst = max(falls, key=lambda one: one[0])
        drift = worst["drift"]["value"]
        detail = f"{worst['annotator']} changed by {drift:+.3f} against people, week {week['week']}"
        return [Reading(rule="calibration_decay", slice=ALL, value=fall, detail=detail)]

    async def _certificate(self, now: datetime) -> Sequence[Reading]:
        active = (await policy_book(self.pool, self.log)).active
        certificate = active.policy.certificate if active and active.policy else None
        until = certificate.window.until if certificate and certificate.window else None
        if active is None or until is None:
            return []
        days = (now - until).total_seconds() / _DAY_S
        detail = f"the newest label that {active.policy_id} rests on is {days:.0f} days old"
        return [Reading(rule="certificate_age", slice=ALL, value=days, detail=detail)]


async def run_gauges(around: Surroundings) -> None:
    """Look at the gauges until told to stop.

    Raises:
        Unavailable: Log or database is away.
    """
    settings = around.settings.alerts
    gauges = Gauges(pool=around.pool, log=around.log, rules=alert_rules(settings))
    while not around.stop.is_set():
        try:
            await gauges.look()
        except AWAY as error:
            raise Unavailable(f"alerting lost its database: {error or type(error).__name__}") from error
        try:
            await asyncio.wait_for(around.stop.wait(), settings.every_s)
        except TimeoutError:
            continue
