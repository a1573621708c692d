"""Messages of webhooks: what other systems are told of an event, small enough for any of them.

A message names things by their ids and carries the small facts; texts are read where they are kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from prefstream.schemas.demonstrations import (
    DemonstrationSubmitted,
    RankingSubmitted,
    RatingSubmitted,
    SafetyLabelSubmitted,
)
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelDisputed, LabelResolved, LabelSubmitted, LabelWithdrawn
from prefstream.schemas.pairs import PairRejected, PairValidated
from prefstream.schemas.people import AnnotatorActionTaken
from prefstream.schemas.policies import PolicyPublished, PolicyRevoked

#: Standard Webhooks asks for bodies below 20 kB.
MOST_BODY_BYTES = 20_000
#: Longest text within a message, in characters; the event itself has all of it.
_MOST_TEXT = 500
#: Most entries of a list within a message.
_MOST_ENTRIES = 20


class MessageType(StrEnum):
    """What a message is about; endpoints choose among these."""

    LABEL_SUBMITTED = "label.submitted"
    LABEL_WITHDRAWN = "label.withdrawn"
    LABEL_RESOLVED = "label.resolved"
    LABEL_DISPUTED = "label.disputed"
    PAIR_VALIDATED = "pair.validated"
    PAIR_REJECTED = "pair.rejected"
    POLICY_PUBLISHED = "policy.published"
    POLICY_REVOKED = "policy.revoked"
    ANNOTATOR_ACTION = "annotator.action"
    TASK_COMPLETED = "task.completed"
    #: Sent on request only, to try an endpoint out.
    PING = "endpoint.ping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; its id stays the same however often it is sent."""

    message_id: str
    type: MessageType
    #: `None`: it belongs to none, or none is known yet; then every endpoint is told.
    slice: str | None
    occurred_at: datetime
    data: Mapping[str, Any]

    @property
    def body(self) -> bytes:
        """Return the bytes that are signed and sent.

        >>> from datetime import UTC
        >>> moment = datetime(2026, 3, 1, tzinfo=UTC)
        >>> message_of(MessageType.PING, "e1", None, moment, {"endpoint_id": "e1"}).body
        b'{"type":"endpoint.ping","timestamp":"2026-03-01T00:00:00+00:00","data":{"endpoint_id":"e1"}}'
        """
        data = dict(self.data)
        body = self._encoded(data)
        # The longest goes first; the ids are short, so that something is always left to look it up by.
        while len(body) >= MOST_BODY_BYTES:
            longest = max(data, key=lambda name: len(orjson.dumps(data[name])))
            del data[longest]
            body = self._encoded(data | {"cut": True})
        return body

    def _encoded(self, data: Mapping[str, Any]) -> bytes:
        return orjson.dumps({"type": self.type.value, "timestamp": self.occurred_at, "data": data})


def message_of(
    type_: MessageType, cause: str, slice_name: str | None, moment: datetime, data: Mapping[str, Any]
) -> Message:
    """Return the message of a type that a cause gives rise to; the id follows from these two."""
    name = derived_id("webhook", type_.value, cause).replace("-", "")
    return Message(
        message_id=f"msg_{name}", type=type_, slice=slice_name, occurred_at=moment, data=_small(data)
    )


def messages_of(event: Event, *, slice_name: str | None, completes: bool = False) -> Sequence[Message]:
    """Return what is said of an event: nothing, one message or two.

    Args:
        event: The event.
        slice_name: Its pair's slice, for events that do not say it themselves.
        completes: Whether it was the last answer that a task of another kind than pairs asked for.
    """
    teller = _TELLERS.get(type(event))
    if teller is None:
        return ()
    return teller(event, getattr(event, "slice", slice_name), completes)


def _told(event: Event, type_: MessageType, slice_name: str | None, *fields: str, **more: Any) -> Message:
    values = {name: getattr(event, name) for name in fields}
    provenance = getattr(event, "provenance", None)
    data = {"event_id": event.event_id, "slice": slice_name} | values | more
    if provenance is not None:
        data["provenance"] = provenance
    return message_of(type_, event.event_id, slice_name, event.occurred_at, data)


