"""Generation: candidate responses to a curated prompt, cut into pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Protocol

from prefstream.agents.derivation import derived
from prefstream.agents.stage import Answer, Call, Failure, Given, Needs, Outcome, Refusal, Reply, Retry
from prefstream.schemas import topics
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.prompts import PromptCurated
from prefstream.schemas.topics import TopicSpec
from prefstream.schemas.values import Provenance, Response

_WEAKEST = (Provenance.SIMULATED, Provenance.OFFLINE, Provenance.RECORDED, Provenance.REAL)


class Generator(Protocol):
    """One source of candidate responses."""

    def call(self, prompt: PromptCurated) -> Call:
        """Return the request that asks for a candidate."""
        ...

    def response(self, content: Mapping[str, Any]) -> Response:
        """Return the candidate that an answer holds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The stage from curated prompts to proposed pairs."""

    generators: tuple[Generator, ...]
    strategy: str = "diverse_models"
    name: str = "generation"
    version: str = "1"
    inputs: tuple[TopicSpec, ...] = (topics.PROMPTS_CURATED,)
    stateful: bool = False

    def needs(self, event: Event, given: Given) -> Needs:  # noqa: ARG002
        """Return one call per generator."""
        if not isinstance(event, PromptCurated):
            return Needs()
        return Needs(calls=tuple(generator.call(event) for generator in self.generators))

    def handle(self, event: Event, given: Given) -> Outcome:
        """Return a pair for every two candidates that differ."""
        if not isinstance(event, PromptCurated):
            return Outcome()
        answers = [given.answers[generator.call(event).request_id] for generator in self.generators]
        failure = next((answer for answer in answers if isinstance(answer, Failure)), None)
        if failure is not None:
            return _failed(failure)
        replies = [answer for answer in answers if isinstance(answer, Reply)]
        candidates = [
            generator.response(reply.content)
            for generator, reply in zip(self.generators, replies, strict=True)
        ]
        return Outcome(events=self._pairs(event, candidates, [reply.at_ms for reply in replies]))

    def _pairs(
        self, prompt: PromptCurated, candidates: Sequence[Response], answered_ms: Sequence[int]
    ) -> Sequence[PairProposed]:
        group_id = derived_id("group", prompt.prompt_id, self.strategy)
        cuts = [
            (a, b)
            for a, b in combinations(range(len(candidates)), 2)
            if candidates[a].text != candidates[b].text
        ]
        return [
            PairProposed(
                **derived(
                    self,
                    prompt,
                    subject=(pair_id := derived_id("pair", group_id, a, b)),
                    ordinal=ordinal,
                    answered_ms=answered_ms,
                ),
                pair_id=pair_id,
                prompt_id=prompt.prompt_id,
                messages=prompt.messages,
                response_a=candidates[a],
                response_b=candidates[b],
                strategy=self.strategy,
                group_id=group_id,
                slice=prompt.slice,
                stakes=prompt.stakes,
                tags=prompt.tags,
                stratum_weight=prompt.stratum_weight,
                provenance=weakest(prompt.provenance, candidates[a].provenance, candidates[b].provenance),
            )
            for ordinal, (a, b) in enumerate(cuts)
        ]


def weakest(*provenances: Provenance) -> Provenance:
    """Return the least real of several provenances: what one part lacks, the whole lacks.

    >>> weakest(Provenance.REAL, Provenance.OFFLINE)
    <Provenance.OFFLINE: 'offline'>
    """
    return min(provenances, key=_WEAKEST.index)


def again(failure: Failure) -> Retry:
    """Return when to try again after a failure that may pass."""
    return Retry(
        reason=failure.reason,
        detail=failure.detail,
        after_s=failure.retry_after_s or 0.0,
        waiting=failure.waiting,
    )


def _failed(failure: Answer) -> Outcome:
    assert isinstance(failure, Failure)
    if failure.transient:
        return Outcome(detour=again(failure))
    return Outcome(detour=Refusal(reason=failure.reason, detail=failure.detail))
