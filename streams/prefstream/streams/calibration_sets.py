"""Calibration sets: drawn once a week, from pairs that people agreed on or a lead decided."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import structlog

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import outbox, quality_seed, quality_sets
from prefstream.adapters.settings import QualitySettings
from prefstream.agents.tasks import record_of
from prefstream.domain.reliability import calibration_set, is_right, set_due, week_of
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.people import CalibrationAnswered, CalibrationChosen
from prefstream.schemas.values import Provenance, Verdict

log = structlog.get_logger(__name__)

#: Sets before this one that the anchors are from, so that nobody remembers them.
_BACK = 4
#: Pairs that a set is drawn from, the latest resolved.
_CANDIDATES = 20_000


async def drawn_set(pool: asyncpg.Pool, settings: QualitySettings, *, now: datetime) -> Sequence[Event]:
    """Draw the week's set, once there is enough to draw it from; return what judges say of it.

    Args:
        pool: The database.
        settings: How large it is, and by which secret it is drawn.
        now: The time.
    """
    size = settings.calibration_size
    week = week_of(now.date())
    if not size or await quality_sets.drawn(pool, week):
        return ()
    found = {one.pair_id: one for one in await quality_sets.candidates(pool, most=_CANDIDATES)}
    if not set_due(len(found), size=size, weekday=now.weekday()):
        return ()
    seed = await quality_seed.seed_of(pool, settings.seed.get_secret_value())
    earlier = await quality_sets.earlier_week(pool, week, back=_BACK)
    before = set(await quality_sets.items_of(pool, earlier)) if earlier else set()
    chosen = calibration_set(
        {one.pair_id: one.slice for one in found.values()},
        week=week,
        seed=seed,
        earlier=before,
        size=size,
        anchors=settings.calibration_anchors,
    )
    async with pool.acquire() as connection, connection.transaction():
        items = [found[pair_id] for pair_id in chosen]
        if not await quality_sets.publish(
            connection, week, items, earlier=earlier, anchors=before & set(chosen)
        ):
            return ()
        events = await _judged(connection, week, now)
        await queue(connection, [*[_chosen(one, week, now) for one in items], *events])
    log.info("calibration.drawn", week=week, pairs=len(chosen))
    return events


async def queue(connection: Connection, events: Sequence[Event]) -> None:
    """Put events into the outbox, in the transaction that decided them."""
    await outbox.put(connection, [(one.event_id, record_of(one)) for one in events])


def _chosen(item: quality_sets.Candidate, week: str, now: datetime) -> Event:
    """Return that a pair is an item of the week's set, so that no release takes it."""
    return CalibrationChosen(
        event_id=derived_id("quality", "calibration-chosen", week, item.pair_id),
        occurred_at=now,
        source="prefstream/quality",
        subject=item.pair_id,
        correlation_id=item.pair_id,
        week=week,
        pair_id=item.pair_id,
        slice=item.slice,
    )


async def _judged(connection: Connection, week: str, now: datetime) -> Sequence[Event]:
    """Let the judges answer the set with the verdicts that they have given of its pairs."""
    events: list[Event] = []
    for row in await quality_sets.judged(connection, week):
        judge, pair_id, verdict = row["judge_id"], row["pair_id"], Verdict(row["judge_label"])
        event = CalibrationAnswered(
            event_id=derived_id("quality", "calibration", week, judge, pair_id),
            occurred_at=now,
            source="prefstream/quality",
            subject=judge,
            correlation_id=pair_id,
            week=week,
            annotator=judge,
            pair_id=pair_id,
            slice=row["slice"],
            verdict=verdict,
            provenance=Provenance(row["provenance"] or Provenance.REAL),
        )
        answer = quality_sets.GivenSetAnswer(
            week=week,
            annotator=judge,
            pair_id=pair_id,
            event_id=event.event_id,
            verdict=verdict,
            correct=is_right(verdict, Verdict(row["expected"])),
            answered_at=now,
            judge=True,
            provenance=event.provenance,
        )
        if await quality_sets.note(connection, answer):
            events.append(event)
    return events
