"""Alerts as the live page and the scorecard tell them."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.trends import Alert

_ALERTS = """
select a.alert_id, a.slice, a.window_name, a.statistic, a.severity, a.action, a.detail, a.runbook,
  a.raised_at, c.cleared_at, k.by_whom as taken_by, k.why as taken_why, k.at as taken_at,
  exists (
    select from alert_silences s where s.ended_at is null and s.until > now()
      and (s.rule is null or s.rule = a.rule) and (s.slice is null or s.slice = a.slice)
  ) as silenced
from alerts a left join alert_clearings c using (alert_id) left join alert_acknowledgements k using (alert_id)
"""
_NOW = f"""
{_ALERTS} where c.alert_id is null and ($1::text is null or a.slice = $1)
order by array_position(array['critical', 'warning', 'notice'], a.severity), a.raised_at desc,
  a.alert_id limit $2
"""
_BETWEEN = f"""
{_ALERTS} where a.raised_at < $2 and (c.cleared_at is null or c.cleared_at >= $1)
order by array_position(array['critical', 'warning', 'notice'], a.severity), a.raised_at, a.alert_id limit $3
"""


async def alerts_now(
    source: Connection | asyncpg.Pool, *, slice_name: str | None = None, most: int
) -> Sequence[Alert]:
    """Return the open alerts, the gravest first."""
    return [Alert(**row) for row in await source.fetch(_NOW, slice_name, most)]


async def alerts_between(
    source: Connection | asyncpg.Pool, since: datetime, until: datetime, *, most: int
) -> Sequence[Alert]:
    """Return the alerts that were open at some time of a stretch, as they stood at its end.

    Args:
        source: The database.
        since: Where the stretch begins.
        until: Where it ends; what was done later is not told, so that it reads the same ever after.
        most: How many at most.
    """
    return [Alert(**row).as_of(until) for row in await source.fetch(_BETWEEN, since, until, most)]
