"""Alerts as people see them: what stands, what is behind it, and what was done about it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import audit
from prefstream.schemas.errors import BadInput

_Source = Connection | asyncpg.Pool

# An alert that was said again after it cleared is open again.
_ALERTS: Final = """
select a.alert_id, a.rule, a.slice, a.window_name as "window", a.statistic, a.severity, a.action, a.detail,
  a.runbook, a.bound, a.value, a.low, a.high, a.n, a.annotators, a.raised_at, a.said_at, a.escalations,
  c.cleared_at, c.detail as cleared_detail, (c.alert_id is null) as open,
  k.by_whom as acknowledged_by, k.at as acknowledged_at, k.why as acknowledged_why,
  s.until as silenced_until
from alerts a
left join (select c.* from alert_clearings c join alerts b using (alert_id) where c.cleared_at >= b.said_at) c
  using (alert_id)
left join alert_acknowledgements k using (alert_id)
left join lateral (
  select max(s.until) as until from alert_silences s
  where s.ended_at is null and s.until > now()
    and (s.rule is null or s.rule = a.rule) and (s.slice is null or s.slice = a.slice)
) s on true
where ($1::text is null or a.alert_id = $1) and ($2::text is null or a.slice = $2)
  and ($3 or c.alert_id is null)
order by (c.alert_id is null) desc, array_position(array['critical', 'warning', 'notice'], a.severity),
  a.raised_at desc, a.alert_id
limit $4
"""
_ACKNOWLEDGE: Final = """
insert into alert_acknowledgements (alert_id, by_whom, why) values ($1, $2, $3) on conflict do nothing
"""
_SILENCE: Final = """
insert into alert_silences (rule, slice, until, by_whom, why)
values ($1, $2, now() + make_interval(secs => $3), $4, $5) returning n, until
"""
_END: Final = "update alert_silences set ended_at = now() where n = $1 and ended_at is null and until > now()"
_SILENCES: Final = """
select n, rule, slice, until, by_whom, why, at from alert_silences
where ended_at is null and until > now() order by n
"""
_WINDOW: Final = {"1h": 3600.0, "24h": 86_400.0, "7d": 7 * 86_400.0}
# The pairs of the window on which people differ, those with the most labels first.
_DISPUTED: Final = """
select pair_id, count(*) as labels, count(distinct verdict) as verdicts, max(occurred_at) as at
from labels
where slice = $1 and occurred_at <= $2
  and ($3::float8 is null or occurred_at > $2 - make_interval(secs => $3))
  and withdrawn_at is null and round = 'annotate'
group by pair_id having count(distinct verdict) > 1
order by 3 desc, 2 desc, 4 desc, 1 limit $4
"""
_MISSED: Final = """
select pair_id, count(*) as labels, count(*) filter (where not correct) as wrong,
  max(answered_at) as at
from gold_answers
where slice = $1 and answered_at <= $2
  and ($3::float8 is null or answered_at > $2 - make_interval(secs => $3))
  and undone_at is null and not training
group by pair_id having bool_or(not correct) order by 3 desc, 1 limit $4
"""
_CONTRADICTED: Final = """
select p.pair_id, p.labels, p.judge_label, p.label, p.resolved_at as at from pairs p
where p.pair_id in (
    select pair_id from labels where slice = $1 and occurred_at <= $2
      and ($3::float8 is null or occurred_at > $2 - make_interval(secs => $3)))
  and p.audit and p.label is not null and p.label <> p.judge_label
order by p.resolved_at desc, p.pair_id limit $4
"""
_WAITING: Final = """
select pair_id, round, opened_at as at from tasks
where open and slice = $1 and opened_at <= $2
  and ($3::float8 is null or opened_at > $2 - make_interval(secs => $3))
