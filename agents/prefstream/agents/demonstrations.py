"""Demonstrations: a ranking of candidates becomes a preference between each two of them.

The pairs follow from the task alone, the labels from a ranking alone: neither waits for the other,
and what is said does not depend on which came first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from prefstream.agents.derivation import derived, weakest
from prefstream.agents.stage import NOTHING, Given, Needs, Outcome
from prefstream.domain.demonstrations import Duel, duels, verdict_of
from prefstream.domain.escalation.rules import HOUSE
from prefstream.schemas import topics
from prefstream.schemas.demonstrations import RankingSubmitted, TaskKind, TaskProposed
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.routes import PairRouted, Reason, ReasonCode
from prefstream.schemas.topics import TopicSpec

#: The strategy of pairs that are cut from ranked candidates.
RANKED = "ranked"
#: The judge of what no judge reads.
NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstrations:
    """The stage from ranking tasks to pairs, and from rankings to labels."""

    name: str = "demonstrations"
    version: str = "1"
    inputs: tuple[TopicSpec, ...] = (topics.TASKS_PROPOSED, topics.DEMONSTRATIONS_SUBMITTED)
    stateful: bool = False

    def needs(self, event: Event, given: Given) -> Needs:  # noqa: ARG002
        """Return nothing: every event says all there is to know."""
        return NOTHING

    def handle(self, event: Event, given: Given) -> Outcome:  # noqa: ARG002
        """Return the pairs of a ranking task with their routes, or the labels that a ranking gives."""
        if isinstance(event, TaskProposed) and event.kind is TaskKind.RANKING:
            return Outcome(events=self._pairs(event))
        return Outcome(events=self._labels(event)) if isinstance(event, RankingSubmitted) else Outcome()

    def _pairs(self, task: TaskProposed) -> Sequence[PairProposed | PairRouted]:
        said: list[PairProposed | PairRouted] = []
        for duel in duels(task.task_id, len(task.candidates)):
            said += [self._pair(task, duel, len(said)), self._route(task, duel, len(said) + 1)]
        return said

    def _pair(self, task: TaskProposed, duel: Duel, ordinal: int) -> PairProposed:
        response_a, response_b = task.candidates[duel.a], task.candidates[duel.b]
        return PairProposed(
            **derived(self, task, subject=duel.pair_id, ordinal=ordinal),
            pair_id=duel.pair_id,
            prompt_id=_prompt_id(task),
            messages=task.messages,
            response_a=response_a,
            response_b=response_b,
            strategy=RANKED,
            group_id=task.task_id,
            slice=task.slice,
            stakes=task.stakes,
            tags=task.tags,
            decided_by_people=True,
            provenance=weakest(task.provenance, response_a.provenance, response_b.provenance),
        )

    def _route(self, task: TaskProposed, duel: Duel, ordinal: int) -> PairRouted:
        asked = Reason(code=ReasonCode.RANKED, clause=f"{HOUSE}:{RANKED}", detail=f"task {task.task_id}")
        candidates = task.candidates[duel.a], task.candidates[duel.b]
        return PairRouted(
            **derived(self, task, subject=duel.pair_id, ordinal=ordinal),
            pair_id=duel.pair_id,
            prompt_id=_prompt_id(task),
            slice=task.slice,
            stakes=task.stakes,
            route="escalate",
            audit=False,
            reasons=(asked,),
            policy_id=None,
            threshold=None,
            propensity=0.0,
            judge_label=None,
            p_a=None,
            confidence=None,
            judge_id=NOBODY,
            overlap=task.overlap,
            provenance=weakest(task.provenance, *(one.provenance for one in candidates)),
        )

    def _labels(self, ranking: RankingSubmitted) -> Sequence[LabelSubmitted]:
        found = tuple(duels(ranking.task_id, len(ranking.ranks)))
        # So that the time of all the labels is the time that the ranking took.
        seconds = None if ranking.seconds is None else ranking.seconds / len(found)
        return [self._label(ranking, duel, place, seconds) for place, duel in enumerate(found)]

    def _label(
        self, ranking: RankingSubmitted, duel: Duel, ordinal: int, seconds: float | None
    ) -> LabelSubmitted:
        shown = ranking.shown
        return LabelSubmitted(
            **derived(self, ranking, subject=duel.pair_id, ordinal=ordinal),
            pair_id=duel.pair_id,
            annotator=ranking.annotator,
            verdict=verdict_of(ranking.ranks, ranking.unacceptable, a=duel.a, b=duel.b),
            rationale=ranking.rationale,
            clauses=ranking.clauses,
            seconds=seconds,
            sides="ba" if shown and shown.index(duel.b) < shown.index(duel.a) else "ab",
            task_id=ranking.task_id,
            provenance=ranking.provenance,
        )


def _prompt_id(task: TaskProposed) -> str:
    """Return the prompt's id, by what it says where nobody names it, as for prompts that come in."""
    said = orjson.dumps([[message.role, message.content] for message in task.messages]).decode()
    return task.prompt_id or derived_id("ingest", "prompt", said)
