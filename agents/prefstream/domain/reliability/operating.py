"""What a gold test does to people of a given accuracy: exact, by following all counts of answers."""

from dataclasses import dataclass
from math import fsum

from prefstream.domain.reliability.gold_tests import GoldTest

#: Questions after which hardly anybody is undecided.
MOST_QUESTIONS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Operating:
    """Probabilities over people with one accuracy."""

    accuracy: float
    failed: float
    passed: float
    #: Not decided after all questions.
    undecided: float
    #: Mean number of questions until the decision.
    questions: float
    #: P(failed after at most n + 1 questions), at place n.
    failed_by: tuple[float, ...]


def operating(test: GoldTest, accuracy: float, *, most: int = MOST_QUESTIONS) -> Operating:
    """Return what a test does to people who are right with probability `accuracy`, independently.

    The standing depends on the counts alone, so P(still open with w wrong of n) follows from that with
    n - 1 answers; what leaves is failed or passed. No simulation, no approximation.

    Args:
        test: The test.
        accuracy: Share of right answers.
        most: Questions after which to stop counting.

    >>> honest = operating(GoldTest(), 0.85)
    >>> round(honest.failed, 3), round(honest.questions, 1)
    (0.032, 14.4)
    """
    still = {0: 1.0}
    failed, passed = 0.0, 0.0
    asked: list[float] = []
    failed_by: list[float] = []
    for n in range(1, most + 1):
        asked.append(fsum(still.values()))
        after: dict[int, float] = {}
        for wrong, chance in still.items():
            after[wrong] = after.get(wrong, 0.0) + chance * accuracy
            after[wrong + 1] = after.get(wrong + 1, 0.0) + chance * (1.0 - accuracy)
        still = {}
        for wrong, chance in after.items():
            standing = test.standing(right=n - wrong, wrong=wrong)
            failed += chance if standing == "failed" else 0.0
            passed += chance if standing == "passed" else 0.0
            if standing == "open":
                still[wrong] = chance
        failed_by.append(failed)
    return Operating(
        accuracy=accuracy,
        failed=failed,
        passed=passed,
        undecided=fsum(still.values()),
        questions=fsum(asked),
        failed_by=tuple(failed_by),
    )
