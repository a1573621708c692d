"""Resolution: people's labels and the route become the pair's label.

Routes and labels come on two topics and may come in either order; what is said depends on the
evidence only, never on which came first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from prefstream.agents.generation import weakest
from prefstream.agents.resolution_state import (
    Evidence,
    RouteState,
    packed_evidence,
    unpacked_evidence,
    with_event,
)
from prefstream.agents.stage import NOTHING, Given, Needs, Outcome
from prefstream.domain.resolution import Disputed, Resolved, resolutions
from prefstream.schemas import topics
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id, event_id
from prefstream.schemas.labels import LabelDisputed, LabelResolved, LabelSubmitted
from prefstream.schemas.routes import PairRouted
from prefstream.schemas.topics import TopicSpec
from prefstream.schemas.values import Preference


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The stage from routes and labels to resolved or disputed pairs."""

    name: str = "resolution"
    version: str = "2"
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
        before = unpacked_evidence(stored)
        after = with_event(before, event)
        if after is before:
            return Outcome(events=self._said(event.pair_id, before))
        said_before = self._said(event.pair_id, before)
        news = self._said(event.pair_id, after)[len(said_before) :]
        return Outcome(events=news, states={event.pair_id: packed_evidence(after)})

    def _said(self, pair_id: str, state: Evidence) -> Sequence[LabelResolved | LabelDisputed]:
        route = state.route
        if route is None:
            return ()
        said: list[LabelResolved | LabelDisputed] = []
        if route.accepted and route.judge_label is not None:
            said.append(self._accepted(pair_id, route, route.judge_label))
            if state.reopened is None:
                return said
            route = state.reopened
        for step in resolutions([label.ballot for label in state.labels], overlap=route.overlap):
            after = said[-1].occurred_at if said else None
            said.append(self._event(pair_id, state, route, step, after=after))
        return said

    def _accepted(self, pair_id: str, route: RouteState, label: Preference) -> LabelResolved:
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
        self,
        pair_id: str,
        state: Evidence,
        route: RouteState,
        step: Resolved | Disputed,
        *,
        after: datetime | None,
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
