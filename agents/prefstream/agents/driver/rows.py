"""The final rows that a history of records amounts to, told in the plainest way.

This is the yardstick for every other projection: it takes no heed of speed, and of order only
where order decides (the first event of an id holds).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from prefstream.schemas.codec import decode
from prefstream.schemas.dead_letters import detour_of
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.judgements import JudgementFailed, PairJudged
from prefstream.schemas.labels import LabelDisputed, LabelResolved, LabelSubmitted, LabelWithdrawn
from prefstream.schemas.pairs import PairProposed, PairRejected, PairValidated
from prefstream.schemas.records import LogRecord
from prefstream.schemas.routes import PairRouted
from prefstream.schemas.topics import DEAD_LETTERS, RAW

E = TypeVar("E", bound=Event)
Verdict = PairValidated | PairRejected

_RAW = frozenset(spec.name for spec in RAW)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """What became of one pair; `None` where that has not happened."""

    pair_id: str
    proposed: PairProposed | None
    judged: PairJudged | JudgementFailed | None
    routed: PairRouted | None
    resolved: LabelResolved | None
    verdict: PairValidated | PairRejected | None
    #: Ids of its disputes.
    disputes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRow:
    """One label by one person."""

    event_id: str
    pair_id: str
    annotator: str
    verdict: str
    round: str
    #: It was withdrawn, before it came or after, and counts for nothing.
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A record that could not be handled, with its bytes and where it stood."""

    stage: str
    topic: str
    partition: int
    offset: int
    reason: str
    detail: str
    attempt: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All final rows."""

    #: The first event of every id, in the order of the records.
    archive: dict[str, Event]
    pairs: dict[str, PairRow]
    labels: dict[str, LabelRow]
    #: One for every stage and record, however often the stage said it.
    dead_letters: tuple[DeadLetter, ...]
    #: Ids under which different things were said; the time of an event is no difference.
    conflicts: frozenset[str]


def rows(records: Iterable[LogRecord]) -> Rows:
    """Return the final rows of a whole history.

    Of a pair's judgements and resolutions the latest counts, by (occurred_at, event_id); of its routes
    the first in the log, as in resolution. A route that takes an accepting one back is no route of its own.
    Its verdict is on the latest resolution; of several on that one, the one that takes the most facts into
    account counts, because what validation knows of a pair only grows.
    """
    archive: dict[str, Event] = {}
    conflicts: set[str] = set()
    dead: dict[tuple[str, str, int, int], DeadLetter] = {}
    for record in records:
        if record.topic == DEAD_LETTERS.name:
            letter = _dead_letter(record)
            dead.setdefault((letter.stage, letter.topic, letter.partition, letter.offset), letter)
        elif (event := _event(record)) is not None:
            first = archive.setdefault(event.event_id, event)
            if not _same(first, event):
                conflicts.add(event.event_id)
    return Rows(
        archive=archive,
        pairs=_pairs(archive.values()),
        labels=_labels(archive.values()),
        dead_letters=tuple(dead[place] for place in sorted(dead)),
        conflicts=frozenset(conflicts),
    )


def _event(record: LogRecord) -> Event | None:
    """Return the event of a record; none on raw topics, and none that cannot be read."""
    try:
        return None if record.topic in _RAW else decode(record.value)
    except Undecodable:
        return None


def _same(first: Event, again: Event) -> bool:
    return first is again or first.model_copy(update={"occurred_at": again.occurred_at}) == again


def _dead_letter(record: LogRecord) -> DeadLetter:
    detour = detour_of(record)
    if detour is None:
        raise Undecodable(f"dead letter {record.partition}@{record.offset} does not say where it came from")
    return DeadLetter(
        stage=detour.stage,
        topic=detour.topic,
        partition=detour.partition,
        offset=detour.offset,
        reason=detour.reason,
        detail=detour.detail,
        attempt=detour.attempt,
        key=record.key,
        value=record.value,
    )


def _labels(events: Collection[Event]) -> dict[str, LabelRow]:
    withdrawn = {(one.pair_id, one.label_id) for one in events if isinstance(one, LabelWithdrawn)}
    return {
        event.event_id: _label(event, withdrawn=(event.pair_id, event.event_id) in withdrawn)
        for event in events
        if isinstance(event, LabelSubmitted)
    }


def _label(event: LabelSubmitted, *, withdrawn: bool) -> LabelRow:
    return LabelRow(
        event_id=event.event_id,
        pair_id=event.pair_id,
        annotator=event.annotator,
        verdict=event.verdict.value,
        round=event.round,
        withdrawn=withdrawn,
    )


def _pairs(events: Iterable[Event]) -> dict[str, PairRow]:
    by_pair: dict[str, list[Event]] = {}
    for event in events:
        pair_id = getattr(event, "pair_id", None)
        if pair_id is not None:
            by_pair.setdefault(pair_id, []).append(event)
    return {pair_id: _pair(pair_id, some) for pair_id, some in by_pair.items()}


def _pair(pair_id: str, events: Sequence[Event]) -> PairRow:
    return PairRow(
        pair_id=pair_id,
        proposed=_latest([event for event in events if isinstance(event, PairProposed)]),
        judged=_latest([event for event in events if isinstance(event, PairJudged | JudgementFailed)]),
        routed=next((event for event in events if isinstance(event, PairRouted) and not event.revises), None),
        resolved=_latest([event for event in events if isinstance(event, LabelResolved)]),
        verdict=_final([event for event in events if isinstance(event, PairValidated | PairRejected)]),
        disputes=frozenset(event.event_id for event in events if isinstance(event, LabelDisputed)),
    )


def _latest(events: Sequence[E]) -> E | None:
    return max(events, key=lambda event: (event.occurred_at, event.event_id), default=None)


def _final(verdicts: Sequence[Verdict]) -> Verdict | None:
    return max(verdicts, key=_rank, default=None)


def _rank(verdict: Verdict) -> tuple[datetime, str, int, str]:
    return verdict.occurred_at, verdict.resolution_id, verdict.facts, verdict.event_id
