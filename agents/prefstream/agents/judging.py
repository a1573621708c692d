"""Judging: a panel reads the pair; every vote is kept, the pool is measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from prefstream.agents.derivation import derived
from prefstream.agents.generation import again, weakest
from prefstream.agents.stage import Answer, Call, Configuration, Failure, Given, Needs, Outcome, Reply
from prefstream.domain.pooling import pooled
from prefstream.schemas import topics
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.judgements import JudgementFailed, PairJudged
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.topics import TopicSpec
from prefstream.schemas.values import Vote

Answers = Mapping[str, Answer]


class Judge(Protocol):
    """One judge on the panel."""

    @property
    def id(self) -> str:
        """Return the identity of model, prompt and settings."""
        ...

    def calls(self, pair: PairProposed, configuration: Configuration, answers: Answers) -> Sequence[Call]:
        """Return the calls needed, in view of the answers so far."""
        ...

    def votes(self, pair: PairProposed, configuration: Configuration, answers: Answers) -> Sequence[Vote]:
        """Return the judge's votes, given the answers to all its calls."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """The stage from proposed to judged pairs."""

    panel: tuple[Judge, ...]
    name: str = "judging"
    version: str = "1"
    inputs: tuple[TopicSpec, ...] = (topics.PAIRS_PROPOSED,)
    stateful: bool = False

    @property
    def judge_id(self) -> str:
        """Return the identity of the panel; a routing policy applies to one panel only."""
        ids = [judge.id for judge in self.panel]
        return ids[0] if len(ids) == 1 else f"panel:{derived_id('panel', *ids)}"

    def needs(self, event: Event, given: Given) -> Needs:
        """Return the calls of the whole panel."""
        if not isinstance(event, PairProposed):
            return Needs()
        calls = (judge.calls(event, given.configuration, given.answers) for judge in self.panel)
        return Needs(calls=tuple(call for some in calls for call in some))

    def handle(self, event: Event, given: Given) -> Outcome:
        """Return the pooled judgement with its votes, or that there is none, or when to try again."""
        if not isinstance(event, PairProposed):
            return Outcome()
        failures = [answer for answer in given.answers.values() if isinstance(answer, Failure)]
        transient = next((failure for failure in failures if failure.transient), None)
        if transient is not None:
            return Outcome(detour=again(transient))
        votes = [vote for j in self.panel for vote in j.votes(event, given.configuration, given.answers)]
        return Outcome(events=(self._judgement(event, given, votes, failures),))

    def _judgement(
        self, pair: PairProposed, given: Given, votes: Sequence[Vote], failures: Sequence[Failure]
    ) -> PairJudged | JudgementFailed:
        answered = [answer.at_ms for answer in given.answers.values() if isinstance(answer, Reply)]
        base = derived(self, pair, subject=pair.pair_id, answered_ms=answered) | {
            "pair_id": pair.pair_id,
            "prompt_id": pair.prompt_id,
            "slice": pair.slice,
            "stakes": pair.stakes,
            "tags": pair.tags,
            "judge_id": self.judge_id,
            "constitution_id": given.configuration.constitution_id,
        }
        if not votes:
            reason = failures[0].reason if failures else "no_votes"
            detail = failures[0].detail if failures else "the panel cast no vote"
            return JudgementFailed(**base, reason=reason, detail=detail, provenance=pair.provenance)
        pool = pooled(votes)
        return PairJudged(
            **base,
            votes=tuple(votes),
            p_a=pool.p_a,
            label=pool.label,
            confidence=pool.confidence,
            provenance=weakest(pair.provenance, *(vote.provenance for vote in votes)),
        )
