"""Routing: accept the judge's label or ask people."""

from dataclasses import dataclass

from prefstream.agents.derivation import derived
from prefstream.agents.stage import NOTHING, Configuration, Given, Needs, Outcome
from prefstream.domain.escalation import Doubtful, priority_of, violated_clauses
from prefstream.domain.routing import Case, Decision, decide
from prefstream.schemas import topics
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.judgements import JudgementFailed, PairJudged
from prefstream.schemas.routes import PairRouted
from prefstream.schemas.selection import Priority
from prefstream.schemas.topics import TopicSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """The stage from judged to routed pairs."""

    #: Labels by people that an escalated pair needs while no policy says otherwise.
    overlap: int = 1
    name: str = "routing"
    version: str = "3"
    inputs: tuple[TopicSpec, ...] = (topics.PAIRS_JUDGED,)
    stateful: bool = False

    def needs(self, event: Event, given: Given) -> Needs:  # noqa: ARG002
        """Return nothing: policy and constitution are in the configuration."""
        return NOTHING

    def handle(self, event: Event, given: Given) -> Outcome:
        """Return the route with its reasons."""
        if not isinstance(event, PairJudged | JudgementFailed):
            return Outcome()
        published = given.configuration
        policy = published.policy
        rule = policy.overlaps.get(event.slice) if policy else None
        overlap = rule.fewest if rule else policy.overlap if policy else self.overlap
        case = _case(event)
        decision = decide(case, policy=policy, constitution=published.constitution)
        routed = PairRouted(
            **derived(self, event, subject=event.pair_id, input_id=_evidence(event, published, overlap)),
            pair_id=event.pair_id,
            prompt_id=event.prompt_id,
            slice=event.slice,
            stakes=event.stakes,
            route=decision.route,
            audit=decision.audit,
            reasons=decision.reasons,
            policy_id=published.policy_id,
            threshold=decision.threshold,
            propensity=decision.propensity,
            judge_label=case.label,
            p_a=event.p_a if isinstance(event, PairJudged) else None,
            confidence=case.confidence,
            judge_id=event.judge_id,
            overlap=overlap,
            overlap_rule=rule,
            provenance=event.provenance,
            constitution_id=published.constitution_id,
            judged_under=event.constitution_id,
            priority=_priority(event, case, decision, published),
        )
        return Outcome(events=(routed,))


def _evidence(event: PairJudged | JudgementFailed, published: Configuration, overlap: int) -> str:
    """Return the id of all that a route rests on: a repeat under other configuration is another event."""
    return derived_id(
        event.event_id,
        published.constitution_id,
        published.policy_id or "",
        published.selection_id or "",
        overlap,
    )


def _priority(
    event: PairJudged | JudgementFailed, case: Case, decision: Decision, published: Configuration
) -> Priority | None:
    """Return the pair's place in the queue, once it is decided that it goes there."""
    if decision.route == "accept" and not decision.audit:
        return None
    judged = event if isinstance(event, PairJudged) else None
    pair = Doubtful(
        stakes=case.stakes,
        p_a=judged.p_a if judged else None,
        label=case.label,
        sketch=judged.sketch if judged else None,
        audit=decision.audit,
    )
    return priority_of(pair, selection=published.selection, selection_id=published.selection_id)


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
        violated=violated_clauses(judged.critiques) if judged else (),
    )
