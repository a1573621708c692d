"""One prompt on its way through generation: draws as calls, answers as candidates, cuts as pairs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from prefstream.agents.derivation import Named, derived, weakest
from prefstream.agents.generators.ports import Generator, Scorer
from prefstream.agents.stage import Call, Failure, Given, Reply
from prefstream.domain.generation import Candidate, Cut, Draft, Draw, Fault, Mark, Step, Strategy, next_step
from prefstream.domain.generation.plans import shortfall
from prefstream.schemas.ids import derived_id
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.prompts import PromptCurated, PromptSetAside
from prefstream.schemas.values import Response

K = TypeVar("K")
V = TypeVar("V")
#: Reason of a failure that is an answer, but none that can be read.
UNREADABLE = "unreadable_answer"
#: What a provider's stop means for the text before it.
_FAULTS: Mapping[str, Fault] = {
    "unreadable": "unreadable",
    "refusal": "declined",
    "content_filter": "declined",
}
#: An effect comes after its cause: of two events about a prompt the later one counts.
_AFTER = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Makers:
    """Who makes pairs, and how."""

    generators: tuple[Generator, ...]
    strategy: Strategy
    scorer: Scorer | None
    #: The identity of all three together: part of every group's id.
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One prompt on its way through the stage, with what is known by now."""

    stage: Named
    makers: Makers
    prompt: PromptCurated
    given: Given
    #: Everything is made once, however often a plan asks for it.
    calls: dict[Draw, Call] = field(default_factory=dict)
    responses: dict[Draw, Response] = field(default_factory=dict)
    drafts: dict[Draw, Draft | None] = field(default_factory=dict)
    marks: dict[Draw, Mark | None] = field(default_factory=dict)

    def step(self) -> Step:
        """Return what is to be asked next, or what there is."""
        varies = [generator.varies for generator in self.makers.generators]
        return next_step(
            self.makers.strategy,
            varies,
            lambda draw: _kept(self.drafts, draw, self._draft),
            lambda draft: _kept(self.marks, draft.draw, lambda _: self._mark(draft)),
        )

    def call(self, draw: Draw) -> Call:
        """Return the call of a draw."""
        return _kept(
            self.calls, draw, lambda _: self.makers.generators[draw.source].call(self.prompt, draw.number)
        )

    def scoring(self, draft: Draft) -> Sequence[Call]:
        """Return the calls that score a draft."""
        scorer, given = self.makers.scorer, self.given
        assert scorer is not None, "a strategy that scores was given no scorer"
        return scorer.calls(self.prompt, draft.text, given.configuration, given.answers)

    def pairs(self, found: Sequence[Cut], step: Step) -> list[PairProposed]:
        """Return the pairs that were cut from the candidates."""
        group_id = derived_id("group", self.prompt.prompt_id, self.makers.id)
        missing = self._missing(step)
        return [
            self._pair(ordinal, cut, step.candidates, group_id, missing) for ordinal, cut in enumerate(found)
        ]

    def set_aside(self, step: Step) -> PromptSetAside:
        """Return that no pair comes of the prompt, and why."""
        reason, detail = shortfall(self.makers.strategy, step)
        envelope = derived(
            self.stage, self.prompt, subject=self.prompt.prompt_id, answered_ms=self._answered_ms()
        )
        return PromptSetAside(
            **envelope | {"occurred_at": max(envelope["occurred_at"], self.prompt.occurred_at + _AFTER)},
            prompt_id=self.prompt.prompt_id,
            slice=self.prompt.slice,
            reason=reason,
            detail=f"{self.makers.strategy.name}: {detail}",
            constitution_id=self.given.configuration.constitution_id,
        )

    def _pair(
        self,
        ordinal: int,
        cut: Cut,
        candidates: Sequence[Candidate],
        group_id: str,
        missing: tuple[str, ...],
    ) -> PairProposed:
        prompt, first, second = self.prompt, candidates[cut.first], candidates[cut.second]
        drawn = [f"{one.draft.draw.source}.{one.draft.draw.number}" for one in (first, second)]
        pair_id = derived_id("pair", group_id, *drawn)
        if cut.ranked and not _better_is_a(pair_id):
            first, second = second, first
        a, b = self._response(first), self._response(second)
        answered_ms = self._answered_ms()
        return PairProposed(
            **derived(self.stage, prompt, subject=pair_id, ordinal=ordinal, answered_ms=answered_ms),
            pair_id=pair_id,
            prompt_id=prompt.prompt_id,
            messages=prompt.messages,
            response_a=a,
            response_b=b,
            strategy=self.makers.strategy.name,
            group_id=group_id,
            slice=prompt.slice,
            stakes=prompt.stakes,
            tags=prompt.tags,
            stratum_weight=prompt.stratum_weight,
            missing_generators=missing,
            provenance=weakest(prompt.provenance, a.provenance, b.provenance),
        )

    def _missing(self, step: Step) -> tuple[str, ...]:
        """Return the generators that refused and gave no candidate."""
        failed = {draft.draw.source for draft in step.drawn if draft.fault == "failed"}
        gave = {one.draft.draw.source for one in step.candidates}
        return tuple(self.makers.generators[source].id for source in sorted(failed - gave))

    def _draft(self, draw: Draw) -> Draft | None:
        answer = self.given.answers.get(self.call(draw).request_id)
        if answer is None:
            return None
        if isinstance(answer, Failure):
            return Draft(draw=draw, fault="unreadable" if answer.reason == UNREADABLE else "failed")
        response = self.makers.generators[draw.source].response(answer.content, draw.number)
        self.responses[draw] = response
        return Draft(draw=draw, text=response.text, fault=self._fault(answer, response))

    def _fault(self, reply: Reply, response: Response) -> Fault | None:
        stopped = _FAULTS.get(str(reply.content.get("stop", "")))
        if stopped:
            return stopped
        if not response.text.strip():
            return "empty"
        cut = response.parameters.get("truncated") and not self.makers.strategy.allow_truncated
        return "truncated" if cut else None

    def _mark(self, draft: Draft) -> Mark | None:
        scorer, given = self.makers.scorer, self.given
        assert scorer is not None, "a strategy that scores was given no scorer"
        return scorer.mark(self.prompt, draft.text, given.configuration, given.answers)

    def _response(self, candidate: Candidate) -> Response:
        """Return the candidate as the pair shows it, with its score and who gave it."""
        response, mark = self.responses[candidate.draft.draw], candidate.mark
        if mark is None or self.makers.scorer is None:
            return response
        scores = {f"score:{clause}": score for clause, score in sorted(mark.clauses.items())}
        told = {"scorer": self.makers.scorer.id, "score": mark.score, **scores}
        return response.model_copy(update={"parameters": {**response.parameters, **told}})

    def _answered_ms(self) -> list[int]:
        return [one.at_ms for one in self.given.answers.values() if isinstance(one, Reply)]


def _better_is_a(pair_id: str) -> bool:
    """Return whether the higher score stands first: a fair coin, else A would always win."""
    return int(derived_id("generation", "sides", pair_id)[0], 16) % 2 == 0


def _kept(known: dict[K, V], key: K, find: Callable[[K], V]) -> V:
    if key not in known:
        known[key] = find(key)
    return known[key]
