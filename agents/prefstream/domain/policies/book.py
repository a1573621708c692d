"""The book of policies: what has become of each, told by the events about them in the order of the log."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import BadInput
from prefstream.schemas.policies import (
    Policy,
    PolicyProposed,
    PolicyPublished,
    PolicyRevoked,
    PolicySuperseded,
)

Status = Literal["proposed", "active", "superseded", "revoked"]
PolicyEvent = PolicyProposed | PolicyPublished | PolicySuperseded | PolicyRevoked


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One policy and what has become of it."""

    policy_id: str
    #: `None` where a compacted log has kept only its end.
    policy: Policy | None
    status: Status
    #: Place among all policies by when they were last put in force; `None`: never.
    order: int | None = None
    #: Each time it was revoked while or after it was in force: for which slice (`None`: for all), and
    #: its place at that time.
    revocations: tuple[tuple[str | None, int], ...] = ()
    events: tuple[PolicyEvent, ...] = ()

    @property
    def revocation(self) -> PolicyRevoked | None:
        """Return its revocation, where its last event is one."""
        last = self.events[-1]
        return last if isinstance(last, PolicyRevoked) else None

    @property
    def alarmed(self) -> bool:
        """Return whether an alarm ended it."""
        return self.revocation is not None and self.revocation.alarm_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBook:
    """All policies, in the order in which they were first heard of."""

    entries: dict[str, Entry] = field(default_factory=dict)

    @property
    def active(self) -> Entry | None:
        """Return the policy in force."""
        return next((entry for entry in self.entries.values() if entry.status == "active"), None)

    @property
    def proposed(self) -> tuple[Entry, ...]:
        """Return the policies that wait for approval, the newest last."""
        return tuple(entry for entry in self.entries.values() if entry.status == "proposed")

    def entry(self, policy_id: str) -> Entry:
        """Return a policy by its id, or by the beginning of it where that names one.

        Raises:
            BadInput: There is none, or there are several.
        """
        found = [self.entries[policy_id]] if policy_id in self.entries else self._beginning(policy_id)
        if len(found) == 1:
            return found[0]
        if not found:
            raise BadInput(f"there is no policy {policy_id!r}; `prefstream policy list` shows all")
        names = ", ".join(entry.policy_id for entry in found)
        raise BadInput(f"{policy_id!r} is the beginning of several policies: {names}; write more of it")

    def after(self, event: PolicyEvent) -> "PolicyBook":
        """Return the book after an event."""
        known = self.entries.get(event.policy_id)
        policy = event.policy if isinstance(event, PolicyProposed | PolicyPublished) else None
        entry = Entry(
            policy_id=event.policy_id,
            policy=policy or (known.policy if known else None),
            status=_status(event, known),
            order=self._order(event, known),
            revocations=_revocations(event, known),
            events=(*(known.events if known else ()), event),
        )
        entries = dict(self.entries)
        if isinstance(event, PolicyPublished):
            entries = {key: _stepped_back(other) for key, other in entries.items()}
        if known is not None and isinstance(event, PolicyProposed):
            del entries[event.policy_id]  # the newest proposal stands last
        return PolicyBook(entries=entries | {event.policy_id: entry})

    def _order(self, event: PolicyEvent, known: Entry | None) -> int | None:
        if not isinstance(event, PolicyPublished):
            return known.order if known else None
        return 1 + max((entry.order or 0 for entry in self.entries.values()), default=0)

    def _beginning(self, policy_id: str) -> list[Entry]:
        return [entry for key, entry in self.entries.items() if policy_id and key.startswith(policy_id)]


def book_of(events: Iterable[Event]) -> PolicyBook:
    """Return the book after events in the order of the log; a repeated event changes nothing."""
    book, seen = PolicyBook(), set[str]()
    for event in events:
        if isinstance(event, PolicyEvent) and event.event_id not in seen:
            seen.add(event.event_id)
            book = book.after(event)
    return book


def _status(event: PolicyEvent, known: Entry | None) -> Status:
    match event:
        case PolicyPublished():
            return "active"
        case PolicyRevoked():
            return "revoked"
        case PolicySuperseded():
            # A policy that was revoked, or has come back in force meanwhile, is not superseded.
            return known.status if known and known.status == "revoked" else "superseded"
        case PolicyProposed():
            return known.status if known and known.status != "superseded" else "proposed"


def _revocations(event: PolicyEvent, known: Entry | None) -> tuple[tuple[str | None, int], ...]:
    before = known.revocations if known else ()
    if known is None or known.order is None or not isinstance(event, PolicyRevoked):
        return before
    return (*before, (event.slice, known.order))


def _stepped_back(entry: Entry) -> Entry:
    return replace(entry, status="superseded") if entry.status == "active" else entry
