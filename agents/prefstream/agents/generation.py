"""Generation: candidate responses to a curated prompt, cut into pairs.

What to draw, when to draw again and which two make a pair is decided by the plans in
`prefstream.domain.generation`; `Work` turns draws into calls and answers into candidates.
"""

from dataclasses import dataclass, field

from prefstream.agents.derivation import weakest
from prefstream.agents.generators.ports import Generator, Scorer
from prefstream.agents.generators.work import UNREADABLE, Makers, Work
from prefstream.agents.stage import Failure, Given, Needs, Outcome, Refusal, Retry
from prefstream.domain.generation import Strategy, cuts
from prefstream.schemas import topics
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import BadInput
from prefstream.schemas.ids import derived_id
from prefstream.schemas.prompts import PromptCurated
from prefstream.schemas.topics import TopicSpec

__all__ = ["Generation", "Generator", "Scorer", "again", "weakest"]

#: Version of the logic; what the settings change is added to it.
LOGIC_VERSION = "2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The stage from curated prompts to proposed pairs."""

    generators: tuple[Generator, ...]
    strategy: Strategy = field(default_factory=Strategy)
    scorer: Scorer | None = None
    name: str = "generation"
    inputs: tuple[TopicSpec, ...] = (topics.PROMPTS_CURATED,)
    stateful: bool = False
    #: The identity of the strategy with its generators and its scorer: part of every group's id.
    strategy_id: str = field(init=False)
    #: Other settings make other pairs, so they are another version.
    version: str = field(init=False)

    def __post_init__(self) -> None:
        if self.strategy.scored and self.scorer is None:
            raise BadInput(f"{self.strategy.name} scores its candidates, and there is no scorer; name one")
        scorer = self.scorer.id if self.scorer and self.strategy.scored else ""
        sources = [generator.id for generator in self.generators]
        identity = derived_id("strategy", LOGIC_VERSION, *self.strategy.parts, scorer, *sources)
        object.__setattr__(self, "strategy_id", identity)
        object.__setattr__(self, "version", f"{LOGIC_VERSION}#{identity[:8]}")

    def needs(self, event: Event, given: Given) -> Needs:
        """Return the calls that are next: draws, or scores of what was drawn."""
        if not isinstance(event, PromptCurated) or _passing(given):
            return Needs()
        work = self._work(event, given)
        step = work.step()
        calls = [work.call(draw) for draw in step.draws]
        calls += [call for draft in step.unmarked for call in work.scoring(draft)]
        return Needs(calls=tuple(calls))

    def handle(self, event: Event, given: Given) -> Outcome:
        """Return the pairs, or the prompt set aside with the reason, or when to try again."""
        if not isinstance(event, PromptCurated):
            return Outcome()
        passing = _passing(given)
        if passing:
            # What waits for a key, money or a batch says so: such a wait is no failed attempt.
            return Outcome(detour=again(next((one for one in passing if one.waiting), passing[0])))
        work = self._work(event, given)
        step = work.step()
        strategy = self.strategy
        found = cuts(
            strategy.ways, step.candidates, max_pairs=strategy.max_pairs, threshold=strategy.threshold
        )
        if found:
            return Outcome(events=work.pairs(found, step))
        failures = _final(given)
        if failures:
            # Not the prompt's fault: as a dead letter it can be brought back once the cause is gone.
            return Outcome(detour=Refusal(reason=failures[0].reason, detail=failures[0].detail))
        return Outcome(events=(work.set_aside(step),))

    def _work(self, prompt: PromptCurated, given: Given) -> Work:
        makers = Makers(
            generators=self.generators, strategy=self.strategy, scorer=self.scorer, id=self.strategy_id
        )
        return Work(stage=self, makers=makers, prompt=prompt, given=given)


def again(failure: Failure) -> Retry:
    """Return when to try again after a failure that may pass."""
    return Retry(
        reason=failure.reason,
        detail=failure.detail,
        after_s=failure.retry_after_s or 0.0,
        waiting=failure.waiting,
    )


def _passing(given: Given) -> list[Failure]:
    """Return the failures that may pass; while there is one, nothing more is asked."""
    failures = [one for one in given.answers.values() if isinstance(one, Failure)]
    return [one for one in failures if one.transient and one.reason != UNREADABLE]


def _final(given: Given) -> list[Failure]:
    """Return the failures that will not pass."""
    failures = [one for one in given.answers.values() if isinstance(one, Failure)]
    return [one for one in failures if not one.transient]
