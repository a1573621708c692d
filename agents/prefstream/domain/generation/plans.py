"""Plans: from the answers so far to what is asked next, or to the candidates there are.

A plan is played from its start every time it is asked, with the answers that are there by then. It
always comes by the same way, so a redelivered prompt asks for what it asked before, finds it recorded,
and goes on from there.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from prefstream.domain.generation.draws import Candidate, Draft, Draw, Mark
from prefstream.domain.generation.strategies import Strategy

#: What came of a draw, or of scoring a draft; `None` while it is not known.
Drafts = Callable[[Draw], Draft | None]
Marks = Callable[[Draft], Mark | None]
#: Why no pair can be made.
Shortfall = Literal["no_contrast", "unscored", "none_accepted", "none_rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What has to be asked next; when that is nothing, what there is."""

    draws: tuple[Draw, ...] = ()
    #: Drafts that a scorer has to read.
    unmarked: tuple[Draft, ...] = ()
    #: All different, in the order of their sources, and with a score where the strategy asks for one.
    candidates: tuple[Candidate, ...] = ()
    #: How many more there were that the scorer gave no score.
    without_score: int = 0
    #: Every draw that was answered.
    drawn: tuple[Draft, ...] = ()

    @property
    def final(self) -> bool:
        """Return whether nothing more has to be asked."""
        return not self.draws and not self.unmarked


def next_step(strategy: Strategy, varies: Sequence[bool], drafts: Drafts, marks: Marks) -> Step:
    """Return the next step of a strategy.

    Args:
        strategy: The strategy.
        varies: Per source, whether another draw may give another candidate.
        drafts: What came of the draws so far.
        marks: What the scorer gave so far; not asked where the strategy does without.
    """
    table = _Table(strategy=strategy, varies=tuple(varies), drafts=drafts, marks=marks)
    return _until_split(table) if strategy.name == "rejection_sampling" else _all_at_once(table)


def shortfall(strategy: Strategy, step: Step) -> tuple[Shortfall, str]:
    """Return why a final step gives no pair, as a reason and in words."""
    told = _told(step)
    if step.without_score and len(step.candidates) < 2:
        return "unscored", told
    scores = [one.score for one in step.candidates if one.score is not None]
    if not scores:
        return "no_contrast", told
    best, worst = max(scores), min(scores)
    if strategy.name != "rejection_sampling":
        return "no_contrast", f"{told}; the scores go from {worst:g} to {best:g}"
    if best < strategy.threshold:
        return "none_accepted", f"{told}; the best score is {best:g}, {strategy.threshold:g} was asked for"
    return "none_rejected", f"{told}; the worst score is {worst:g}, {strategy.threshold:g} is accepted"


@dataclass(slots=True, kw_only=True)
class _Table:
    """Where one plan is played: what was drawn, what stands, what may still be drawn."""

    strategy: Strategy
    varies: tuple[bool, ...]
    drafts: Drafts
    marks: Marks
    drawn: list[Draft] = field(default_factory=list)
    standing: dict[str, Draft] = field(default_factory=dict)
    counts: list[int] = field(init=False)
    lost: set[int] = field(default_factory=set)
    turn: int = 0

    def __post_init__(self) -> None:
        self.counts = [0] * len(self.varies)

    @property
    def room(self) -> int:
        """Return how many draws the budget still pays for."""
        return self.strategy.most_draws(len(self.varies)) - len(self.drawn)

    def can(self, source: int) -> bool:
        """Return whether one more draw of a source makes sense."""
        return source not in self.lost and (self.varies[source] or not self.counts[source])

    def draw(self, source: int) -> Draw:
        """Return the next draw of a source."""
        self.counts[source] += 1
        return Draw(source=source, number=self.counts[source] - 1)

    def deal(self, count: int) -> list[Draw]:
        """Return draws of the sources in turn, as far as budget and sources go."""
        dealt: list[Draw] = []
        idle = 0
        while len(dealt) < min(count, self.room) and idle < len(self.varies):
            source = self.turn % len(self.varies)
            self.turn += 1
            idle = 0 if self.can(source) else idle + 1
            dealt += [] if idle else [self.draw(source)]
        return dealt

    def take(self, wave: Sequence[Draw]) -> list[Draw]:
        """Take in a wave that was answered; return the draws that gave no candidate of their own."""
        spoilt = []
        for draw in wave:
            draft = self.drafts(draw)
            assert draft is not None
            self.drawn.append(draft)
            if draft.fault == "failed":
                self.lost.add(draw.source)
            if draft.fault or draft.words in self.standing:
                spoilt.append(draw)
            else:
                self.standing[draft.words] = draft
        return spoilt

    def unanswered(self, wave: Sequence[Draw]) -> Step | None:
        """Return the step that asks for what is missing of a wave."""
        missing = tuple(draw for draw in wave if self.drafts(draw) is None)
        return Step(draws=missing) if missing else None

    def unscored(self) -> Step | None:
        """Return the step that asks for the marks that are missing."""
        missing = tuple(draft for draft in self.standing.values() if self.marks(draft) is None)
        return Step(unmarked=missing) if missing else None

    def candidates(self) -> tuple[Candidate, ...]:
        """Return what stands, without what the scorer gave no score."""
        drafts = sorted(self.standing.values(), key=lambda draft: draft.draw)
        if not self.strategy.scored:
            return tuple(Candidate(draft=draft) for draft in drafts)
        marked = [Candidate(draft=draft, mark=self.marks(draft)) for draft in drafts]
        return tuple(one for one in marked if one.mark is None or one.score is not None)

    def end(self) -> Step:
        """Return the last step."""
        found = self.candidates()
        without = len(self.standing) - len(found)
        return Step(candidates=found, without_score=without, drawn=tuple(self.drawn))


def _all_at_once(table: _Table) -> Step:
    """Draw n candidates at once; draw again what came out empty, cut off or the same as another."""
    wave = table.deal(table.strategy.count(len(table.varies)))
    while wave:
        missing = table.unanswered(wave)
        if missing:
            return missing
        again = [draw.source for draw in table.take(wave)]
        wave = [table.draw(source) for source in again if table.can(source)][: table.room]
    # Fewer than two make no pair, so their scores are not paid for.
    unscored = table.unscored() if table.strategy.scored and len(table.standing) > 1 else None
    return unscored or table.end()


def _until_split(table: _Table) -> Step:
    """Draw until one candidate is accepted and one is rejected, or the budget is spent."""
    wave = table.deal(table.strategy.count(len(table.varies)))
    while wave:
        missing = table.unanswered(wave)
        if missing:
            return missing
        table.take(wave)
        unscored = table.unscored()
        if unscored:
            return unscored
        scores = [one.score for one in table.candidates() if one.score is not None]
        if len({score >= table.strategy.threshold for score in scores}) > 1:
            break
        wave = table.deal(1)
    return table.end()


def _told(step: Step) -> str:
    """Return in words what came of the draws."""
    faults = Counter(draft.fault for draft in step.drawn if draft.fault)
    same = len(step.drawn) - faults.total() - len(step.candidates) - step.without_score
    counted = [f"{count} {fault}" for fault, count in sorted(faults.items())]
    counted += [f"{same} the same as another"] if same else []
    counted += [f"{step.without_score} without a score"] if step.without_score else []
    told = f" ({', '.join(counted)})" if counted else ""
    return f"{len(step.drawn)} drawn, {len(step.candidates)} fit to be paired{told}"
