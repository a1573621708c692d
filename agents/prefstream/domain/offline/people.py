"""Simulated people in front of the console: skill, pace, a favoured side, fatigue, laziness, by seed.

What one says is a hash of seed, person, task and round, so that a run can be repeated. It sees a task as a
person does, left and right, and knows nothing of A and B.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Preference, Verdict, preference_of

#: Characters a second that a careful person reads, and what a task takes besides, in seconds.
READ_CHARACTERS_PER_S = 25.0
BESIDES_S = 8.0
#: Chance of somebody who sees nothing.
_BLIND = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPerson:
    """One simulated person."""

    id: str
    role: str = "annotator"
    #: Probability of seeing which response is better.
    skill: float = 0.85
    #: The same where it differs by slice.
    skills: Mapping[str, float] = field(default_factory=dict)
    #: How much longer than a careful reader they take; 0.5 is twice as quick.
    pace: float = 1.0
    #: How often the left (above 0) or the right (below 0) is chosen without looking.
    left_bias: float = 0.0
    #: Skill lost in an hour of work, down to chance; a rest brings it back.
    fatigue_per_h: float = 0.0
    #: Share of tasks answered without reading, at once and at random.
    careless: float = 0.0
    #: Share of tasks that get the answer of the task before.
    streaks: float = 0.0
    #: In rounds that show what others said: share of tasks in which that is simply repeated.
    follows: float = 0.0
    #: Share of tasks given up as "unsure".
    unsure: float = 0.02
    #: By slice, the clause of the constitution that they cite when they have looked.
    cites: Mapping[str, str] = field(default_factory=dict)
    seed: str = ""

    def __post_init__(self) -> None:
        shares = ("skill", "careless", "streaks", "follows", "unsure")
        for name in shares:
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise BadInput(f"{name} of {self.id} is {getattr(self, name)}; it must lie between 0 and 1")
        if not -1.0 <= self.left_bias <= 1.0:
            raise BadInput(f"left_bias of {self.id} is {self.left_bias}; it must lie between -1 and 1")
        if self.pace <= 0.0 or self.fatigue_per_h < 0.0:
            raise BadInput(f"pace of {self.id} must be above 0, and fatigue_per_h not below it")

    def skill_in(self, slice_name: str, *, worked_h: float) -> float:
        """Return the skill in a slice after hours of work without a rest.

        >>> tired = SimulatedPerson(id="x", skill=0.9, fatigue_per_h=0.1)
        >>> tired.skill_in("code", worked_h=2.0), tired.skill_in("code", worked_h=9.0)
        (0.7, 0.5)
        """
        fresh = self.skills.get(slice_name, self.skill)
        return max(min(fresh, _BLIND), round(fresh - self.fatigue_per_h * worked_h, 12))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A task as it stands in front of a person."""

    task_id: str
    slice: str
    round: str
    #: What is right, as shown: "A" is the left one; `None`: nobody knows, so they guess.
    truth: Preference | None
    #: Characters of prompt and responses.
    characters: int
    #: What others said, as shown, in rounds that show it.
    said: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAnswer:
    """What a simulated person answers."""

    #: As shown: "A" is the left one.
    verdict: Verdict
    seconds: float
    rationale: str
    clauses: tuple[str, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """Return the answer as the console takes it."""
        return {"verdict": self.verdict.value, "rationale": self.rationale, "clauses": list(self.clauses)}


def simulated_answer(
    person: SimulatedPerson, seen: Seen, *, worked_h: float = 0.0, before: Verdict | None = None
) -> SimulatedAnswer:
    """Return what a simulated person answers to a task.

    Args:
        person: Who.
        seen: What is in front of them.
        worked_h: Hours since their last rest.
        before: Their answer to the task before.

    >>> seen = Seen(task_id="p1", slice="code", round="annotate", truth=Preference.A_BETTER, characters=500)
    >>> simulated_answer(SimulatedPerson(id="ann", skill=1.0, unsure=0.0), seen).verdict.value
    'A>'
    """
    draw = _Draws(person.seed, person.id, seen.task_id, seen.round)
    reading_s = (BESIDES_S + seen.characters / READ_CHARACTERS_PER_S) * person.pace
    # Between two thirds and one and a half times the usual.
    seconds = reading_s * 1.5 ** (2 * draw.share("seconds") - 1)
    if draw.share("careless") < person.careless:
        return _answer(_guess(draw), 1.0 + 2.0 * draw.share("haste"), "not read")
    if before is not None and draw.share("streak") < person.streaks:
        return _answer(before, seconds / 3, "as before")
    if seen.said is not None and draw.share("follows") < person.follows:
        return _answer(seen.said, seconds / 2, "as the others said")
    if draw.share("unsure") < person.unsure:
        return _answer(Verdict.UNSURE, seconds, "cannot tell")
    if draw.share("side") < abs(person.left_bias):
        favoured = Verdict.A_BETTER if person.left_bias > 0 else Verdict.B_BETTER
        return _answer(favoured, seconds, "the favoured side")
    cited = (person.cites[seen.slice],) if seen.slice in person.cites else ()
    return replace(_answer(_looked(person, seen, draw, worked_h), seconds, "looked at both"), clauses=cited)


def crowd(
    people: int, *, like: SimulatedPerson, bad: int = 0, reviewers: int = 0, adjudicators: int = 0
) -> tuple[SimulatedPerson, ...]:
    """Return a crowd: annotators like one, some of them coin-flippers, and those of later rounds.

    Args:
        people: Annotators in all.
        like: What each of them is like, but for the name.
        bad: How many of them, the last ones, answer at random and at once.
        reviewers: Reviewers; they see a bit more.
        adjudicators: QA leads; they do not slip.

    >>> [(one.id, one.careless) for one in crowd(2, like=SimulatedPerson(id=""), bad=1)]
    [('simulated-001', 0.0), ('simulated-002', 1.0)]

    Raises:
        BadInput: More are bad than there are.
    """
    if not 0 <= bad <= people:
        raise BadInput(f"{bad} of {people} people cannot be bad")
    annotators = [
        replace(like, id=f"simulated-{n:03}", careless=1.0 if n > people - bad else like.careless)
        for n in range(1, people + 1)
    ]
    better = replace(like, skill=(1.0 + like.skill) / 2, skills={}, role="reviewer")
    sure = replace(like, skill=1.0, skills={}, unsure=0.0, left_bias=0.0, careless=0.0, role="qa_lead")
    return (
        *annotators,
        *(replace(better, id=f"simulated-review-{n:02}") for n in range(1, reviewers + 1)),
        *(replace(sure, id=f"simulated-lead-{n:02}") for n in range(1, adjudicators + 1)),
    )


@dataclass(frozen=True, slots=True)
class _Draws:
    seed: str
    person: str
    task: str
    round: str

    def share(self, what: str) -> float:
        named = "\0".join((self.seed, self.person, self.task, self.round, what))
        return int.from_bytes(sha256(named.encode(errors="surrogatepass")).digest()[:4]) / 2**32


def _looked(person: SimulatedPerson, seen: Seen, draw: _Draws, worked_h: float) -> Verdict:
    if seen.truth is None:
        return _guess(draw)
    sees = draw.share("skill") < person.skill_in(seen.slice, worked_h=worked_h)
    return Verdict((_graded(seen.truth, draw) if sees else _slip(seen.truth, draw)).value)


def _guess(draw: _Draws) -> Verdict:
    return Verdict.A_BETTER if draw.share("guess") < _BLIND else Verdict.B_BETTER


def _slip(truth: Preference, draw: _Draws) -> Preference:
    """Return a mistake: mostly the other side, sometimes a tie; a tie is taken for a difference."""
    if truth is Preference.TIE:
        return Preference.A_BETTER if draw.share("slip") < _BLIND else Preference.B_BETTER
    return Preference.TIE if draw.share("slip") < 0.25 else truth.swapped


def _graded(truth: Preference, draw: _Draws) -> Preference:
    """Return the same side; one time in four the degree is told differently."""
    if truth is Preference.TIE or draw.share("degree") >= 0.25:
        return truth
    return preference_of((1 if truth.margin > 0 else -1) * (3 - abs(truth.margin)))


def _answer(verdict: Verdict, seconds: float, why: str) -> SimulatedAnswer:
    return SimulatedAnswer(verdict=verdict, seconds=round(seconds, 1), rationale=f"Simulated person: {why}.")
