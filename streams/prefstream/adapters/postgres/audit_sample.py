"""The audit sample as the sink has it: judged pairs whose coin fell on heads, and people's labels."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from prefstream.adapters.postgres.opening import fetch_opened
from prefstream.schemas.codec import decode
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.judgements import PairJudged
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.pairs import PairProposed

#: The archive of years may have to be read through.
_TIMEOUT_S = 3600.0
_PAIRS_AT_ONCE = 200
_AUDITED = """
select pair_id, slice, judgement_id, proposed_id from pairs
where audit and judgement_id is not null order by pair_id
"""
_EVENTS = "select event_id, value from archive where event_id = any($1::uuid[])"
_LABELS = """
select l.pair_id, l.event_id from labels l
where l.pair_id = any($1::text[]) and l.withdrawn_at is null order by l.pair_id, l.event_id
"""
# The coin is fair to all pairs, so the audited ones are a sample of these.
_OTHERS = """
select pair_id, slice, judge_label, confidence, p_a, judge_id from pairs
where judgement_id is not null and audit is false order by pair_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedPair:
    """A pair of the audit sample with its events; the proposal may be missing from the archive."""

    pair_id: str
    slice: str
    judged: PairJudged
    proposed: PairProposed | None
    labels: tuple[LabelSubmitted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPair:
    """A judged pair that nobody was drawn to audit."""

    pair_id: str
    slice: str
    label: str | None
    confidence: float | None
    p_a: float | None
    judge_id: str


async def audited_pairs(pool: asyncpg.Pool) -> AsyncIterator[AuditedPair]:
    """Yield the audit sample, some pairs at a time: votes and texts are in the archive."""
    rows = await pool.fetch(_AUDITED, timeout=_TIMEOUT_S)
    for start in range(0, len(rows), _PAIRS_AT_ONCE):
        some = rows[start : start + _PAIRS_AT_ONCE]
        submissions = await pool.fetch(_LABELS, [row["pair_id"] for row in some], timeout=_TIMEOUT_S)
        wanted = [row[name] for row in some for name in ("judgement_id", "proposed_id") if row[name]]
        events = await _events(pool, [*wanted, *(row["event_id"] for row in submissions)])
        for row in some:
            ids = [one["event_id"] for one in submissions if one["pair_id"] == row["pair_id"]]
            found = _audited(row, ids, events)
            if found is not None:
                yield found


async def other_pairs(pool: asyncpg.Pool) -> list[OtherPair]:
    """Return the judged pairs outside the audit sample, by what the panel said of them."""
    return [
        OtherPair(
            pair_id=row["pair_id"],
            slice=row["slice"],
            label=row["judge_label"],
            confidence=row["confidence"],
            p_a=row["p_a"],
            judge_id=row["judge_id"],
        )
        for row in await pool.fetch(_OTHERS, timeout=_TIMEOUT_S)
    ]


async def _events(pool: asyncpg.Pool, ids: Sequence[object]) -> dict[object, Event]:
    events: dict[object, Event] = {}
    for row in await fetch_opened(pool, _EVENTS, list(ids), timeout=_TIMEOUT_S):
        try:
            events[row["event_id"]] = decode(row["value"])
        except Undecodable:
            continue  # erased, or written by a later version, of which the sink said so when it came
    return events


def _audited(
    row: asyncpg.Record, ids: Sequence[object], events: Mapping[object, Event]
) -> AuditedPair | None:
    judged, proposed = events.get(row["judgement_id"]), events.get(row["proposed_id"])
    if not isinstance(judged, PairJudged):
        return None
    labels = [event for one in ids if isinstance(event := events.get(one), LabelSubmitted)]
    return AuditedPair(
        pair_id=row["pair_id"],
        slice=row["slice"] or judged.slice,
        judged=judged,
        proposed=proposed if isinstance(proposed, PairProposed) else None,
        labels=tuple(labels),
    )
