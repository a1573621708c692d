"""Judging: a panel reads the pair; every vote is kept, the pool is measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from prefstream.agents.derivation import derived
from prefstream.agents.generation import again, weakest
from prefstream.agents.stage import Answer, Call, Configuration, Failure, Given, Needs, Outcome, Reply
from prefstream.domain.constitution.triggers import trigger_tags
from prefstream.domain.curation import last_user_text
from prefstream.domain.injection import INJECTION_VERSION, suspicions
from prefstream.domain.pooling import opposed, pooled
from prefstream.domain.selection import sketch_of
from prefstream.domain.votes import fitted
from prefstream.schemas import topics
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.judgements import Critique, JudgementFailed, PairJudged
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.topics import TopicSpec
from prefstream.schemas.values import Vote

Answers = Mapping[str, Answer]
#: Reason of a failure that is an answer, but none that can be read: nonsense, too large, cut off.
#: The judge that asked deals with it, as it does with any other unreadable answer.
UNREADABLE = "unreadable_answer"


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


class Critic(Protocol):
    """A judge that can criticise each response by itself before it compares."""

    def critiques(
        self, pair: PairProposed, configuration: Configuration, answers: Answers
    ) -> Sequence[Critique]:
        """Return the critiques, given the answers to all its calls."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one judge of the panel made of a pair."""

    judge: str
    votes: Sequence[Vote]
    critiques: Sequence[Critique] = ()
    #: It could not cast all the votes that were asked of it.
    short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """The stage from proposed to judged pairs."""

    panel: tuple[Judge, ...]
    name: str = "judging"
    #: Another detector flags other pairs, so its version is part of this one.
    version: str = f"3.{INJECTION_VERSION}"
    inputs: tuple[TopicSpec, ...] = (topics.PAIRS_PROPOSED,)
    stateful: bool = False

    @property
    def judge_id(self) -> str:
        """Return the identity of the panel; a routing policy applies to one panel only."""
        ids = [judge.id for judge in self.panel]
        return ids[0] if len(ids) == 1 else f"panel:{derived_id('panel', *ids)}"

    def needs(self, event: Event, given: Given) -> Needs:
        """Return the calls of the whole panel; none for a pair that people decide by ranking."""
        if not isinstance(event, PairProposed) or event.decided_by_people:
            return Needs()
        calls = (judge.calls(event, given.configuration, given.answers) for judge in self.panel)
        return Needs(calls=tuple(call for some in calls for call in some))

    def handle(self, event: Event, given: Given) -> Outcome:
        """Return the pooled judgement with its votes, or that there is none, or when to try again."""
        if not isinstance(event, PairProposed) or event.decided_by_people:
            return Outcome()
        failures = [answer for answer in given.answers.values() if isinstance(answer, Failure)]
        passing = [one for one in failures if one.transient and one.reason != UNREADABLE]
        if passing:
            # What waits for a key, money or a batch says so: such a wait is no failed attempt.
            return Outcome(detour=again(next((one for one in passing if one.waiting), passing[0])))
        readings = [_reading(judge, event, given) for judge in self.panel]
        base = self._base(event, given)
        if not any(reading.votes for reading in readings):
            return Outcome(events=(_failed(event, base, failures),))
        return Outcome(events=(_judged(event, base, readings),))

    def _base(self, pair: PairProposed, given: Given) -> dict[str, Any]:
        """Return what a judgement and a failed one have in common."""
        answered = [answer.at_ms for answer in given.answers.values() if isinstance(answer, Reply)]
        constitution = given.configuration.constitution
        # Pairs that arrive ready-made have not met the triggers before.
        found = trigger_tags(constitution, last_user_text(pair.messages))
        return derived(self, pair, subject=pair.pair_id, answered_ms=answered) | {
            "pair_id": pair.pair_id,
            "prompt_id": pair.prompt_id,
            "slice": pair.slice,
            "stakes": pair.stakes,
            "tags": tuple(sorted({*pair.tags, *found})),
            "judge_id": self.judge_id,
            "constitution_id": given.configuration.constitution_id,
        }


def _reading(judge: Judge, pair: PairProposed, given: Given) -> Reading:
    asked = judge.calls(pair, given.configuration, given.answers)
    answers = [given.answers.get(call.request_id) for call in asked]
    votes = judge.votes(pair, given.configuration, given.answers)
    # Not by isinstance: of a protocol that takes longer than reading the answer.
    critic = cast("Critic", judge) if hasattr(judge, "critiques") else None
    return Reading(
        judge=judge.id,
        votes=votes,
        critiques=critic.critiques(pair, given.configuration, given.answers) if critic else (),
        short=not votes
        or any(isinstance(answer, Failure) and answer.reason != UNREADABLE for answer in answers),
    )


def _failed(pair: PairProposed, base: Mapping[str, Any], failures: Sequence[Failure]) -> JudgementFailed:
    reason = failures[0].reason if failures else "no_votes"
    detail = failures[0].detail if failures else "the panel cast no vote"
    return JudgementFailed(**base, reason=reason, detail=detail, provenance=pair.provenance)


def _judged(pair: PairProposed, base: Mapping[str, Any], readings: Sequence[Reading]) -> PairJudged:
    cast = [vote for reading in readings for vote in reading.votes]
    said = [critique for reading in readings for critique in reading.critiques]
    votes, critiques, cut = fitted(cast, said)
    missing = tuple(reading.judge for reading in readings if reading.short)
    noticed = {
        "injection_suspected": any(
            suspicions(response.text) for response in (pair.response_a, pair.response_b)
        ),
        "judge_missing": bool(missing),
        "judges_disagree": len(readings) > 1 and opposed([pooled(one.votes) for one in readings]),
        "quote_not_found": _invented(votes, critiques),
        "texts_cut": cut,
    }
    pool = pooled(votes)
    return PairJudged(
        **base,
        votes=votes,
        p_a=pool.p_a,
        label=pool.label,
        confidence=pool.confidence,
        flags=tuple(sorted(flag for flag, holds in noticed.items() if holds)),
        missing_judges=missing,
        critiques=critiques,
        sketch=sketch_of(last_user_text(pair.messages), pair.response_a.text, pair.response_b.text),
        provenance=weakest(pair.provenance, *(vote.provenance for vote in votes)),
    )


def _invented(votes: Sequence[Vote], critiques: Sequence[Critique]) -> bool:
    """Return whether a judge or critic quotes words that are in no response."""
    return any(said.quote_found is False for vote in votes for said in vote.clause_verdicts) or any(
        finding.quote_found is False for critique in critiques for finding in critique.findings
    )
