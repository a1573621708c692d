"""Questions between the work: whether this turn is one, of which kind, and whether the answer is right."""

from dataclasses import dataclass
from typing import Literal

from prefstream.domain.agreement.categories import nominal
from prefstream.domain.reliability.gold_choice import GOLD_SHARE, gold_turn, place
from prefstream.schemas.values import Verdict

QuestionKind = Literal["training", "gold", "calibration"]
#: Share of tasks that are of the week's calibration set.
CALIBRATION_SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How often questions come between the work."""

    gold: float = GOLD_SHARE
    calibration: float = CALIBRATION_SHARE


def question_turn(
    annotator: str,
    turn: int,
    *,
    seed: str,
    shares: Shares,
    training: bool = False,
    calibrating: bool = False,
    work_open: bool = True,
) -> QuestionKind | None:
    """Return which question a turn takes in the place of work; `None`: it is a turn of work.

    Gold comes only where there is work to hide it in: whoever is asked something when nothing is open
    would know what it is. A calibration set is no secret and fills the gaps.

    Args:
        annotator: Who is served.
        turn: Names the turn; the same turn is the same coin, however often it is asked for.
        seed: Secret of the installation.
        shares: How often questions come.
        training: Whether the person must answer training questions before they go on.
        calibrating: Whether something of the week's set is left for them.
        work_open: Whether there is work.

    >>> question_turn("ann", 7, seed="s", shares=Shares(gold=0.0, calibration=0.0), calibrating=True)
    >>> question_turn("ann", 7, seed="s", shares=Shares(), calibrating=True, work_open=False)
    'calibration'
    """
    if training:
        return "training"
    if work_open and gold_turn(annotator, turn, seed=seed, share=shares.gold):
        return "gold"
    if not calibrating or not shares.calibration:
        return None
    drawn = place("calibration-turn", seed, annotator, str(turn)) < shares.calibration
    return "calibration" if drawn or not work_open else None


def is_right(verdict: Verdict, expected: Verdict) -> bool:
    """Return whether an answer is the expected one: the same side; how much better does not matter.

    >>> is_right(Verdict.A_MUCH_BETTER, Verdict.A_BETTER), is_right(Verdict.UNSURE, Verdict.A_BETTER)
    (True, False)
    >>> is_right(Verdict.BOTH_BAD, Verdict.BOTH_BAD), is_right(Verdict.TIE, Verdict.UNSURE)
    (True, False)
    """
    return nominal(verdict) == nominal(expected)


def as_shown(verdict: Verdict, sides: Literal["ab", "ba"]) -> Verdict:
    """Return a verdict about the pair in the words of who saw it on these sides.

    >>> as_shown(Verdict.A_BETTER, "ba")
    <Verdict.B_BETTER: 'B>'>
    """
    preference = verdict.preference
    if sides == "ab" or preference is None:
        return verdict
    return Verdict(preference.swapped.value)
