"""Acts: what is done about a person, and the events that say it. Nothing is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelWithdrawn
from prefstream.schemas.people import AnnotatorActionTaken
from prefstream.schemas.values import Provenance

ActKind = Literal["warn", "pause", "resume", "retrain", "withdraw"]
#: Whoever acts by rule.
RULE = "rule"
_SOURCE = "prefstream/quality"
#: Labels that one event names: more would not fit where the log takes a record of a megabyte.
_LABELS_AT_ONCE = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenLabel:
    """A label that somebody gave."""

    label_id: str
    pair_id: str
    provenance: Provenance = Provenance.REAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing done about a person."""

    annotator: str
    action: ActKind
    why: str
    #: A person, or `RULE`.
    by: str
    at: datetime
    until: datetime | None = None
    #: What was found; empty: nothing, somebody just decided so.
    cause: str = ""
    #: Labels that are withdrawn with it.
    labels: tuple[GivenLabel, ...] = ()
    provenance: Provenance = Provenance.REAL

    @property
    def event_id(self) -> str:
        """Return the id of the event that says it: by rule once per cause, else by its instant."""
        when = "" if self.by == RULE and self.cause else self.at.isoformat()
        return derived_id("quality", self.action, self.annotator, self.by, self.cause, when)


def events_of(act: Act) -> tuple[Event, ...]:
    """Return what the log is told: the act, and each label that is withdrawn by it."""
    return (*_said(act), *(_withdrawn(act, label) for label in act.labels))


def _said(act: Act) -> Sequence[AnnotatorActionTaken]:
    ids = [label.label_id for label in act.labels]
    parts = [tuple(ids[at : at + _LABELS_AT_ONCE]) for at in range(0, len(ids), _LABELS_AT_ONCE)] or [()]
    return [
        AnnotatorActionTaken(
            **_envelope(act, act.event_id if not n else derived_id(act.event_id, n), act.annotator),
            annotator=act.annotator,
            action=act.action,
            why=act.why,
            by=act.by,
            until=act.until,
            labels=part,
            provenance=act.provenance,
        )
        for n, part in enumerate(parts)
    ]


def _withdrawn(act: Act, label: GivenLabel) -> LabelWithdrawn:
    return LabelWithdrawn(
        # A label is withdrawn once, whoever does it and however often.
        **_envelope(act, derived_id("quality", "withdrawn", label.label_id), label.pair_id),
        causation_id=act.event_id,
        pair_id=label.pair_id,
        label_id=label.label_id,
        annotator=act.annotator,
        reason=act.why,
        by=act.by,
        provenance=label.provenance,
    )


def _envelope(act: Act, event_id: str, subject: str) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "occurred_at": act.at,
        "source": _SOURCE,
        "subject": subject,
        "correlation_id": subject,
    }
