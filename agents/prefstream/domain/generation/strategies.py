"""Strategies: where the contrast between candidates comes from, and how many are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from prefstream.domain.generation.pairing import Pairing, needs_scores

StrategyName = Literal[
    "diverse_models", "temperature_diversity", "best_of_n", "rejection_sampling", "prompt_variants"
]
STRATEGIES: tuple[StrategyName, ...] = get_args(StrategyName)
#: Most candidates of one prompt, and most draws for them. Each draw may cost a round of questions, or
#: three where it is scored before the next; who asks gives up after 50 rounds.
MAX_CANDIDATES, MAX_DRAWS, MAX_DRAWS_SCORED = 16, 40, 16
_OWN_PAIRINGS: Mapping[StrategyName, tuple[Pairing, ...]] = {
    "best_of_n": ("best_vs_worst",),
    "rejection_sampling": ("accepted_vs_rejected",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """How candidates are drawn and paired."""

    name: StrategyName = "diverse_models"
    #: Candidates asked for at first; `None`: one of every source, and at least two.
    n: int | None = None
    #: Most draws for one prompt, the first ones and all repetitions; `None`: twice as many as at first,
    #: or four times for rejection sampling.
    budget: int | None = None
    #: How candidates become pairs; empty: the strategy's own way.
    pairings: tuple[Pairing, ...] = ()
    max_pairs: int = 10
    #: Rejection sampling accepts a candidate from this score on.
    threshold: float = 0.7
    #: A candidate that was cut off by the token limit may stand.
    allow_truncated: bool = False

    @property
    def ways(self) -> tuple[Pairing, ...]:
        """Return how candidates become pairs."""
        return self.pairings or _OWN_PAIRINGS.get(self.name, ("all",))

    @property
    def scored(self) -> bool:
        """Return whether candidates have to be scored."""
        return self.name in _OWN_PAIRINGS or any(needs_scores(way) for way in self.ways)

    def count(self, sources: int) -> int:
        """Return how many candidates are asked for at first."""
        return self.n if self.n is not None else max(sources, 2)

    def most_draws(self, sources: int) -> int:
        """Return how many draws one prompt may cost."""
        if self.budget is not None:
            return self.budget
        factor, most = (4, MAX_DRAWS_SCORED) if self.name == "rejection_sampling" else (2, MAX_DRAWS)
        return max(self.count(sources), min(factor * self.count(sources), most))

    @property
    def parts(self) -> tuple[str | int, ...]:
        """Return everything that changes which pairs are made, for an identity."""
        numbers = (self.n, self.budget, self.max_pairs, self.threshold, self.allow_truncated)
        return (self.name, *(str(one) for one in numbers), *self.ways)


def unworkable(strategy: Strategy, varies: Sequence[bool], *, scorer: bool) -> str | None:
    """Return why a strategy cannot work, in a sentence without its end; `None` when it can.

    Args:
        strategy: The strategy.
        varies: Per source, whether another draw may give another candidate.
        scorer: Whether there is a scorer.
    """
    sources = len(varies)
    first, most = strategy.count(sources), strategy.most_draws(sources)
    rejects = strategy.name == "rejection_sampling"
    limit = MAX_DRAWS_SCORED if rejects else MAX_DRAWS
    most_candidates = first if any(varies) else sources
    problems = {
        "there is no generator": not sources,
        f"{strategy.name} scores its candidates, and there is no scorer": strategy.scored and not scorer,
        f"n = {first} candidates make no pair": first < 2,
        f"n = {first} candidates are too many; {MAX_CANDIDATES} is the limit": first > MAX_CANDIDATES,
        f"n = {first} leaves out some of the {sources} sources": first < sources,
        f"a budget of {most} draws does not pay for n = {first} candidates": most < first,
        f"a budget of {most} draws is too large; {limit} is the limit": most > limit,
        f"every source gives one answer only, so n = {first} candidates of {sources} cannot be had": (
            sources > 0 and most_candidates < first
        ),
        "accepted_vs_rejected pairs what rejection_sampling draws": (
            not rejects and "accepted_vs_rejected" in strategy.ways
        ),
        "rejection_sampling pairs accepted against rejected candidates only": (
            rejects and strategy.ways != ("accepted_vs_rejected",)
        ),
    }
    return next((problem for problem, holds in problems.items() if holds), None)
