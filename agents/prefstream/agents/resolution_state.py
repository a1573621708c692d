"""What resolution knows of a pair, and its bytes.

Plain tuples and JSON arrays: they are read and written for every pair, and nobody else reads them.
"""

from datetime import datetime
from typing import Any, NamedTuple, cast

import orjson

from prefstream.domain.resolution import Ballot, Round
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.routes import PairRouted
from prefstream.schemas.values import Preference, Provenance, Verdict


class RouteState(NamedTuple):
    """What routing said."""

    event_id: str
    occurred_at: datetime
    slice: str
    accepted: bool
    judge_label: Preference | None
    p_a: float | None
    overlap: int
    provenance: Provenance


class LabelState(NamedTuple):
    """What one person said."""

    event_id: str
    occurred_at: datetime
    annotator: str
    verdict: Verdict
    round: Round
    provenance: Provenance

    @property
    def ballot(self) -> Ballot:
        """Return the label as a ballot."""
        return Ballot(
            event_id=self.event_id, annotator=self.annotator, verdict=self.verdict, round=self.round
        )


class Evidence(NamedTuple):
    """The evidence on one pair."""

    route: RouteState | None = None
    labels: tuple[LabelState, ...] = ()
    #: The route that takes the accepting one back.
    reopened: RouteState | None = None


def with_event(evidence: Evidence, event: PairRouted | LabelSubmitted) -> Evidence:
    """Return the evidence with the event; the same object where that says nothing new.

    Of several routes the first stays, however the others came about: a repeat under a policy that was
    published meanwhile is another event. Only a route that says which one it takes back comes beside it.
    """
    if isinstance(event, PairRouted) and event.revises is not None:
        return evidence if evidence.reopened else evidence._replace(reopened=_route(event))
    if isinstance(event, PairRouted):
        return evidence if evidence.route else evidence._replace(route=_route(event))
    if any(label.event_id == event.event_id for label in evidence.labels):
        return evidence
    label = LabelState(
        event.event_id, event.occurred_at, event.annotator, event.verdict, event.round, event.provenance
    )
    return evidence._replace(labels=(*evidence.labels, label))


def packed_evidence(evidence: Evidence) -> bytes:
    """Return the bytes of the evidence on a pair."""
    route, labels, reopened = evidence
    said = (tuple(route) if route else None, [tuple(label) for label in labels])
    return orjson.dumps((*said, tuple(reopened)) if reopened else said)


def unpacked_evidence(stored: bytes | None) -> Evidence:
    """Return the evidence that these bytes say; none for none."""
    if stored is None:
        return Evidence()
    route, labels, *reopened = orjson.loads(stored)
    return Evidence(
        _read_route(route) if route else None,
        tuple([_read_label(label) for label in labels]),
        _read_route(reopened[0]) if reopened else None,
    )


def _route(event: PairRouted) -> RouteState:
    return RouteState(
        event.event_id,
        event.occurred_at,
        event.slice,
        event.route == "accept" and not event.audit,
        event.judge_label,
        event.p_a,
        event.overlap,
        event.provenance,
    )


def _read_route(said: list[Any]) -> RouteState:
    event_id, occurred_at, slice_name, accepted, judge_label, p_a, overlap, provenance = said
    return RouteState(
        event_id,
        datetime.fromisoformat(occurred_at),
        slice_name,
        accepted,
        None if judge_label is None else Preference(judge_label),
        p_a,
        overlap,
        Provenance(provenance),
    )


def _read_label(said: list[Any]) -> LabelState:
    event_id, occurred_at, annotator, verdict, round_name, provenance = said
    return LabelState(
        event_id,
        datetime.fromisoformat(occurred_at),
        annotator,
        Verdict(verdict),
        cast("Round", round_name),
        Provenance(provenance),
    )
