"""Resolution: from a route and people's labels, in the order they came, to the pair's label.

`resolutions` is a pure fold: its answer for a prefix of the evidence is a prefix of its answer for
all of it, so a repeated event can be answered by saying everything again.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from prefstream.domain.crowds import Sureness
from prefstream.schemas.values import Preference, Verdict, preference_of

Round = Literal["annotate", "review", "adjudicate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """One label by one person."""

    event_id: str
    annotator: str
    verdict: Verdict
    round: Round
    #: The person asks for somebody who knows more; whatever else they said, they are not sure.
    needs_specialist: bool = False

    @property
    def counted(self) -> Verdict:
        """Return the verdict as it counts."""
        return Verdict.UNSURE if self.needs_specialist else self.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """A label does not count any more; it may come before its label."""

    event_id: str
    #: The label's event.
    label_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The pair has a label."""

    label: Preference
    soft_label: float
    method: Literal["consensus", "majority", "posterior", "adjudication"]
    evidence: tuple[str, ...]
    #: The ballot or withdrawal that brought it about.
    trigger: str
    reliability_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """The pair needs another round."""

    reason: Literal["no_majority", "no_preference", "needs_specialist", "not_sure", "label_withdrawn"]
    next_round: Round
    #: Different people whose labels of that round are needed, those that stand counted in.
    needed: int
    evidence: tuple[str, ...]
    #: The ballot or withdrawal that brought it about.
    trigger: str
    reliability_id: str | None = None


#: Says, when this ballot or withdrawal came, whether the standing ballots were sure; the same every time.
Sure = Callable[[str, Sequence[Ballot]], Sureness]


def resolutions(
    evidence: Sequence[Ballot | Withdrawal], *, overlap: int, sure: Sure | None = None
) -> tuple[Resolved | Disputed, ...]:
    """Return all that follows from the evidence, in order.

    Nothing follows before `overlap` different people have labelled. Then the standing ballots
    (a person's latest counts) decide: unanimous is consensus, more than half is a majority, and
    anything else is a dispute that asks for a review, then for adjudication. A resolved pair is
    revised only by an adjudicator, whose ballot decides alone.

    With `sure`, the standing ballots decide only once they are sure of a label, or no others are to be
    asked; until then each asks for one more person. Once a review is asked for, they are counted as above.

    A withdrawn ballot never counted. Where a resolution rests on it, it is disputed, and those that remain
    are counted again if they are enough; an adjudication rests on its own ballot alone.

    Args:
        evidence: Ballots and withdrawals in the order they came.
        overlap: Different people that are needed at least.
        sure: Tells whether the ballots are sure; `None`: `overlap` of them are enough.
    """
    fold = _Fold(overlap, sure)
    for one in evidence:
        if isinstance(one, Ballot):
            fold.take(one)
        else:
            fold.withdraw(one)
    return tuple(fold.said)


