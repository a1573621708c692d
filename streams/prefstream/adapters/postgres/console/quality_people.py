"""What was done about people, and what is known of how they work; rows and figures, no decisions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.reliability import Act, Finding, GivenLabel
from prefstream.schemas.values import Provenance

_TOOK = """
insert into annotator_actions (event_id, person_id, action, why, by_whom, at, until, labels, cause)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing
"""
_PAUSE = """
update people set paused_at = $2, paused_until = $3, paused_why = $4 where person_id = $1
"""
_RESUME = """
update people set paused_at = null, paused_until = null, paused_why = null where person_id = $1
"""
_ACTIONS = """
select n, event_id::text, action, why, by_whom, at, until, labels, cause, shown_at, seen_at
from annotator_actions where person_id = $1 order by n desc limit $2
"""
_DONE = "select action, cause from annotator_actions where person_id = $1 and cause is not null"
#: What the log has said of the person, and what is still on its way there.
_GIVEN = """
select event_id::text as label_id, pair_id, provenance from labels
where annotator = $1 and withdrawn_at is null and ($2::timestamptz is null or occurred_at > $2)
union
select s.submission_id::text, s.pair_id, case when p.simulated then 'simulated' else 'real' end
from submissions s join people p using (person_id)
where s.person_id = $1 and s.purpose = 'work' and s.undone_at is null
  and s.round in ('annotate', 'review', 'adjudicate')
  and ($2::timestamptz is null or s.submitted_at > $2)
  and not exists (select from labels l where l.event_id = s.submission_id)
order by label_id
"""
_KNOWN = """
select person_id, name, role, simulated, paused_at, paused_until, paused_why, disabled_at,
  coalesce(s.training_left, 0) as training_left, s.test_since,
  coalesce(h.labels, 0) as labels_seen, coalesce(h.findings, '[]') as findings, h.last_label_at
from people p left join annotator_states s using (person_id) left join annotator_habits h using (person_id)
where ($1::text is null or person_id = $1)
  and ($1 is not null or role in ('annotator', 'reviewer', 'qa_lead', 'admin'))
order by person_id
"""
_RELIABILITY = """
select r.annotator, r.slice, r.accuracy, r.labels, r.confusion, s.as_of, s.provenance
from reliability r join reliability_slices s using (slice)
where ($1::text is null or r.annotator = $1) and ($2::text is null or r.slice = $2)
order by r.annotator, r.slice
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the tables know of a person who labels."""

    person_id: str
    name: str
    role: str
    simulated: bool
    paused_at: datetime | None
    paused_until: datetime | None
    paused_why: str | None
    disabled_at: datetime | None
    training_left: int
    #: Since when answers and findings count.
    test_since: datetime | None
    labels_seen: int
    findings: tuple[Finding, ...] = ()
    last_label_at: datetime | None = None
    done: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    @property
    def provenance(self) -> Provenance:
        """Return where whatever the person does comes from."""
        return Provenance.SIMULATED if self.simulated else Provenance.REAL


async def known(source: Connection | asyncpg.Pool, person_id: str | None = None) -> list[Known]:
    """Return who labels, or one person whatever their role, with what was found and done."""
    found = []
    for row in await source.fetch(_KNOWN, person_id):
        done = await source.fetch(_DONE, row["person_id"])
        findings = _since(orjson.loads(row["findings"]), row["test_since"])
        values = dict(row) | {
            "findings": findings,
            "done": frozenset((d["action"], d["cause"]) for d in done),
        }
        found.append(Known(**values))
    return found


async def locked(connection: Connection, person_id: str) -> bool:
    """Keep others from acting on a person until the transaction is over; return whether there is one."""
    return (
        await connection.fetchval("select 1 from people where person_id = $1 for no key update", person_id)
        is not None
    )


async def took(connection: Connection, act: Act) -> bool:
    """Write what was done; return `False` where it was done before."""
    said: str = await connection.execute(
        _TOOK,
        act.event_id,
        act.annotator,
        act.action,
        act.why,
        act.by,
        act.at,
        act.until,
        len(act.labels),
        act.cause or None,
    )
    if not said.endswith(" 1"):
        return False
    if act.action == "pause":
        await connection.execute(_PAUSE, act.annotator, act.at, act.until, act.why)
    if act.action == "resume":
        await connection.execute(_RESUME, act.annotator)
    return True


async def given_labels(
    connection: Connection, person_id: str, *, after: datetime | None
) -> tuple[GivenLabel, ...]:
    """Return the labels of a person that stand, those on their way to the log included."""
    return tuple(
        GivenLabel(label_id=row["label_id"], pair_id=row["pair_id"], provenance=Provenance(row["provenance"]))
        for row in await connection.fetch(_GIVEN, person_id, after)
    )


async def actions(
    source: Connection | asyncpg.Pool, person_id: str, *, most: int = 100
) -> list[dict[str, Any]]:
    """Return what was done about a person, the latest first."""
    return [dict(row) for row in await source.fetch(_ACTIONS, person_id, most)]


async def reliability_of(
    source: Connection | asyncpg.Pool, *, annotator: str | None = None, slice_name: str | None = None
) -> list[dict[str, Any]]:
    """Return how people label by slice, by name; nobody is ranked."""
    rows = await source.fetch(_RELIABILITY, annotator, slice_name)
    return [dict(row) | {"confusion": orjson.loads(row["confusion"])} for row in rows]


async def keep_findings(
    connection: Connection,
    person_id: str,
    *,
    labels: int,
    worked_s: float,
    last_label_at: datetime,
    fresh: Iterable[tuple[Finding, datetime]],
) -> None:
    """Add what was found newly, with the time of the label that raised it."""
    added = [
        {
            "kind": one.kind,
            "raised_by": one.raised_by,
            "since": one.since,
            "labels": one.labels,
            "shown": one.shown,
            "at": at.isoformat(),
        }
        for one, at in fresh
    ]
    await connection.execute(
        """
        insert into annotator_habits values ($1, $2, $3, $4, $5)
        on conflict (person_id) do update set labels = annotator_habits.labels + excluded.labels,
          findings = annotator_habits.findings || excluded.findings, worked_s = excluded.worked_s,
          last_label_at = excluded.last_label_at
        """,
        person_id,
        labels,
        orjson.dumps(added).decode(),
        worked_s,
        last_label_at,
    )


def _since(findings: Sequence[dict[str, Any]], since: datetime | None) -> tuple[Finding, ...]:
    return tuple(
        Finding(**{name: value for name, value in one.items() if name != "at"})
        for one in findings
        if since is None or datetime.fromisoformat(one["at"]) > since
    )
