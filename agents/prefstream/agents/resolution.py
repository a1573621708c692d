"""Resolution: people's labels and the route become the pair's label.

Routes and labels come on two topics and may come in either order; what is said depends on the
evidence only, never on which came first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime

from prefstream.agents.generation import weakest
from prefstream.agents.stage import NOTHING, Given, Needs, Outcome
from prefstream.domain.resolution import Ballot, Disputed, Resolved, Round, resolutions
from prefstream.schemas import topics
from prefstream.schemas.envelope import Event, Value
from prefstream.schemas.ids import derived_id, event_id
from prefstream.schemas.labels import LabelDisputed, LabelResolved, LabelSubmitted
from prefstream.schemas.routes import PairRouted
from prefstream.schemas.topics import TopicSpec
from prefstream.schemas.values import Preference, Provenance, Verdict


class _Route(Value):
    event_id: str
    occurred_at: AwareDatetime
    slice: str
    accepted: bool
    judge_label: Preference | None
    p_a: float | None
    overlap: int
    provenance: Provenance


class _Label(Value):
    event_id: str
    occurred_at: AwareDatetime
    annotator: str
    verdict: Verdict
    round: Round
    provenance: Provenance


class _State(Value):
    """The evidence on one pair."""

    route: _Route | None = None
    labels: tuple[_Label, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The stage from routes and labels to resolved or disputed pairs."""

    name: str = "resolution"
    version: str = "1"
    inputs: tuple[TopicSpec, ...] = (topics.PAIRS_ROUTED, topics.LABELS_SUBMITTED)
    stateful: bool = True

    def needs(self, event: Event, given: Given) -> Needs:  # noqa: ARG002
        """Return the pair's evidence so far."""
        if isinstance(event, PairRouted | LabelSubmitted):
            return Needs(keys=frozenset((event.pair_id,)), final=True)
        return NOTHING

    def handle(self, event: Event, given: Given) -> Outcome:
        """Return what the evidence says now and did not say before; all of it for a repeated event."""
        if not isinstance(event, PairRouted | LabelSubmitted):
            return Outcome()
        stored = given.states[event.pair_id]
        before = _State.model_validate_json(stored) if stored else _State()
        after = _with(before, event)
        if after == before:
            return Outcome(events=self._said(event.pair_id, before))
        said_before = self._said(event.pair_id, before)
        news = self._said(event.pair_id, after)[len(said_before) :]
        state = after.model_dump_json().encode()
        return Outcome(events=news, states={event.pair_id: state})

    def _said(self, pair_id: str, state: _State) -> Sequence[LabelResolved | LabelDisputed]:
        route = state.route
        if route is None:
            return ()
        if route.accepted and route.judge_label is not None:
            return (self._accepted(pair_id, route, route.judge_label),)
        said: list[LabelResolved | LabelDisputed] = []
        for step in resolutions([_ballot(label) for label in state.labels], overlap=route.overlap):
            after = said[-1].occurred_at if said else None
            said.append(self._event(pair_id, state, route, step, after=after))
        return said

    def _accepted(self, pair_id: str, route: _Route, label: Preference) -> LabelResolved:
        return LabelResolved(
            **self._envelope(pair_id, (route.event_id,), route.event_id, route.occurred_at),
            pair_id=pair_id,
            slice=route.slice,
            label=label,
            margin=label.margin,
            soft_label=route.p_a,
            method="judge",
            evidence=(route.event_id,),
            provenance=route.provenance,
        )

    def _event(
        self, pair_id: str, state: _State, route: _Route, step: Resolved | Disputed, *, after: datetime | None
    ) -> LabelResolved | LabelDisputed:
        used = [label for label in state.labels if label.event_id in step.evidence]
        moment, cause = max(
            [(route.occurred_at, route.event_id), *((x.occurred_at, x.event_id) for x in used)]
        )
        if after is not None and moment <= after:
            # People's clocks differ, but what revises a resolution must be later than it.
            moment = after + timedelta(microseconds=1)
        base = self._envelope(pair_id, step.evidence, cause, moment) | {
            "pair_id": pair_id,
            "slice": route.slice,
            "evidence": step.evidence,
            "provenance": weakest(route.provenance, *(label.provenance for label in used)),
        }
        if isinstance(step, Disputed):
            return LabelDisputed(**base, reason=step.reason, next_round=step.next_round)
        return LabelResolved(
            **base, label=step.label, margin=step.label.margin, soft_label=step.soft_label, method=step.method
        )

    def _envelope(
        self, pair_id: str, evidence: Sequence[str], cause: str, moment: datetime
    ) -> dict[str, Any]:
        return {
            "event_id": event_id(
                stage=self.name, input_id=derived_id(pair_id, *evidence), stage_version=self.version
            ),
            "occurred_at": moment,
            "source": f"prefstream/{self.name}",
            "subject": pair_id,
            "causation_id": cause,
            "correlation_id": pair_id,
            "stage_version": self.version,
        }


def _ballot(label: _Label) -> Ballot:
    return Ballot(
        event_id=label.event_id, annotator=label.annotator, verdict=label.verdict, round=label.round
    )


def _with(state: _State, event: PairRouted | LabelSubmitted) -> _State:
    if isinstance(event, PairRouted):
        return state if state.route else state.model_copy(update={"route": _route(event)})
    if any(label.event_id == event.event_id for label in state.labels):
        return state
    label = _Label(
        event_id=event.event_id,
        occurred_at=event.occurred_at,
        annotator=event.annotator,
        verdict=event.verdict,
        round=event.round,
        provenance=event.provenance,
    )
    return state.model_copy(update={"labels": (*state.labels, label)})


def _route(event: PairRouted) -> _Route:
    return _Route(
        event_id=event.event_id,
        occurred_at=event.occurred_at,
        slice=event.slice,
        accepted=event.route == "accept" and not event.audit,
        judge_label=event.judge_label,
        p_a=event.p_a,
        overlap=event.overlap,
        provenance=event.provenance,
    )
