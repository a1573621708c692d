"""Actions: what to do about a person's findings. People decide; this recommends, and says why.

A habit alone never costs anybody their labels: it may have a good reason that no detector knows. Labels
are withdrawn where gold questions say that the answers are wrong, and then back to where that began.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from prefstream.domain.reliability.gold_tests import GoldRecord
from prefstream.domain.reliability.habits import Finding, Habits

Action = Literal["warn", "pause", "retrain", "withdraw"]
#: Findings of one kind up to which one warns, and up to which one asks for a pause.
_WARNED, _PAUSED = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One thing to do."""

    action: Action
    #: What a person can be told.
    why: str
    #: The first label concerned; `None`: all, or those from `since_gold` on.
    since: str | None = None
    #: Place, from 0, of the first gold answer concerned.
    since_gold: int | None = None
    #: What was found, by name: the same for as long as nothing new is found.
    cause: str = ""


def recommended(habits: Habits, gold: GoldRecord) -> tuple[Recommendation, ...]:
    """Return what to do about one person, the gravest first.

    >>> failed = GoldRecord().after_all([False] * 3)
    >>> [one.action for one in recommended(Habits(), failed)]
    ['withdraw', 'retrain']
    """
    return (*_by_gold(gold), *_by_habits(habits.findings))


def _by_gold(gold: GoldRecord) -> tuple[Recommendation, ...]:
    if gold.standing not in ("failed", "fallen") or gold.since is None:
        return ()
    test = gold.test
    if gold.standing == "failed":
        why = (
            f"{gold.right} of {gold.answers} gold questions were right; one in {round(1 / test.false_alarm)} "
            f"people who are right {test.honest:.0%} of the time would fail so, at most"
        )
    else:
        why = (
            f"answers to gold questions are no longer right {test.honest:.0%} of the time, "
            f"since gold question {gold.since + 1}"
        )
    cause = f"gold {gold.standing} {gold.decided_at}"
    return (
        Recommendation(action="withdraw", why=why, since_gold=gold.since, cause=cause),
        Recommendation(action="retrain", why=why, cause=cause),
    )


def _by_habits(findings: tuple[Finding, ...]) -> tuple[Recommendation, ...]:
    times = Counter(one.kind for one in findings)
    latest = {one.kind: one for one in findings}
    found = [(_grade(kind, count), latest[kind], count) for kind, count in times.items()]
    order: tuple[Action, ...] = ("retrain", "pause", "warn")
    return tuple(
        Recommendation(
            action=action, why=_told(one, count), since=one.since, cause=f"{one.kind} {one.raised_by}"
        )
        for action, one, count in sorted(found, key=lambda row: (order.index(row[0]), row[1].kind))
    )


def _grade(kind: str, count: int) -> Action:
    if kind == "slow_down":
        # Who slows down is tired, not careless: rest, however often.
        return "pause"
    if count <= _WARNED:
        return "warn"
    return "pause" if count <= _PAUSED else "retrain"


def _told(one: Finding, count: int) -> str:
    again = "" if count == 1 else f"; found {count} times"
    return f"{one.kind.replace('_', ' ')}: {one.shown} of {one.labels} labels since {one.since}{again}"
