"""Where judges and people differ, clause by clause."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from prefstream.domain.evaluation.intervals import Share
from prefstream.domain.evaluation.readings import HumanLabel, Judgement, LabelledPair, Side, side_of
from prefstream.schemas.values import ClauseVerdict

#: The clause of cases in which nobody names one.
NO_CLAUSE = "(none)"
#: Cases shown per clause.
_EXAMPLES = 5
_EITHER = frozenset({"A", "B"})


class Mistake(StrEnum):
    """In what way a judge's label differs from that of people."""

    #: It prefers the other response.
    WRONG_SIDE = "wrong_side"
    #: It prefers one where people see a tie.
    FALSE_WIN = "false_win"
    #: It sees a tie where people prefer one.
    FALSE_TIE = "false_tie"
    NO_LABEL = "no_label"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One pair that judge and people label differently."""

    pair_id: str
    slice: str
    mistake: Mistake
    people: Side
    judge: Side | None
    confidence: float | None
    #: Whether an adjudicator decided, or at least two people said the same and nobody else.
    settled: bool
    human_rationales: tuple[str, ...]
    judge_rationale: str
    #: What the judge quoted for this clause.
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseReport:
    """How a judge does where a clause matters."""

    clause: str
    #: Of the pairs for which people or the judge name the clause: those that both label alike.
    agreement: Share
    #: Of the pairs for which people name it: those for which the judge's verdict under it differs
    #: from the side people take. Only pairs for which the judge gives it a side.
    clause_errors: Share
    #: Of the quotes under the clause: those that no response holds.
    invented_quotes: Share
    mistakes: Mapping[Mistake, int]
    #: Settled cases first, then those of which the judge was surest.
    examples: tuple[Difference, ...]


def clause_reports(cases: Iterable[tuple[LabelledPair, Judgement]]) -> tuple[ClauseReport, ...]:
    """Return a report per clause, those with the most differences first.

    A pair belongs to the clauses that people cite for it and to those that decide it by the judge's
    own word, that is under which it names a side. Pairs on which people take no side are left out.
    """
    by_clause: dict[str, list[tuple[LabelledPair, Judgement, Side]]] = {}
    for pair, judgement in cases:
        side = pair.people.side
        if side is not None:
            for clause in sorted(_cited(pair) | _decisive(judgement)) or [NO_CLAUSE]:
                by_clause.setdefault(clause, []).append((pair, judgement, side))
    reports = [_report(clause, some) for clause, some in by_clause.items()]
    return tuple(sorted(reports, key=lambda one: (one.agreement.hits - one.agreement.of, one.clause)))


def mistake_of(people: Side, judge: Side | None) -> Mistake | None:
    """Return in what way a label is wrong, or `None` where it is right.

    >>> mistake_of("=", "A"), mistake_of("A", "A")
    (<Mistake.FALSE_WIN: 'false_win'>, None)
    """
    if judge == people:
        return None
    if judge is None:
        return Mistake.NO_LABEL
    if judge == "=":
        return Mistake.FALSE_TIE
    return Mistake.FALSE_WIN if people == "=" else Mistake.WRONG_SIDE


def settled(labels: Sequence[HumanLabel]) -> bool:
    """Return whether the label of people is beyond dispute: adjudicated, or two or more and all alike."""
    if any(label.round == "adjudicate" for label in labels):
        return True
    preferences = [label.verdict.preference for label in labels]
    signs = {None if one is None else (one.margin > 0) - (one.margin < 0) for one in preferences}
    return len(labels) > 1 and len(signs) == 1 and None not in signs


def difference_of(pair: LabelledPair, judgement: Judgement, *, clause: str = NO_CLAUSE) -> Difference | None:
    """Return the case in which judge and people differ, or `None` where they do not."""
    side = pair.people.side
    mistake = None if side is None else mistake_of(side, judgement.side)
    if side is None or mistake is None:
        return None
    said = sorted(
        (side_of(one.vote.verdict) != judgement.side, place, one.vote.rationale)
        for place, one in enumerate(judgement.readings)
        if one.vote.rationale
    )
    return Difference(
        pair_id=pair.pair_id,
        slice=pair.slice,
        mistake=mistake,
        people=side,
        judge=judgement.side,
        confidence=judgement.confidence,
        settled=settled(pair.labels),
        human_rationales=tuple(label.rationale for label in pair.labels if label.rationale),
        judge_rationale=said[0][2] if said else "",
        quotes=tuple(dict.fromkeys(one.quote for one in _of(judgement, clause) if one.quote)),
    )


def _report(clause: str, cases: Sequence[tuple[LabelledPair, Judgement, Side]]) -> ClauseReport:
    found = [difference_of(pair, judgement, clause=clause) for pair, judgement, _ in cases]
    differences = [one for one in found if one is not None]
    verdicts = [
        (one, side)
        for pair, judgement, side in cases
        if clause in _cited(pair) and side in _EITHER
        for one in _of(judgement, clause)
        if one.verdict in _EITHER
    ]
    quotes = [
        one for _, judgement, _ in cases for one in _of(judgement, clause) if one.quote_found is not None
    ]
    return ClauseReport(
        clause=clause,
        agreement=Share.counted(len(cases) - len(differences), len(cases)),
        clause_errors=Share.counted(
            sum(one.verdict != side for one, side in verdicts),
            len(verdicts),
            reason="for no pair do people cite it and the judge name a side under it",
        ),
        invented_quotes=Share.counted(
            sum(one.quote_found is False for one in quotes), len(quotes), reason="no quote was looked up"
        ),
        mistakes={
            kind: count for kind in Mistake if (count := sum(one.mistake is kind for one in differences))
        },
        examples=tuple(sorted(differences, key=_telling)[:_EXAMPLES]),
    )


def _telling(one: Difference) -> tuple[bool, bool, float, str]:
    return not one.settled, not one.human_rationales, -(one.confidence or 0.0), one.pair_id


def _cited(pair: LabelledPair) -> set[str]:
    return {clause for label in pair.labels for clause in label.clauses}


def _decisive(judgement: Judgement) -> set[str]:
    return {
        one.clause
        for reading in judgement.readings
        for one in reading.vote.clause_verdicts
        if one.verdict in _EITHER
    }


def _of(judgement: Judgement, clause: str) -> list[ClauseVerdict]:
    return [
        one for reading in judgement.readings for one in reading.vote.clause_verdicts if one.clause == clause
    ]