class _Fold:
    """What stands after some of the evidence, and all that was said until then."""

    __slots__ = ("ballots", "disputes", "overlap", "rests_on", "said", "standing", "sure", "withdrawn")

    def __init__(self, overlap: int, sure: Sure | None) -> None:
        self.overlap = overlap
        self.sure = sure
        self.said: list[Resolved | Disputed] = []
        #: Ballots that are not withdrawn, and of those the latest of each person.
        self.ballots: list[Ballot] = []
        self.standing: dict[str, Ballot] = {}
        self.withdrawn: set[str] = set()
        #: Ballots that carry the resolution; `None`: the pair is not resolved.
        self.rests_on: tuple[str, ...] | None = None
        #: Reviews and adjudications asked for and not settled.
        self.disputes = 0

    def take(self, ballot: Ballot) -> None:
        """Take a ballot."""
        if ballot.event_id in self.withdrawn:
            return
        self.ballots.append(ballot)
        self.standing[ballot.annotator] = ballot
        if ballot.round == "adjudicate" and (decision := _decision(ballot)) is not None:
            self._adjudicate(ballot, decision, trigger=ballot.event_id)
        elif self.rests_on is None and len(self.standing) >= self.overlap:
            self._say(self._counted(ballot.event_id))

    def withdraw(self, withdrawal: Withdrawal) -> None:
        """Let a ballot count no more, whether or not it has come."""
        label_id, known = withdrawal.label_id, len(self.ballots)
        self.withdrawn.add(label_id)
        self.ballots = [ballot for ballot in self.ballots if ballot.event_id != label_id]
        if len(self.ballots) == known:
            return
        self.standing = {ballot.annotator: ballot for ballot in self.ballots}
        if self.rests_on is None:
            self._look_again(withdrawal)
        elif label_id in self.rests_on:
            self._take_back(withdrawal)

    def _take_back(self, withdrawal: Withdrawal) -> None:
        """Dispute the resolution, and say what the ballots that remain amount to."""
        self.rests_on = None
        self.disputes = sum(ballot.round != "annotate" for ballot in self.ballots)
        missing = max(0, self.overlap - len(self.standing))
        self._say(
            Disputed(
                reason="label_withdrawn",
                next_round="annotate",
                needed=self._people("annotate") + missing,
                evidence=self._evidence(),
                trigger=withdrawal.event_id,
            )
        )
        for ballot in reversed(self.ballots):
            decision = _decision(ballot)
            if decision is not None and self.standing[ballot.annotator] is ballot:
                self._adjudicate(ballot, decision, trigger=withdrawal.event_id)
                return
        if not missing:
            self._say(self._counted(withdrawal.event_id))

    def _look_again(self, withdrawal: Withdrawal) -> None:
        """Resolve a disputed pair where the ballots that remain agree; else what was asked for stays so."""
        if len(self.standing) >= self.overlap:
            step = self._counted(withdrawal.event_id)
            if isinstance(step, Resolved):
                self._say(step)

    def _say(self, step: Resolved | Disputed) -> None:
        self.said.append(step)
        if isinstance(step, Resolved):
            self.rests_on = step.evidence
        elif step.next_round != "annotate":
            self.disputes += 1

    def _adjudicate(self, ballot: Ballot, decision: Preference, *, trigger: str) -> None:
        self._say(
            Resolved(
                label=decision,
                soft_label=_soft([ballot]),
                method="adjudication",
                evidence=self._evidence(),
                trigger=trigger,
            )
        )
        self.rests_on = (ballot.event_id,)

    def _counted(self, trigger: str) -> Resolved | Disputed:
        standing = list(self.standing.values())
        if self.sure is None or self.disputes:
            return self._majority(standing, trigger)
        sureness = self.sure(trigger, standing)
        if sureness.answer == "ask":
            return Disputed(
                reason="not_sure",
                next_round="annotate",
                needed=self._people("annotate") + 1,
                evidence=self._evidence(),
                trigger=trigger,
                reliability_id=sureness.reliability_id,
            )
        return self._majority(standing, trigger, sureness)

    def _majority(
        self, standing: Sequence[Ballot], trigger: str, sureness: Sureness | None = None
    ) -> Resolved | Disputed:
        side, votes = Counter([_side(ballot) for ballot in standing]).most_common(1)[0]
        decided = 2 * votes > len(standing)
        if sureness is not None and sureness.answer == "sure":
            side, decided = sureness.side, True
        reliability_id = sureness.reliability_id if sureness else None
        if not decided:
            return self._disputed("no_majority", standing, trigger, reliability_id)
        if side is None:
            return self._disputed("no_preference", standing, trigger, reliability_id)
        winners = [ballot for ballot in standing if _side(ballot) == side]
        return Resolved(
            label=_graded(winners, side),
            soft_label=_soft(standing),
            method=_method(len(winners), len(standing)),
            evidence=self._evidence(),
            trigger=trigger,
            reliability_id=reliability_id,
        )

    def _disputed(
        self,
        reason: Literal["no_majority", "no_preference"],
        standing: Sequence[Ballot],
        trigger: str,
        reliability_id: str | None,
    ) -> Disputed:
        next_round: Round = "adjudicate" if self.disputes else "review"
        specialist = any(ballot.needs_specialist for ballot in standing)
        return Disputed(
            reason="needs_specialist" if specialist else reason,
            next_round=next_round,
            needed=self._people(next_round) + 1,
            evidence=self._evidence(),
            trigger=trigger,
            reliability_id=reliability_id,
        )

    def _evidence(self) -> tuple[str, ...]:
        return tuple([ballot.event_id for ballot in self.standing.values()])

    def _people(self, round_name: Round) -> int:
        """Return how many people gave the round a ballot that stands, or stood until their next one."""
        return len({ballot.annotator for ballot in self.ballots if ballot.round == round_name})


def _method(winners: int, standing: int) -> Literal["consensus", "majority", "posterior"]:
    if winners == standing:
        return "consensus"
    return "majority" if 2 * winners > standing else "posterior"


def _preference(ballot: Ballot) -> Preference | None:
    return ballot.counted.preference


def _decision(ballot: Ballot) -> Preference | None:
    return _preference(ballot) if ballot.round == "adjudicate" else None


def _side(ballot: Ballot) -> int | None:
    preference = _preference(ballot)
    return None if preference is None else (preference.margin > 0) - (preference.margin < 0)


def _graded(winners: Sequence[Ballot], side: int) -> Preference:
    """Return the side with the lower median of its supporters' margins: doubt speaks for less."""
    sizes = sorted(abs(preference.margin) for ballot in winners if (preference := _preference(ballot)))
    return preference_of(side * sizes[(len(sizes) - 1) // 2])


def _soft(ballots: Sequence[Ballot]) -> float:
    sides = [side for ballot in ballots if (side := _side(ballot)) is not None]
    return sum((side + 1) / 2 for side in sides) / len(sides)
