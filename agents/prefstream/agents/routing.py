"""Routing: accept the judge's label or ask people."""

from dataclasses import dataclass

from prefstream.agents.derivation import derived
from prefstream.agents.stage import NOTHING, Given, Needs, Outcome
from prefstream.domain.routing import Case, decide
from prefstream.schemas import topics
from prefstream.schemas.envelope import Event
from prefstream.schemas.judgements import JudgementFailed, PairJudged
from prefstream.schemas.routes import PairRouted
from prefstream.schemas.topics import TopicSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """The stage from judged to routed pairs."""

    #: Labels by people that an escalated pair needs while no policy says otherwise.
    overlap: int = 1
    name: str = "routing"
    version: str = "2"
    inputs: tuple[TopicSpec, ...] = (topics.PAIRS_JUDGED,)
    stateful: bool = False

    def needs(self, event: Event, given: Given) -> Needs:  # noqa: ARG002
        """Return nothing: policy and constitution are in the configuration."""
        return NOTHING

    def handle(self, event: Event, given: Given) -> Outcome:
        """Return the route with its reasons."""
        if not isinstance(event, PairJudged | JudgementFailed):
            return Outcome()
        policy = given.configuration.policy
        case = _case(event)
        decision = decide(case, policy=policy, constitution=given.configuration.constitution)
        routed = PairRouted(
            **derived(self, event, subject=event.pair_id),
            pair_id=event.pair_id,
            prompt_id=event.prompt_id,
            slice=event.slice,
            stakes=event.stakes,
            route=decision.route,
            audit=decision.audit,
            reasons=decision.reasons,
            policy_id=given.configuration.policy_id,
            threshold=decision.threshold,
            propensity=decision.propensity,
            judge_label=case.label,
            p_a=event.p_a if isinstance(event, PairJudged) else None,
            confidence=case.confidence,
            judge_id=event.judge_id,
            overlap=policy.overlap if policy else self.overlap,
            provenance=event.provenance,
        )
        return Outcome(events=(routed,))


def _case(event: PairJudged | JudgementFailed) -> Case:
    judged = event if isinstance(event, PairJudged) else None
    return Case(
        pair_id=event.pair_id,
        slice=event.slice,
        stakes=event.stakes,
        tags=event.tags,
        flags=judged.flags if judged else (),
        label=judged.label if judged else None,
        confidence=judged.confidence if judged else None,
        judge_id=event.judge_id,
        constitution_id=event.constitution_id,
    )
