"""Weekly figures: how each person, and each judge, did on a week's calibration set, with drift."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prefstream.domain.agreement.statistic import Statistic
from prefstream.domain.reliability.calibration_weeks import (
    AnchorDrift,
    against_others,
    anchor_drift,
    drift,
)

#: Days into the week from which a smaller set is drawn than was wished for, and the least of one.
_PATIENT_DAYS, _LEAST = 3, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAnswer:
    """One answer to an item of a set."""

    annotator: str
    item: str
    right: bool
    #: Given by a judge: it is compared with people, nobody is compared with it.
    judge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekFigures:
    """One person or judge in one week."""

    annotator: str
    judge: bool
    answered: int
    right: int
    #: How much more often right than the other people, on the same items.
    against_others: Statistic
    #: By how much that has changed since the set before.
    drift: Statistic
    #: Against themselves, on the items of an earlier set.
    anchors: AnchorDrift


def set_due(candidates: int, *, size: int, weekday: int) -> bool:
    """Return whether to draw the week's set now: it is drawn once, so it waits for a while to be whole.

    Args:
        candidates: Pairs that it may be drawn from.
        size: Pairs wished for; 0: no set.
        weekday: Day of the week, Monday is 0.

    >>> set_due(50, size=50, weekday=0), set_due(20, size=50, weekday=0), set_due(20, size=50, weekday=4)
    (True, False, True)
    """
    if not size:
        return False
    return candidates >= size or (weekday >= _PATIENT_DAYS and candidates >= min(_LEAST, size))


def week_figures(
    now: Iterable[SetAnswer], *, before: Iterable[SetAnswer] = (), earlier: Iterable[SetAnswer] = ()
) -> tuple[WeekFigures, ...]:
    """Return the figures of a week, by name.

    Args:
        now: Answers to the week's set.
        before: Answers to the set before it.
        earlier: Answers to the set that the anchors are from.

    >>> people = [SetAnswer(annotator=who, item=f"p{n}", right=who != "cy" or n % 2 == 0)
    ...           for n in range(20) for who in ("ann", "bob", "cy")]
    >>> [(one.annotator, one.right, one.against_others.value) for one in week_figures(people)]
    [('ann', 20, 0.25), ('bob', 20, 0.25), ('cy', 10, -0.5)]
    """
    today, last = list(now), list(before)
    own, own_before, own_earlier = _by_annotator(today), _by_annotator(last), _by_annotator(earlier)
    judges = {one.annotator for one in today if one.judge}
    return tuple(
        _figures(
            name,
            judge=name in judges,
            own=answers,
            against=_against(today, name, answers),
            against_before=_against(last, name, own_before.get(name, {})),
            earlier=own_earlier.get(name, {}),
        )
        for name, answers in sorted(own.items())
    )


def _figures(
    name: str,
    *,
    judge: bool,
    own: Mapping[str, bool],
    against: Statistic,
    against_before: Statistic,
    earlier: Mapping[str, bool],
) -> WeekFigures:
    return WeekFigures(
        annotator=name,
        judge=judge,
        answered=len(own),
        right=sum(own.values()),
        against_others=against,
        drift=drift(against, against_before),
        anchors=anchor_drift(own, earlier),
    )


def _by_annotator(answers: Iterable[SetAnswer]) -> dict[str, dict[str, bool]]:
    found: dict[str, dict[str, bool]] = {}
    for one in answers:
        found.setdefault(one.annotator, {})[one.item] = one.right
    return found


def _against(answers: Iterable[SetAnswer], name: str, own: Mapping[str, bool]) -> Statistic:
    others: dict[str, tuple[int, int]] = {}
    for one in answers:
        if one.judge or one.annotator == name:
            continue
        right, count = others.get(one.item, (0, 0))
        others[one.item] = (right + one.right, count + 1)
    return against_others(own, others)
