"""Exemplars for a constitution, proposed from cases that people settled against the judge."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prefstream.domain.evaluation.clauses import NO_CLAUSE, Difference, Mistake, difference_of
from prefstream.domain.evaluation.readings import Judgement, LabelledPair, Side
from prefstream.schemas.constitutions import Exemplar

#: Longest case that is proposed, in characters of prompt and responses: every judging reads it.
MOST_CHARACTERS = 2000
_PER_CLAUSE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """Cases for one clause; the pairs they come from can no longer audit a judge that reads them."""

    clause: str
    exemplars: tuple[Exemplar, ...]
    counter_examples: tuple[Exemplar, ...]
    built_from: tuple[str, ...]


def proposals(
    cases: Iterable[tuple[LabelledPair, Judgement]],
    *,
    most_characters: int = MOST_CHARACTERS,
    per_clause: int = _PER_CLAUSE,
) -> tuple[Proposed, ...]:
    """Return exemplars and counter-examples for the clauses that people cite.

    A case is proposed when people settled it (adjudicated, or several agreed), the judge said
    otherwise, and its texts are known and short. A case in which the judge saw a tie or nothing
    becomes an exemplar: this is what the clause means. One in which the judge preferred the worse
    response becomes a counter-example: this only looks as if it kept to the clause. Cases that
    people call a tie have no better response and are not proposed.
    """
    by_clause: dict[str, list[tuple[Difference, LabelledPair]]] = {}
    for pair, judgement in cases:
        found = difference_of(pair, judgement)
        if found is None or not found.settled or found.people == "=" or not _fits(pair, most_characters):
            continue
        for clause in sorted({name for label in pair.labels for name in label.clauses}) or [NO_CLAUSE]:
            by_clause.setdefault(clause, []).append((found, pair))
    return tuple(_proposed(clause, some, per_clause) for clause, some in sorted(by_clause.items()))


def _proposed(clause: str, cases: list[tuple[Difference, LabelledPair]], most: int) -> Proposed:
    ordered = sorted(
        cases, key=lambda case: (not case[0].human_rationales, _length(case[1]), case[1].pair_id)
    )
    false_wins = [case for case in ordered if case[0].mistake is Mistake.WRONG_SIDE][:most]
    missed = [case for case in ordered if case[0].mistake is not Mistake.WRONG_SIDE][:most]
    return Proposed(
        clause=clause,
        exemplars=tuple(_exemplar(*case) for case in missed),
        counter_examples=tuple(_exemplar(*case) for case in false_wins),
        built_from=tuple(sorted(pair.pair_id for _, pair in [*missed, *false_wins])),
    )


def _exemplar(found: Difference, pair: LabelledPair) -> Exemplar:
    assert pair.texts is not None  # cases without texts are passed over
    sides: Mapping[Side, str] = {"A": pair.texts.response_a, "B": pair.texts.response_b}
    better, worse = (sides["A"], sides["B"]) if found.people == "A" else (sides["B"], sides["A"])
    why = found.human_rationales[0] if found.human_rationales else ""
    return Exemplar(prompt=pair.texts.prompt, better=better, worse=worse, why=why)


def _fits(pair: LabelledPair, most: int) -> bool:
    return pair.texts is not None and _length(pair) <= most


def _length(pair: LabelledPair) -> int:
    texts = pair.texts
    return 0 if texts is None else len(texts.prompt) + len(texts.response_a) + len(texts.response_b)
