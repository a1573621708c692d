"""Timelines: the events of a pair in the order in which they came about."""

from collections.abc import Iterable
from dataclasses import dataclass

from prefstream.schemas.envelope import Event
from prefstream.schemas.judgements import PairJudged
from prefstream.schemas.labels import LabelSubmitted, LabelWithdrawn
from prefstream.schemas.people import CalibrationAnswered, GoldAnswered

#: Where events of one instant belong: what follows from another stands after it.
_ORDER = (
    "PairProposed",
    "PairJudged",
    "JudgementFailed",
    "PairRouted",
    "LabelSubmitted",
    "LabelWithdrawn",
    "LabelDisputed",
    "LabelResolved",
    "PairValidated",
    "PairRejected",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event of a history."""

    event: Event
    #: Seconds since the step before; `None` for the first.
    since_s: float | None
    #: Who said it: a person, or the stage or source of the fact.
    who: str
    is_person: bool
    #: What it cost, in billionths of a US dollar; `None`: it is nothing that costs.
    cost_nanousd: int | None = None
    #: Calls whose cost nobody knows; where there are any, it cost more.
    unpriced_calls: int = 0


def timeline(events: Iterable[Event]) -> tuple[Step, ...]:
    """Return the steps of a history, earliest first; an event that is there twice counts once.

    Derived events carry the latest time among their causes, so that several share an instant: a cause
    stands before what it caused, and the rest in the order of the chain.
    """
    once = {event.event_id: event for event in events}
    steps: list[Step] = []
    for event in _in_order(once):
        since_s = (event.occurred_at - steps[-1].event.occurred_at).total_seconds() if steps else None
        steps.append(_step(event, since_s))
    return tuple(steps)


def _in_order(events: dict[str, Event]) -> list[Event]:
    return sorted(events.values(), key=lambda event: (event.occurred_at, _place(event), event.event_id))


def _place(event: Event) -> tuple[int, int]:
    # Routes that take another back come after labels and resolutions of the same instant.
    revises = getattr(event, "revises", None) is not None
    known = _ORDER.index(event.type) if event.type in _ORDER else len(_ORDER)
    return (1 if revises else 0, known)


def _step(event: Event, since_s: float | None) -> Step:
    person = _person(event)
    votes = event.votes if isinstance(event, PairJudged) else ()
    return Step(
        event=event,
        since_s=since_s,
        who=person or event.source,
        is_person=person is not None,
        cost_nanousd=sum(vote.cost_nanousd for vote in votes) if votes else None,
        unpriced_calls=sum(vote.unpriced_calls for vote in votes),
    )


def _person(event: Event) -> str | None:
    if isinstance(event, LabelSubmitted | GoldAnswered | CalibrationAnswered):
        return event.annotator
    return event.by if isinstance(event, LabelWithdrawn) and event.by != "rule" else None
