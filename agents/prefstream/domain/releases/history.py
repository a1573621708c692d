"""Histories: the events of one pair, each once, in an order that no log decides.

Offsets depend on how many partitions there are and on who wrote first; event time and ids do not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from prefstream.schemas.envelope import Event

#: Where events of one instant belong: what follows from another stands after it.
_PLACES: Final = {
    name: place
    for place, name in enumerate(
        (
            "PairProposed",
            "PairJudged",
            "JudgementFailed",
            "PairRouted",
            "LabelSubmitted",
            "LabelWithdrawn",
            "LabelDisputed",
            "LabelResolved",
            "PairRejected",
            "QuarantineDecided",
            "PairValidated",
        )
    )
}
_LAST: Final = len(_PLACES)
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairHistory:
    """What was said of one pair."""

    pair_id: str
    #: Each event once, in the order of the chain.
    events: tuple[Event, ...]
    #: Whether some of what was said can be read no more.
    erased: bool = False

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of one type, in order."""
        return [event for event in self.events if isinstance(event, kind)]


def history_of(pair_id: str, events: Iterable[Event], *, erased: bool = False) -> PairHistory:
    """Return the history that these events make up, whatever their order and however often each is there."""
    once = {event.event_id: event for event in events}
    return PairHistory(pair_id=pair_id, events=tuple(sorted(once.values(), key=_place)), erased=erased)


def latest(events: Iterable[E]) -> E | None:
    """Return the event that holds of several that say the same thing anew: the latest, then by id."""
    return max(events, key=_rank, default=None)


def _place(event: Event) -> tuple[datetime, int, str]:
    return event.occurred_at, _PLACES.get(event.type, _LAST), event.event_id


def _rank(event: Event) -> tuple[datetime, str]:
    return event.occurred_at, event.event_id
