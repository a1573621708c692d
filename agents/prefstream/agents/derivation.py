"""Envelopes of derived events."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Protocol

from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import event_id
from prefstream.schemas.values import Provenance

_WEAKEST = (Provenance.SIMULATED, Provenance.OFFLINE, Provenance.RECORDED, Provenance.REAL)


class Named(Protocol):
    """Whatever derives events: it has a name and a version."""

    @property
    def name(self) -> str:
        """Return the name."""
        ...

    @property
    def version(self) -> str:
        """Return the version."""
        ...


def derived(
    stage: Named,
    cause: Event,
    *,
    subject: str,
    ordinal: int = 0,
    input_id: str | None = None,
    answered_ms: Iterable[int] = (),
) -> dict[str, Any]:
    """Return the envelope of an event that a stage derives from a cause.

    Args:
        stage: Who derives it.
        cause: The event that directly caused it.
        subject: What the new event is about; also its key.
        ordinal: Position among the outputs of this input.
        input_id: What the id is derived from, when that is not the cause alone.
        answered_ms: When outside answers were had; the latest of them and the cause is event time.
    """
    times = [datetime.fromtimestamp(ms / 1000, UTC) for ms in answered_ms]
    return {
        "event_id": event_id(
            stage=stage.name,
            input_id=input_id or cause.event_id,
            stage_version=stage.version,
            ordinal=ordinal,
        ),
        "occurred_at": max([cause.occurred_at, *times]) if times else cause.occurred_at,
        "source": f"prefstream/{stage.name}",
        "subject": subject,
        "causation_id": cause.event_id,
        "correlation_id": subject,
        "stage_version": stage.version,
    }


def weakest(*provenances: Provenance) -> Provenance:
    """Return the least real of several provenances: what one part lacks, the whole lacks.

    >>> weakest(Provenance.REAL, Provenance.OFFLINE)
    <Provenance.OFFLINE: 'offline'>
    """
    return min(provenances, key=_WEAKEST.index)
