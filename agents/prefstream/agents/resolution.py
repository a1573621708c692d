"""Resolution: people's labels and the route become the pair's label.

Routes and labels come on two topics and may come in either order; what is said depends on the
evidence only, never on which came first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from prefstream.agents.generation import weakest
from prefstream.agents.resolution_state import (
    Asked,
    Evidence,
    LabelState,
    RouteState,
    WithdrawalState,
    packed_evidence,
    unpacked_evidence,
    with_event,
)
from prefstream.agents.stage import NOTHING, Given, Needs, Outcome
from prefstream.domain.crowds import Crowd
from prefstream.domain.resolution import Disputed, Resolved, resolutions
from prefstream.schemas import topics
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id, event_id
from prefstream.schemas.labels import LabelDisputed, LabelResolved, LabelSubmitted, LabelWithdrawn
from prefstream.schemas.routes import PairRouted
from prefstream.schemas.topics import TopicSpec

_EVIDENTIAL: Final = (PairRouted, LabelSubmitted, LabelWithdrawn)
#: `None`: the judge's label was accepted.
_Step = Resolved | Disputed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The stage from routes and labels to resolved or disputed pairs."""

    name: str = "resolution"
    version: str = "3"
    inputs: tuple[TopicSpec, ...] = (topics.PAIRS_ROUTED, topics.LABELS_SUBMITTED)
    stateful: bool = True

    def needs(self, event: Event, given: Given) -> Needs:  # noqa: ARG002
        """Return the pair's evidence so far."""
        if isinstance(event, _EVIDENTIAL):
            return Needs(keys=frozenset((event.pair_id,)), final=True)
        return NOTHING

    def handle(self, event: Event, given: Given) -> Outcome:
        """Return what the evidence says now and did not say before; all of it for a repeated event."""
        if not isinstance(event, _EVIDENTIAL):
            return Outcome()
        pair_id, crowds = event.pair_id, given.configuration.crowds
        before = unpacked_evidence(given.states[pair_id])
        after = with_event(before, event)
        steps, known = _steps(after, crowds)
        said = self._said(pair_id, known, steps)
        if after is before:
            return Outcome(events=said)
        if isinstance(event, PairRouted):
            said_before = len(_steps(before, crowds)[0])
        else:
            # What comes last in the evidence brings about what comes last of what is said.
            said_before = len([step for step in steps if step is None or step.trigger != event.event_id])
        return Outcome(events=said[said_before:], states={pair_id: packed_evidence(known)})

    def _said(
        self, pair_id: str, state: Evidence, steps: Sequence[_Step]
    ) -> Sequence[LabelResolved | LabelDisputed]:
        route = state.route
        if route is None:
            return ()
        said: list[LabelResolved | LabelDisputed] = []
        for step in steps:
            if step is None:
                said.append(self._accepted(pair_id, route))
                route = state.reopened or route
            else:
                after = said[-1].occurred_at if said else None
                said.append(self._event(pair_id, state, route, step, after=after))
        return said

    def _accepted(self, pair_id: str, route: RouteState) -> LabelResolved:
        label = route.judge_label
        assert label is not None
        return LabelResolved(
            **self._envelope(pair_id, (route.event_id,), route.event_id, route.occurred_at),
            pair_id=pair_id,
            slice=route.slice,
            label=label,
            margin=label.margin,
            soft_label=route.p_a,
            method="judge",
            evidence=(route.event_id,),
            grounds=(route.ground,),
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
        used: list[LabelState | WithdrawalState] = [
            label for label in state.labels if label.event_id in step.evidence
        ]
        gone = [one for one in state.withdrawals if one.event_id == step.trigger]
        used += gone
        moment, cause = max(
            [(route.occurred_at, route.event_id), *[(one.occurred_at, one.event_id) for one in used]]
        )
        if after is not None and moment <= after:
            # People's clocks differ, but what revises a resolution must be later than it.
            moment = after + timedelta(microseconds=1)
        # One withdrawal brings about several steps, on evidence that others rested on before.
        rests_on = (*step.evidence, step.trigger, _name(step)) if gone else step.evidence
        base = self._envelope(pair_id, rests_on, step.trigger if gone else cause, moment) | {
            "pair_id": pair_id,
            "slice": route.slice,
            "evidence": step.evidence,
            "reliability_id": step.reliability_id,
            "provenance": weakest(route.provenance, *[one.provenance for one in used]),
        }
        if isinstance(step, Disputed):
            return LabelDisputed(**base, reason=step.reason, next_round=step.next_round, needed=step.needed)
        return LabelResolved(
            **base,
            label=step.label,
            margin=step.label.margin,
            soft_label=step.soft_label,
            method=step.method,
            grounds=tuple([label.ground for label in state.labels if label.event_id in step.evidence]),
        )

    def _envelope(
        self, pair_id: str, rests_on: Sequence[str], cause: str, moment: datetime
    ) -> dict[str, Any]:
        return {
            "event_id": event_id(
                stage=self.name, input_id=derived_id(pair_id, *rests_on), stage_version=self.version
            ),
            "occurred_at": moment,
            "source": f"prefstream/{self.name}",
            "subject": pair_id,
            "causation_id": cause,
            "correlation_id": pair_id,
            "stage_version": self.version,
        }


def _steps(state: Evidence, crowds: Mapping[str, Crowd]) -> tuple[Sequence[_Step], Evidence]:
    """Return all that follows from the evidence, and the evidence with how sure it was found."""
    route = state.route
    if route is None:
        return (), state
    accepted = route.accepted and route.judge_label is not None
    if accepted:
        if state.reopened is None:
            return (None,), state
        route = state.reopened
    if route.rule is None:
        steps: Sequence[_Step] = resolutions(state.in_order, overlap=route.overlap)
    else:
        sure = Asked(state.sureness, rule=route.rule, crowd=crowds.get(route.slice))
        steps = resolutions(state.in_order, overlap=route.overlap, sure=sure)
        state = state._replace(sureness=sure.said)
    return (None, *steps) if accepted else steps, state


def _name(step: Resolved | Disputed) -> str:
    """Return what tells apart the steps that one withdrawal brings about."""
    return step.reason if isinstance(step, Disputed) else step.method
