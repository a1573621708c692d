"""The rows of alerts: what was raised, escalated and cleared, in any order of events."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.schemas.metrics import AlertCleared, AlertRaised

# The first time it was said stays the time it was raised.
_RAISE: Final = """
insert into alerts as a (alert_id, rule, slice, window_name, statistic, severity, action, detail, runbook,
  bound, value, low, high, n, annotators, raised_at, said_at, said_id, escalations)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $17, 0)
on conflict (alert_id) do update set raised_at = least(a.raised_at, excluded.raised_at),
  escalations = a.escalations + 1
"""
# What was said last holds, by event time and then by id.
_HOLD: Final = """
update alerts set rule = $2, slice = $3, window_name = $4, statistic = $5, severity = $6, action = $7,
  detail = $8, runbook = $9, bound = $10, value = $11, low = $12, high = $13, n = $14, annotators = $15,
  said_at = $16, said_id = $17
where alert_id = $1 and (said_at, said_id) < ($16, $17)
"""
_CLEAR: Final = """
insert into alert_clearings as c (alert_id, cleared_at, cleared_id, detail) values ($1, $2, $3, $4)
on conflict (alert_id) do update set cleared_at = excluded.cleared_at, cleared_id = excluded.cleared_id,
  detail = excluded.detail
where (excluded.cleared_at, excluded.cleared_id) > (c.cleared_at, c.cleared_id)
"""


async def project_alerts(connection: Connection, said: Sequence[AlertRaised | AlertCleared]) -> None:
    """Write alerts that no batch has brought before.

    Args:
        connection: In the caller's transaction.
        said: What was said of alerts.
    """
    # In one order of keys everywhere, so that two sinks never wait for each other in a ring.
    for event in sorted(said, key=lambda one: (one.alert_id, one.event_id)):
        if isinstance(event, AlertRaised):
            await connection.execute(_RAISE, *_row(event))
            await connection.execute(_HOLD, *_row(event))
        else:
            moment, name = event.occurred_at, UUID(event.event_id)
            await connection.execute(_CLEAR, event.alert_id, moment, name, event.detail)


def _row(event: AlertRaised) -> tuple[object, ...]:
    return (
        event.alert_id,
        event.rule,
        event.slice,
        event.window,
        event.statistic,
        event.severity,
        event.action,
        event.detail,
        event.runbook,
        event.bound,
        event.value,
        event.low,
        event.high,
        event.n,
        orjson.dumps(event.annotators).decode(),
        event.occurred_at,
        UUID(event.event_id),
    )
