"""Resolution: from a route and people's labels, in the order they came, to the pair's label.

`resolutions` is a pure fold: its answer for a prefix of the labels is a prefix of its answer for
all of them, so a repeated event can be answered by saying everything again.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from prefstream.schemas.values import Preference, Verdict, preference_of

Round = Literal["annotate", "review", "adjudicate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """One label by one person."""

    event_id: str
    annotator: str
    verdict: Verdict
    round: Round


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The pair has a label."""

    label: Preference
    soft_label: float
    method: Literal["consensus", "majority", "adjudication"]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """The pair needs another round."""

    reason: Literal["no_majority", "no_preference"]
    next_round: Round
    evidence: tuple[str, ...]


def resolutions(ballots: Sequence[Ballot], *, overlap: int) -> tuple[Resolved | Disputed, ...]:
    """Return all that follows from the ballots, in order.

    Nothing follows before `overlap` different people have labelled. Then the standing ballots
    (a person's latest counts) decide: unanimous is consensus, more than half is a majority, and
    anything else is a dispute that asks for a review, then for adjudication. A resolved pair is
    revised only by an adjudicator, whose ballot decides alone.
    """
    said: list[Resolved | Disputed] = []
    standing: dict[str, Ballot] = {}
    for ballot in ballots:
        standing[ballot.annotator] = ballot
        step = _step(ballot, list(standing.values()), overlap=overlap, said=said)
        if step is not None:
            said.append(step)
    return tuple(said)


def _step(
    ballot: Ballot, standing: Sequence[Ballot], *, overlap: int, said: Sequence[Resolved | Disputed]
) -> Resolved | Disputed | None:
    preference = ballot.verdict.preference
    if ballot.round == "adjudicate" and preference is not None:
        evidence = tuple(other.event_id for other in standing)
        return Resolved(
            label=preference, soft_label=_soft([ballot]), method="adjudication", evidence=evidence
        )
    if len(standing) < overlap or any(isinstance(step, Resolved) for step in said):
        return None
    return _counted(standing, disputes=len(said))


def _counted(standing: Sequence[Ballot], *, disputes: int) -> Resolved | Disputed:
    evidence = tuple(ballot.event_id for ballot in standing)
    sides = Counter(_side(ballot.verdict) for ballot in standing)
    side, votes = sides.most_common(1)[0]
    next_round: Round = "review" if disputes == 0 else "adjudicate"
    if 2 * votes <= len(standing):
        return Disputed(reason="no_majority", next_round=next_round, evidence=evidence)
    if side is None:
        return Disputed(reason="no_preference", next_round=next_round, evidence=evidence)
    winners = [ballot for ballot in standing if _side(ballot.verdict) == side]
    return Resolved(
        label=_graded(winners, side),
        soft_label=_soft(standing),
        method="consensus" if votes == len(standing) else "majority",
        evidence=evidence,
    )


def _side(verdict: Verdict) -> int | None:
    preference = verdict.preference
    return None if preference is None else (preference.margin > 0) - (preference.margin < 0)


def _graded(winners: Sequence[Ballot], side: int) -> Preference:
    """Return the side with the lower median of its supporters' margins: doubt speaks for less."""
    sizes = sorted(abs(ballot.verdict.preference.margin) for ballot in winners if ballot.verdict.preference)
    return preference_of(side * sizes[(len(sizes) - 1) // 2])


def _soft(ballots: Sequence[Ballot]) -> float:
    sides = [side for ballot in ballots if (side := _side(ballot.verdict)) is not None]
    return sum((side + 1) / 2 for side in sides) / len(sides)