order by opened_at, pair_id limit $4
"""
_CLAUSES: Final = """
select clause, count(*) as labels from labels l, jsonb_array_elements_text(l.clauses) as clause
where l.pair_id = any($1::text[]) and l.withdrawn_at is null group by 1 order by 2 desc, 1 limit 10
"""
#: Where the pairs behind an alert are looked for, by its statistic; elsewhere those in dispute.
_BEHIND: Final = {
    "gold_accuracy": _MISSED,
    "judge_agreement_audited": _CONTRADICTED,
    "accepted_pair_agreement": _CONTRADICTED,
    "queue_age_s": _WAITING,
    "tasks_without_people": _WAITING,
}


async def alerts(
    source: _Source, *, slice_name: str | None = None, cleared: bool = False, limit: int = 200
) -> list[dict[str, Any]]:
    """Return alerts: open ones first, the gravest and latest first among them.

    Args:
        source: The database.
        slice_name: Only those of this slice.
        cleared: Those too that are over.
        limit: The most that are returned.
    """
    return [_said(dict(row)) for row in await source.fetch(_ALERTS, None, slice_name, cleared, limit)]


async def alert(source: _Source, alert_id: str, *, pairs: int = 20) -> dict[str, Any]:
    """Return one alert with the pairs behind it and the clauses that their labels cite most.

    Args:
        source: The database.
        alert_id: Its id, or enough of its beginning to tell it from all others.
        pairs: The most pairs that are named.

    Raises:
        BadInput: There is no such alert, or there are several.
    """
    name = await whole_id(source, alert_id)
    (row,) = await source.fetch(_ALERTS, name, None, True, 1)
    behind = await _behind(source, dict(row), pairs)
    names = [one["pair_id"] for one in behind]
    clauses = [dict(one) for one in await source.fetch(_CLAUSES, names)]
    return _said(dict(row)) | {"pairs": behind, "clauses": clauses, "path": path_of(row["slice"], dict(row))}


def path_of(slice_name: str, row: Mapping[str, Any]) -> str:
    """Return the console's page of the pairs of the alert's slice and window, those in dispute first.

    >>> path_of("law", {"window": "24h", "said_at": datetime(2026, 3, 2, 12)})
    '/live/pairs?slice=law&since=2026-03-01T12%3A00%3A00&until=2026-03-02T12%3A00%3A00'
    """
    until: datetime = row["said_at"]
    seconds = _WINDOW.get(row["window"] or "", _WINDOW["7d"])
    since = until - timedelta(seconds=seconds)
    query = {"slice": slice_name, "since": since.isoformat(), "until": until.isoformat()}
    return f"/live/pairs?{urlencode(query)}"


async def whole_id(source: _Source, alert_id: str) -> str:
    """Return the id that begins so.

    Raises:
        BadInput: No alert's id begins so, or more than one does.
    """
    found = await source.fetch(
        "select alert_id from alerts where starts_with(alert_id, $1) order by alert_id = $1 desc limit 2",
        alert_id,
    )
    names = [one["alert_id"] for one in found]
    if alert_id in names or len(names) == 1:
        return str(names[0])
    if not names:
        raise BadInput(f"there is no alert {alert_id!r}; `prefstream alerts list --all` names them")
    raise BadInput(f"several alerts begin with {alert_id!r}; give more of the id")


async def acknowledge(connection: Connection, alert_id: str, *, by: str | None, why: str) -> dict[str, Any]:
    """Note that somebody has an alert in hand; who was first stays.

    Raises:
        BadInput: There is no such alert.
    """
    name = await whole_id(connection, alert_id)
    if await connection.execute(_ACKNOWLEDGE, name, by, why) == "INSERT 0 1":
        await audit.note(connection, by, "alert.acknowledged", name, {"why": why})
    (row,) = await connection.fetch(_ALERTS, name, None, True, 1)
    return _said(dict(row))


async def silence(
    connection: Connection,
    *,
    rule: str | None,
    slice_name: str | None,
    hours: float,
    by: str | None,
    why: str,
) -> dict[str, Any]:
    """Tell nobody of a rule's alerts, a slice's, or both, for a while; they are raised all the same.

    Raises:
        BadInput: Neither rule nor slice is named.
    """
    if rule is None and slice_name is None:
        raise BadInput("name a rule, a slice or both: silencing everything would hide what nobody expects")
    row = await connection.fetchrow(_SILENCE, rule, slice_name, hours * 3600, by, why)
    assert row is not None
    told = {"n": row["n"], "rule": rule, "slice": slice_name, "until": row["until"]}
    await audit.note(connection, by, "alert.silenced", rule or "*", {**told, "why": why})
    return told | {"why": why, "by_whom": by}


async def end_silence(connection: Connection, n: int, *, by: str | None) -> None:
    """End a silence before its time.

    Raises:
        BadInput: No such silence is in force.
    """
    if await connection.execute(_END, n) != "UPDATE 1":
        raise BadInput(f"no silence {n} is in force; `prefstream alerts list` names those that are")
    await audit.note(connection, by, "alert.silence_ended", str(n))


async def silences(source: _Source) -> list[dict[str, Any]]:
    """Return the silences in force."""
    return [dict(row) for row in await source.fetch(_SILENCES)]


async def _behind(source: _Source, row: Mapping[str, Any], most: int) -> Sequence[dict[str, Any]]:
    until: datetime = row["said_at"]
    query = _BEHIND.get(row["statistic"], _DISPUTED)
    window = _WINDOW.get(row["window"] or "")
    return [dict(one) for one in await source.fetch(query, row["slice"], until, window, most)]


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    return dict(row) | {"annotators": orjson.loads(row["annotators"])}
