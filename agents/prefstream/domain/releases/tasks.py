"""Tasks that are no pairs, as a release takes them: each person's latest answer, and which of them."""

from collections.abc import Iterable
from dataclasses import replace

from prefstream.domain.releases.exclusions import Exclusion
from prefstream.domain.releases.formats.answers import KINDS, AnsweredTask, exclusion
from prefstream.schemas.demonstrations import (
    DemonstrationSubmitted,
    SafetyLabelSubmitted,
    TaskKind,
    TaskProposed,
)
from prefstream.schemas.envelope import Event
from prefstream.schemas.releases import ReleasePlan


def answered(events: Iterable[Event], *, erased: bool = False) -> AnsweredTask | Exclusion:
    """Return a task with the answers that stand, by name, whatever the order of events.

    Args:
        events: All that was said of one task.
        erased: Whether some of it can be read no more.
    """
    ordered = sorted(events, key=lambda event: (event.occurred_at, event.event_id))
    proposals = [event for event in ordered if isinstance(event, TaskProposed)]
    latest = {
        event.annotator: event
        for event in ordered
        if isinstance(event, DemonstrationSubmitted | SafetyLabelSubmitted)
    }
    if not proposals:
        return Exclusion(reason="erased" if erased else "not_proposed")
    answers = tuple([latest[name] for name in sorted(latest)])
    if not answers:
        return Exclusion(reason="erased" if erased else "unresolved")
    return AnsweredTask(task=proposals[-1], answers=answers)


def chosen_answers(one: AnsweredTask, plan: ReleasePlan) -> AnsweredTask | Exclusion:
    """Return the task with the answers that the plan takes, or why it takes none."""
    reasons = [exclusion(one, place, plan) for place in range(len(one.answers))]
    kept = tuple([answer for answer, reason in zip(one.answers, reasons, strict=True) if not reason])
    return replace(one, answers=kept) if kept else Exclusion(reason=reasons[0])


def wanted_kinds(plan: ReleasePlan) -> frozenset[TaskKind]:
    """Return the kinds of tasks that the plan's formats are made of."""
    return frozenset(KINDS[name] for name in plan.formats if name in KINDS)