def _label(event: LabelSubmitted, slice_name: str | None, _: bool) -> Sequence[Message]:
    fields = ("pair_id", "annotator", "verdict", "round", "task_id", "clauses", "seconds", "needs_specialist")
    return (_told(event, MessageType.LABEL_SUBMITTED, slice_name, *fields),)


def _withdrawn(event: LabelWithdrawn, slice_name: str | None, _: bool) -> Sequence[Message]:
    fields = ("pair_id", "label_id", "annotator", "reason", "by")
    return (_told(event, MessageType.LABEL_WITHDRAWN, slice_name, *fields),)


def _resolved(event: LabelResolved, slice_name: str | None, _: bool) -> Sequence[Message]:
    fields = ("pair_id", "label", "margin", "soft_label", "method")
    told = _told(event, MessageType.LABEL_RESOLVED, slice_name, *fields)
    if event.method == "judge":
        return (told,)
    completed = _told(event, MessageType.TASK_COMPLETED, slice_name, "pair_id", "method", outcome="resolved")
    return (told, completed)


def _disputed(event: LabelDisputed, slice_name: str | None, _: bool) -> Sequence[Message]:
    told = _told(event, MessageType.LABEL_DISPUTED, slice_name, "pair_id", "reason", "next_round")
    fields = ("pair_id", "next_round")
    completed = _told(event, MessageType.TASK_COMPLETED, slice_name, *fields, outcome="disputed")
    return (told, completed)


def _validated(event: PairValidated, slice_name: str | None, _: bool) -> Sequence[Message]:
    fields = ("pair_id", "label", "soft_label", "method", "resolution_id")
    return (_told(event, MessageType.PAIR_VALIDATED, slice_name, *fields),)


def _rejected(event: PairRejected, slice_name: str | None, _: bool) -> Sequence[Message]:
    return (_told(event, MessageType.PAIR_REJECTED, slice_name, "pair_id", "resolution_id", "reasons"),)


def _published(event: PolicyPublished, slice_name: str | None, _: bool) -> Sequence[Message]:
    slices = sorted(event.policy.slices)
    return (_told(event, MessageType.POLICY_PUBLISHED, slice_name, "policy_id", "by", slices=slices),)


def _revoked(event: PolicyRevoked, slice_name: str | None, _: bool) -> Sequence[Message]:
    return (_told(event, MessageType.POLICY_REVOKED, slice_name, "policy_id", "reason"),)


def _action(event: AnnotatorActionTaken, slice_name: str | None, _: bool) -> Sequence[Message]:
    fields = ("annotator", "action", "why", "by", "until")
    return (_told(event, MessageType.ANNOTATOR_ACTION, slice_name, *fields, labels=len(event.labels)),)


def _other_kind(
    event: RankingSubmitted | RatingSubmitted | DemonstrationSubmitted | SafetyLabelSubmitted,
    slice_name: str | None,
    completes: bool,
) -> Sequence[Message]:
    if not completes:
        return ()
    data = {"task_id": event.task_id, "outcome": "answered", "slice": slice_name}
    # Named by the task, not by the answer: of two answers that both find it complete one is told.
    return (message_of(MessageType.TASK_COMPLETED, event.task_id, slice_name, event.occurred_at, data),)


def _small(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data with long texts and lists cut; that they were is said."""
    small: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, str) and len(value) > _MOST_TEXT:
            small |= {name: value[:_MOST_TEXT], "cut": True}
        elif isinstance(value, list | tuple) and len(value) > _MOST_ENTRIES:
            small |= {name: list(value[:_MOST_ENTRIES]), "cut": True}
        else:
            small[name] = value
    return small


_TELLERS: Mapping[type[Event], Callable[[Any, str | None, bool], Sequence[Message]]] = {
    LabelSubmitted: _label,
    LabelWithdrawn: _withdrawn,
    LabelResolved: _resolved,
    LabelDisputed: _disputed,
    PairValidated: _validated,
    PairRejected: _rejected,
    PolicyPublished: _published,
    PolicyRevoked: _revoked,
    AnnotatorActionTaken: _action,
    RankingSubmitted: _other_kind,
    RatingSubmitted: _other_kind,
    DemonstrationSubmitted: _other_kind,
    SafetyLabelSubmitted: _other_kind,
}
