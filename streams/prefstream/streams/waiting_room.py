"""The waiting room of retries: who waits, until when or what for, and how far the log is dealt with."""

import heapq
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from prefstream.schemas.dead_letters import Detour, detour_of
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.records import LogRecord
from prefstream.streams.intake import Position

#: What a record takes in memory beside its bytes.
_OVERHEAD_BYTES = 1000
#: Places in the heap of records that have left, beyond which it is made anew.
_LEFT = 1000
#: One record at one place of its own topic; its copies in a retry topic share it.
_Origin = tuple[str, int, int, bytes | None]


@dataclass(slots=True)
class _Waiter:
    """One record that waits; one that has left stays in the heap until its turn and is passed over."""

    record: LogRecord
    due_ms: int
    origin: _Origin | None
    #: The key by which it is told that its answers are in; empty: it waits for its time only.
    expects: str
    number: int = 0


@dataclass(slots=True)
class WaitingRoom:
    """Who waits, until when, and how far the log is dealt with. Pure: time is an argument."""

    #: The reason of those that may become due before their time.
    waits_for: str = ""
    #: Bytes of those that wait.
    size: int = 0
    _due: list[tuple[int, int, _Waiter]] = field(default_factory=list)
    _open: dict[Position, set[int]] = field(default_factory=lambda: defaultdict(set))
    _seen: dict[Position, int] = field(default_factory=dict)
    _by_origin: dict[_Origin, _Waiter] = field(default_factory=dict)
    _expecting: dict[str, set[int]] = field(default_factory=dict)
    _fresh: set[str] = field(default_factory=set)
    _waiters: dict[int, _Waiter] = field(default_factory=dict)
    _arrivals: int = 0

    def __len__(self) -> int:
        return len(self._waiters)

    def admit(self, record: LogRecord) -> None:
        """Let a record wait until it is due; one that does not say when is due at once.

        A later copy of a record takes the place of the earlier one: only who reads again after a crash
        meets both, and the earlier one was dealt with when the later one was written.
        """
        at = (record.topic, record.partition)
        detour = _detour(record)
        waiter = _Waiter(
            record=record,
            due_ms=detour.not_before_ms if detour else 0,
            origin=_origin(detour, record),
            expects=_expected(record) if detour and detour.reason == self.waits_for else "",
        )
        self._replace(waiter)
        self._open[at].add(record.offset)
        self._seen[at] = record.offset
        self._push(waiter)

    def due(self, now_ms: int, *, limit: int) -> list[LogRecord]:
        """Return up to `limit` records whose time has come, the longest due first."""
        found: list[LogRecord] = []
        while self._due and self._due[0][0] <= now_ms and len(found) < limit:
            _, number, waiter = heapq.heappop(self._due)
            if number in self._waiters:
                found.append(self._leave(waiter).record)
        return found

    def last_due(self, count: int) -> list[LogRecord]:
        """Take out and return the records that have longest to wait.

        Of those due at the same time the first, so that the place kept in the log moves on.
        """
        last = heapq.nlargest(count, self._waiters.values(), key=lambda one: (one.due_ms, -one.number))
        return [self._leave(waiter).record for waiter in sorted(last, key=lambda one: one.number)]

    def expecting(self) -> Collection[str]:
        """Return the keys of those that may become due before their time."""
        self._fresh.clear()
        return list(self._expecting)

    def newly_expecting(self) -> Collection[str]:
        """Return the keys of those that came since somebody last asked."""
        fresh = [key for key in self._fresh if key in self._expecting]
        self._fresh.clear()
        return fresh

    def hasten(self, keys: Collection[str], now_ms: int) -> None:
        """Make those due now whose answers are in."""
        for key in keys:
            for number in list(self._expecting.get(key, ())):
                waiter = self._leave(self._waiters[number])
                waiter.due_ms, waiter.expects = min(waiter.due_ms, now_ms), ""
                self._push(waiter)

    def settled(self, records: Sequence[LogRecord]) -> dict[Position, int]:
        """Take records as dealt with and return how far each partition is dealt with."""
        for record in records:
            self._open[record.topic, record.partition].discard(record.offset)
        return {at: min(self._open[at], default=self._seen[at] + 1) for at in self._seen}

    def _replace(self, waiter: _Waiter) -> None:
        """Take out the copy of this record that stands earlier in the log."""
        before = self._by_origin.get(waiter.origin) if waiter.origin is not None else None
        if before is not None and _stands_before(before.record, waiter.record):
            self._leave(before)
            self._open[before.record.topic, before.record.partition].discard(before.record.offset)

    def _push(self, waiter: _Waiter) -> None:
        self._arrivals += 1
        waiter.number = self._arrivals
        self._waiters[waiter.number] = waiter
        self.size += _size(waiter.record)
        if waiter.origin is not None:
            self._by_origin[waiter.origin] = waiter
        if waiter.expects:
            self._expecting.setdefault(waiter.expects, set()).add(waiter.number)
            self._fresh.add(waiter.expects)
        if len(self._due) > 2 * len(self._waiters) + _LEFT:
            self._due = [(one.due_ms, one.number, one) for one in self._waiters.values()]
            heapq.heapify(self._due)
        else:
            heapq.heappush(self._due, (waiter.due_ms, waiter.number, waiter))

    def _leave(self, waiter: _Waiter) -> _Waiter:
        del self._waiters[waiter.number]
        self.size -= _size(waiter.record)
        if waiter.origin is not None and self._by_origin.get(waiter.origin) is waiter:
            del self._by_origin[waiter.origin]
        if waiter.expects:
            numbers = self._expecting[waiter.expects]
            numbers.discard(waiter.number)
            if not numbers:
                del self._expecting[waiter.expects]
        return waiter


def due_ms(record: LogRecord) -> int:
    """Return when a retried record is due, in milliseconds since 1970."""
    detour = _detour(record)
    return detour.not_before_ms if detour else 0


def _detour(record: LogRecord) -> Detour | None:
    try:
        return detour_of(record)
    except Undecodable:
        return None


def _origin(detour: Detour | None, record: LogRecord) -> _Origin | None:
    return (detour.topic, detour.partition, detour.offset, record.key) if detour else None


def _expected(record: LogRecord) -> str:
    return (record.key or b"").decode(errors="replace")


def _stands_before(one: LogRecord, other: LogRecord) -> bool:
    return (one.topic, one.partition) == (other.topic, other.partition) and one.offset < other.offset


def _size(record: LogRecord) -> int:
    headers = sum(len(name) + len(value) for name, value in record.headers)
    return _OVERHEAD_BYTES + len(record.value or b"") + len(record.key or b"") + headers
