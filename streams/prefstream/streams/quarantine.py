"""What people decide of pairs in quarantine, each decision in one transaction."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from prefstream.adapters.postgres.connection import Connection, connect
from prefstream.adapters.postgres.console import audit
from prefstream.adapters.postgres.quarantine import HeldPair, held_pair, held_pairs
from prefstream.adapters.postgres.releases import check_lead, now_of
from prefstream.adapters.settings import Settings
from prefstream.schemas.checks import QuarantineDecided
from prefstream.schemas.errors import BadInput
from prefstream.schemas.ids import derived_id
from prefstream.streams.calibration_sets import queue
from prefstream.streams.places import find_places


async def quarantined(*, slice_name: str | None, check: str | None, most: int) -> list[dict[str, Any]]:
    """Return the pairs that wait for a person, as documents, those that wait longest first."""
    async with _transaction() as connection:
        found = await held_pairs(connection, slice_name=slice_name, check=check, most=most)
    return [_document(one) for one in found]


async def decided(
    pair_ids: Sequence[str], *, released: bool, by: str, reason: str, findings: Sequence[str] = ()
) -> list[str]:
    """Let pairs go, or keep them out, all of them or none.

    Args:
        pair_ids: The pairs.
        released: Whether they may go.
        by: Who decides; a QA lead or an administrator.
        reason: Why.
        findings: The findings that it is about; none named: all that hold the pair.

    Raises:
        BadInput: A pair is not in quarantine, has no such finding, or whoever decides may not.
    """
    if not reason.strip():
        raise BadInput("say why with --reason; the finding keeps it, and the card of a release shows it")
    async with _transaction() as connection:
        await check_lead(connection, by)
        now = await now_of(connection)
        for pair_id in dict.fromkeys(pair_ids):
            held = await held_pair(connection, pair_id)
            event = decision(held, released=released, by=by, reason=reason, findings=findings, now=now)
            act = "quarantine.released" if released else "quarantine.kept_out"
            await audit.note(connection, by, act, pair_id, {"findings": event.findings, "reason": reason})
            await queue(connection, [event])
    return list(dict.fromkeys(pair_ids))


def decision(
    held: HeldPair, *, released: bool, by: str, reason: str, findings: Sequence[str], now: datetime
) -> QuarantineDecided:
    """Return what to say of a decision.

    Raises:
        BadInput: The pair has no such finding.
    """
    unknown = [one for one in findings if one not in held.findings]
    if unknown:
        raise BadInput(
            f"{held.pair_id} is not held by {', '.join(unknown)}; what holds it: {', '.join(held.findings)}"
        )
    return QuarantineDecided(
        event_id=derived_id("quarantine", held.verdict_id, by, now.isoformat(), *findings),
        occurred_at=now,
        source="prefstream/quarantine",
        subject=held.pair_id,
        correlation_id=held.pair_id,
        causation_id=held.verdict_id,
        pair_id=held.pair_id,
        verdict_id=held.verdict_id,
        resolution_id=held.resolution_id,
        findings=tuple(findings or held.findings),
        released=released,
        reason=reason,
        by=by,
    )


def _document(one: HeldPair) -> dict[str, Any]:
    return {
        "pair_id": one.pair_id,
        "slice": one.slice,
        "resolved_at": one.resolved_at.isoformat(),
        "verdict_id": one.verdict_id,
        "findings": one.findings,
    }


@asynccontextmanager
async def _transaction() -> AsyncIterator[Connection]:
    connection = await connect(find_places(Settings()).dsn.get_secret_value())
    try:
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()
