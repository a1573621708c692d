"""The alternative-annotator test: may a judge stand in for one of these people?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, sqrt

from prefstream.domain.evaluation.extras import stats_missing
from prefstream.domain.evaluation.readings import Side

#: What each person said, by annotator, of pairs by id.
HumanSides = Mapping[str, Mapping[str, Side]]
#: Fewer pairs of one annotator are too few for the t test.
MIN_PAIRS = 30
#: The share of annotators to win against.
WINS_NEEDED = 0.5
_Q = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstAnnotator:
    """The judge against one person, both held against the others."""

    annotator: str
    pairs: int
    #: Share of pairs on which the judge agrees with the others at least as well as this person does.
    judge_advantage: float
    #: The same the other way round.
    person_advantage: float
    p_value: float
    #: Whether the judge wins, after the control of false discoveries over all annotators.
    won: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternativeTest:
    """The outcome: the winning rate omega, and what stands behind it."""

    epsilon: float
    winning_rate: float | None
    #: Mean over annotators of the judge's advantage (rho), by which judges are compared.
    advantage: float | None
    #: Whether the judge wins against at least half of the annotators.
    passed: bool | None
    against: tuple[AgainstAnnotator, ...] = ()
    #: Annotators with too few pairs that others labelled too, with how many they have.
    too_few: Mapping[str, int] | None = None
    reason: str | None = None


def alternative_test(
    people: HumanSides, judge: Mapping[str, Side | None], *, epsilon: float, min_pairs: int = MIN_PAIRS
) -> AlternativeTest:
    """Return whether the judge represents the people at least as well as each of them does the others.

    For annotator j and each pair i that j and somebody else labelled: S is the share of the others
    who agree; W_f = [S(judge) >= S(j)], W_h = [S(j) >= S(judge)]. H0: mean(W_h - W_f) >= epsilon is
    tested by a paired t test, and the tests of all annotators together by Benjamini and Yekutieli's
    procedure at q = .05. omega is the share of annotators whose H0 falls; the judge passes at 1/2.
    A verdict that names no side agrees with nobody.

    Source: Calderon, Reichart and Dror, ACL 2025. They advise epsilon .2 for experts, .15 for skilled
    annotators and .1 for crowds, and at least three annotators.

    Args:
        people: The side each person named, by annotator and pair.
        judge: The side the judge named, by pair; `None` where it named none.
        epsilon: What the judge's lower price is worth.
        min_pairs: Annotators with fewer pairs are not tested.

    Raises:
        BadInput: scipy is not installed.

    >>> same = {f"p{n}": "A" for n in range(30)}
    >>> found = alternative_test({"x": same, "y": same}, same, epsilon=0.1)
    >>> found.winning_rate, found.passed
    (1.0, True)
    """
    differences = {name: _differences(name, people, judge) for name in sorted(people)}
    few = {name: len(found) for name, found in differences.items() if len(found) < min_pairs}
    tested = {name: found for name, found in differences.items() if name not in few}
    if len(tested) < 2:
        reason = f"fewer than two annotators have {min_pairs} pairs that somebody else labelled too"
        return AlternativeTest(
            epsilon=epsilon, winning_rate=None, advantage=None, passed=None, too_few=few, reason=reason
        )
    p_values = [_p_value([theirs - ours for ours, theirs in found], epsilon) for found in tested.values()]
    against = tuple(
        AgainstAnnotator(
            annotator=name,
            pairs=len(found),
            judge_advantage=sum(ours for ours, _ in found) / len(found),
            person_advantage=sum(theirs for _, theirs in found) / len(found),
            p_value=p_value,
            won=won,
        )
        for (name, found), p_value, won in zip(tested.items(), p_values, discoveries(p_values), strict=True)
    )
    rate = sum(one.won for one in against) / len(against)
    return AlternativeTest(
        epsilon=epsilon,
        winning_rate=rate,
        advantage=fsum(one.judge_advantage for one in against) / len(against),
        passed=rate >= WINS_NEEDED,
        against=against,
        too_few=few,
    )


def discoveries(p_values: Sequence[float], *, q: float = _Q) -> list[bool]:
    """Return which hypotheses fall, the false discovery rate being at most q under any dependence.

    The largest k with p_(k) <= k q / (m sum_{i=1..m} 1/i), and with it all smaller p
    (Benjamini and Yekutieli 2001).

    >>> discoveries([0.001, 0.3, 0.015])
    [True, False, True]
    >>> discoveries([0.001, 0.3, 0.02])
    [True, False, False]
    """
    m = len(p_values)
    harmonic = fsum(1 / rank for rank in range(1, m + 1))
    ordered = sorted(p_values)
    passing = [p for rank, p in enumerate(ordered, start=1) if p <= rank * q / (m * harmonic)]
    return [bool(passing) and p <= passing[-1] for p in p_values]


def _differences(name: str, people: HumanSides, judge: Mapping[str, Side | None]) -> list[tuple[bool, bool]]:
    """Return for each pair of one annotator whether the judge, and whether the person, does no worse."""
    found = []
    for pair_id, own in people[name].items():
        others = [said[pair_id] for other, said in people.items() if other != name and pair_id in said]
        if others and pair_id in judge:
            ours, theirs = _agreeing(judge[pair_id], others), _agreeing(own, others)
            found.append((ours >= theirs, theirs >= ours))
    return found


def _agreeing(side: Side | None, others: Iterable[Side]) -> int:
    return sum(side == other for other in others)


def _p_value(differences: Sequence[int], epsilon: float) -> float:
    n = len(differences)
    mean = fsum(differences) / n
    variance = fsum((one - mean) ** 2 for one in differences) / (n - 1)
    if variance == 0:
        return 0.0 if mean < epsilon else 1.0
    try:
        from scipy.special import stdtr  # type: ignore[import-untyped]
    except ImportError as error:
        raise stats_missing("the alternative-annotator test") from error
    return float(stdtr(n - 1, (mean - epsilon) / sqrt(variance / n)))
