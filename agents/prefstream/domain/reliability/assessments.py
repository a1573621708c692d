"""Assessments: what gold answers and habits together ask to be done about a person, and was not yet.

A lead may do several things about one finding, each of them once: what was done is remembered by action
and cause. Training begins the test anew, so that nobody pays twice for the same answers.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from prefstream.domain.reliability.actions import Action, Recommendation, recommended
from prefstream.domain.reliability.gold_tests import GoldRecord, GoldTest
from prefstream.domain.reliability.habits import Finding, Habits


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldAnswer:
    """One answer to a gold question."""

    id: str
    right: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One thing that could be done about a person."""

    action: Action
    why: str
    #: What was found; with the action it names the proposal.
    cause: str
    #: Whether gold questions say so; a habit alone never costs anybody their labels.
    by_gold: bool
    #: Labels after this instant are concerned; `None`: all of them.
    after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One person's record, and what it asks for."""

    gold: GoldRecord
    findings: tuple[Finding, ...]
    #: What was not done yet, the gravest first.
    proposals: tuple[Proposal, ...]


def assessed(
    answers: Sequence[GoldAnswer],
    findings: Sequence[Finding],
    *,
    done: Collection[tuple[str, str]] = (),
    test: GoldTest | None = None,
) -> Assessment:
    """Return what a person's answers and habits ask for.

    Args:
        answers: Answers to gold questions since the test last began, in the order in which they came.
        findings: Habits found since then.
        done: Action and cause of what was done about the person.
        test: The gold test.

    >>> from datetime import UTC, timedelta
    >>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> wrong = [GoldAnswer(id=f"g{n}", right=False, at=noon + timedelta(hours=n)) for n in range(3)]
    >>> [(one.action, one.cause) for one in assessed(wrong, []).proposals]
    [('withdraw', 'gold failed g2'), ('retrain', 'gold failed g2')]
    >>> [one.action for one in assessed(wrong, [], done={("withdraw", "gold failed g2")}).proposals]
    ['retrain']
    """
    record = GoldRecord(test=test or GoldTest()).after_all(one.right for one in answers)
    found = recommended(Habits(findings=tuple(findings)), record)
    proposals = [_proposal(one, record, answers) for one in found]
    return Assessment(
        gold=record,
        findings=tuple(findings),
        proposals=tuple(one for one in proposals if (one.action, one.cause) not in done),
    )


def _proposal(one: Recommendation, record: GoldRecord, answers: Sequence[GoldAnswer]) -> Proposal:
    if not one.cause.startswith("gold ") or record.decided_at is None:
        return Proposal(action=one.action, why=one.why, cause=one.cause, by_gold=False)
    # The place of an answer changes when the test begins anew; its id does not.
    cause = f"gold {record.standing} {answers[record.decided_at].id}"
    first = one.since_gold or 0
    # What went wrong began after the last answer before it.
    after = answers[first - 1].at if first else None
    return Proposal(action=one.action, why=one.why, cause=cause, by_gold=True, after=after)
