"""What is held against each other: how people labelled a pair, and how judges read it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from prefstream.domain.pooling import pooled
from prefstream.schemas.errors import BadInput
from prefstream.schemas.labels import Round
from prefstream.schemas.values import Verdict, Vote

#: Which response is better, or that they are equal.
Side = Literal["A", "B", "="]
#: Why people give no side, where they do not.
UNLABELLED, SPLIT, NO_SIDE = "unlabelled", "people_split", "people_name_no_side"
_LATER_ROUNDS: tuple[Round, ...] = ("adjudicate", "review", "annotate")


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanLabel:
    """What one person said of a pair."""

    annotator: str
    verdict: Verdict
    round: Round = "annotate"
    rationale: str = ""
    clauses: tuple[str, ...] = ()
    #: Whether a person said it, rather than a simulation of one.
    by_a_person: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What a pair consists of, for those figures that need it."""

    prompt: str
    response_a: str
    response_b: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPair:
    """One pair with what people said of it, which may be nothing."""

    pair_id: str
    slice: str
    labels: tuple[HumanLabel, ...] = ()
    #: Characters of each response.
    lengths: tuple[int, int] | None = None
    texts: Texts | None = None
    #: What people say together; reckoned once, for every judge is held against it.
    people: "People" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "people", people_of(self.labels))


class People(NamedTuple):
    """The side that people take, or why they take none."""

    side: Side | None
    reason: str | None = None


class Reading(NamedTuple):
    """One vote, with the confidence that its source states for it, where it does."""

    vote: Vote
    confidence: float | None = None


class JudgeName(NamedTuple):
    """A judge under one prompting strategy."""

    judge: str
    strategy: str

    def __str__(self) -> str:
        return f"{self.judge} ({self.strategy})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All readings of one pair by one judge under one strategy, and what they say together."""

    readings: tuple[Reading, ...]
    side: Side | None
    confidence: float | None
    p_a: float | None

    def sides(self, order: Literal["ab", "ba"]) -> tuple[Side | None, ...]:
        """Return the sides of the readings in one order; `None` is a verdict that names none."""
        return tuple(side_of(one.vote.verdict) for one in self.readings if one.vote.order == order)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSet:
    """Pairs by id, and what each judge made of them."""

    pairs: Mapping[str, LabelledPair]
    judgements: Mapping[JudgeName, Mapping[str, Judgement]] = field(default_factory=dict)

    def of_slice(self, name: str) -> "EvaluationSet":
        """Return what concerns one slice."""
        pairs = {key: pair for key, pair in self.pairs.items() if pair.slice == name}
        return self._limited(pairs)

    def chosen(self, judges: Sequence[str]) -> "EvaluationSet":
        """Return what concerns some judges, each named as NAME or NAME/STRATEGY; all if none is named.

        Raises:
            BadInput: A named judge is not there.
        """
        if not judges:
            return self
        known = {name for one in self.judgements for name in (one.judge, f"{one.judge}/{one.strategy}")}
        if unknown := [name for name in judges if name not in known]:
            there = ", ".join(sorted({one.judge for one in self.judgements}))
            raise BadInput(f"there is no judge {unknown[0]!r} here; there are: {there}")
        kept = {
            one: judged
            for one, judged in self.judgements.items()
            if {one.judge, f"{one.judge}/{one.strategy}"} & set(judges)
        }
        return EvaluationSet(pairs=self.pairs, judgements=kept)

    @property
    def slices(self) -> tuple[str, ...]:
        """Return the names of the slices, sorted."""
        return tuple(sorted({pair.slice for pair in self.pairs.values()}))

    def _limited(self, pairs: Mapping[str, LabelledPair]) -> "EvaluationSet":
        judgements = {
            name: {key: one for key, one in judged.items() if key in pairs}
            for name, judged in self.judgements.items()
        }
        return EvaluationSet(pairs=pairs, judgements={name: one for name, one in judgements.items() if one})


def side_of(verdict: Verdict | None) -> Side | None:
    """Return the side that a verdict names; "unsure", "both_bad" and no verdict name none.

    >>> side_of(Verdict("B>>")), side_of(Verdict("=")), side_of(Verdict("unsure")), side_of(None)
    ('B', '=', None, None)
    """
    preference = verdict.preference if verdict else None
    if preference is None:
        return None
    return "=" if preference.margin == 0 else "A" if preference.margin > 0 else "B"


def people_of(labels: Iterable[HumanLabel]) -> People:
    """Return the side of the most people in the last round that took place.

    An adjudicator overrules reviewers, and they the annotators. People who are split evenly, or of
    whom at least half name no side, give no side: there is nothing to agree with.

    >>> label = lambda who, verdict, **more: HumanLabel(annotator=who, verdict=Verdict(verdict), **more)
    >>> people_of([label("x", "A>"), label("y", "A>>"), label("z", "=")])
    People(side='A', reason=None)
    >>> people_of([label("x", "A>"), label("y", "B>"), label("z", "B>", round="adjudicate")]).side
    'B'
    """
    by_round: dict[Round, list[Side | None]] = {}
    for label in labels:
        by_round.setdefault(label.round, []).append(side_of(label.verdict))
    for name in _LATER_ROUNDS:
        if name in by_round:
            return _majority(by_round[name])
    return People(side=None, reason=UNLABELLED)


def judgement_of(readings: Sequence[Reading]) -> Judgement:
    """Return what readings of one pair say together.

    Where every reading states a confidence, p(A) is the mean of what they state and the confidence
    that of the side it comes down on; a single reading is taken at its word. Else votes are pooled
    as judging pools them, and the confidence is measured from the votes.

    >>> from prefstream.schemas.values import Provenance
    >>> vote = Vote(judge="j", provenance=Provenance.RECORDED, order="ab", variant="plain", raw="A",
    ...             verdict=Verdict("A>"))
    >>> judgement_of([Reading(vote)]).confidence, judgement_of([Reading(vote, 0.9)]).confidence
    (0.75, 0.9)
    """
    kept = tuple(readings)
    if kept and all(one.confidence is not None and side_of(one.vote.verdict) for one in kept):
        return _stated(kept)
    pool = pooled([one.vote for one in kept])
    side: Side | None = None if pool.label is None else side_of(Verdict(pool.label.value))
    return Judgement(readings=kept, side=side, confidence=pool.confidence, p_a=pool.p_a)


def _stated(readings: tuple[Reading, ...]) -> Judgement:
    chances = [_chance_a(one) for one in readings]
    p_a = sum(chances) / len(chances)
    if len(readings) == 1:
        side = side_of(readings[0].vote.verdict)
        return Judgement(readings=readings, side=side, confidence=readings[0].confidence, p_a=p_a)
    leading: Side = "=" if p_a == 0.5 else "A" if p_a > 0.5 else "B"
    return Judgement(readings=readings, side=leading, confidence=max(p_a, 1 - p_a), p_a=p_a)


def _chance_a(reading: Reading) -> float:
    side, confidence = side_of(reading.vote.verdict), reading.confidence or 0.0
    return 0.5 if side == "=" else confidence if side == "A" else 1 - confidence


def _majority(sides: Sequence[Side | None]) -> People:
    counts = Counter(sides)
    if counts[None] * 2 >= len(sides):
        return People(side=None, reason=NO_SIDE)
    del counts[None]
    (first, most), *others = counts.most_common()
    if others and others[0][1] == most:
        return People(side=None, reason=SPLIT)
    return People(side=first)
