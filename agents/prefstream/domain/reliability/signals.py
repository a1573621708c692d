"""Signals: what one label may say about how its author works, and how often it may say so by chance.

Every signal is a yes or no per label with a bound on P(yes | all before) for a person who works well.

| signal | yes | bound | because |
|---|---|---|---|
| `hasty` | fewer seconds than anybody needs to read | .1 | some long texts need no reading |
| `speed_up` | a pace well below the person's own usual | .2 | measured on their own labels |
| `slow_down` | a pace well above it | .2 | the same |
| `left`, `right` | chose that side as shown | .5 | sides are drawn by a coin |
| `same_side` | the side of the label before | .5 | the same coin |
| `other_side` | not the side of the label before | .5 | the same coin |
| `undecided` | tie, unsure or both bad | `undecided` | what is usual in the slice |
| `follows` | the verdict shown, where one is shown | `follows` | agreement with verdicts not shown |
| `follows_wrong` | a shown verdict known to be wrong | .3 | gold; a good eye is deceived less often |

The coin makes four bounds exact: whatever the truth, a person who looks at responses, not at sides, goes
left half of the time, independently of the label before.

A signal is `None` where the label cannot show it; then nothing is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from prefstream.domain.agreement.categories import nominal
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Verdict

Kind = Literal[
    "hasty",
    "speed_up",
    "slow_down",
    "left",
    "right",
    "same_side",
    "other_side",
    "undecided",
    "follows",
    "follows_wrong",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: Characters a second that nobody reads, skimming included: some 1,400 words a minute.
UNREADABLE_CHARACTERS_PER_S = 120.0
#: What a task takes besides its text, as characters.
BESIDES_TEXT = 300
#: Labels that a person's own pace is learnt from, after the first ones.
LEARNING, PACED = 20, 50
#: The fifth least and the fifth greatest of 50 paces bound a tenth each; a pace counts when it is
#: markedly beyond.
_FIFTH = 5
_QUICKER, _SLOWER = 0.75, 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One label, as far as the way of working shows in it."""

    #: Unique, e.g. the id of the label's event.
    id: str
    #: Seconds of event time.
    at_s: float
    verdict: Verdict
    sides: Literal["ab", "ba"] = "ab"
    #: Seconds from showing the task to submitting; `None`: not measured.
    seconds: float | None = None
    #: Characters of prompt and responses.
    characters: int = 0
    #: The judge's verdict, where the person could see it.
    shown: Verdict | None = None
    #: Whether what was shown is known to be wrong.
    shown_wrong: bool = False

    @property
    def pace(self) -> float | None:
        """Return seconds per character, the task's own share counted as characters."""
        return None if self.seconds is None else self.seconds / (BESIDES_TEXT + self.characters)

    @property
    def left(self) -> bool | None:
        """Return whether the left side as shown was chosen; `None` where no side was."""
        side = _side(self.verdict)
        return None if side is None else (side == "A") == (self.sides == "ab")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How often a person who works well may give each signal; per slice where slices differ."""

    hasty: float = 0.1
    paced: float = 0.2
    sided: float = 0.5
    #: Above the usual share of ties, unsure and both bad in the slice.
    undecided: float = 0.5
    #: Above the usual agreement with verdicts that were not shown.
    follows: float = 0.9
    follows_wrong: float = 0.3

    def __post_init__(self) -> None:
        for name in ("hasty", "paced", "sided", "undecided", "follows", "follows_wrong"):
            if not 0.0 < getattr(self, name) < 1.0:
                raise BadInput(f"the bound {name} is {getattr(self, name)}; it must lie between 0 and 1")

    def of(self, kind: Kind) -> float:
        """Return the bound of a signal."""
        return {
            "hasty": self.hasty,
            "speed_up": self.paced,
            "slow_down": self.paced,
            "undecided": self.undecided,
            "follows": self.follows,
            "follows_wrong": self.follows_wrong,
        }.get(kind, self.sided)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPace:
    """How quick a person usually is, from their own first labels.

    >>> pace = OwnPace()
    >>> for n in range(70):
    ...     pace = pace.after(0.02 + n % 10 / 1000)
    >>> pace.quick(0.01), pace.quick(0.019), pace.slow(0.05)
    (True, False, True)
    """

    #: Paces seen before the learning began to count.
    passed_over: int = 0
    #: The paces learnt from, sorted.
    paces: tuple[float, ...] = ()

    @property
    def known(self) -> bool:
        """Return whether there are enough of them."""
        return len(self.paces) == PACED

    def after(self, pace: float | None) -> "OwnPace":
        """Return the usual pace after one more label; once known it stays."""
        if pace is None or self.known:
            return self
        if self.passed_over < LEARNING:
            return OwnPace(passed_over=self.passed_over + 1)
        return OwnPace(passed_over=LEARNING, paces=tuple(sorted((*self.paces, pace))))

    def quick(self, pace: float) -> bool:
        """Return whether a pace is markedly quicker than the quickest tenth of the usual ones."""
        return pace < _QUICKER * self.paces[_FIFTH - 1]

    def slow(self, pace: float) -> bool:
        """Return whether a pace is markedly slower than the slowest tenth of the usual ones."""
        return pace > _SLOWER * self.paces[-_FIFTH]


def signals(work: Work, *, pace: OwnPace, last_left: bool | None) -> Mapping[Kind, bool | None]:
    """Return what a label shows, by signal.

    Args:
        work: The label.
        pace: The person's own pace, as known before it.
        last_left: Which side they chose the last time they chose one.

    >>> work = Work(id="1", at_s=0, verdict=Verdict.B_BETTER, sides="ba")
    >>> seen = signals(work, pace=OwnPace(), last_left=True)
    >>> [kind for kind, shown in seen.items() if shown]
    ['left', 'same_side']
    """
    left, speed = work.left, work.pace
    repeated = None if left is None or last_left is None else left == last_left
    paced = pace.known and speed is not None
    follows = None if work.shown is None else _alike(work.shown, work.verdict)
    return {
        "hasty": None if work.seconds is None else _hasty(work.seconds, work.characters),
        "speed_up": pace.quick(speed) if paced and speed is not None else None,
        "slow_down": pace.slow(speed) if paced and speed is not None else None,
        "left": left,
        "right": None if left is None else not left,
        "same_side": repeated,
        "other_side": None if repeated is None else not repeated,
        "undecided": left is None,
        "follows": follows,
        "follows_wrong": follows if work.shown_wrong else None,
    }


def _hasty(seconds: float, characters: int) -> bool:
    return seconds * UNREADABLE_CHARACTERS_PER_S < characters


def _alike(shown: Verdict, said: Verdict) -> bool:
    """Return whether two verdicts say the same; `unsure` says nothing, so it follows nobody."""
    category = nominal(said)
    return category is not None and category == nominal(shown)


def _side(verdict: Verdict) -> str | None:
    preference = verdict.preference
    if preference is None or preference.margin == 0:
        return None
    return "A" if preference.margin > 0 else "B"
