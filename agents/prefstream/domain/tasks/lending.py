"""Lending: what a lease is, who may take which task, and how long it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal, get_args

from prefstream.domain.people import Permission, Role, may, rounds_of
from prefstream.schemas.demonstrations import TaskKind
from prefstream.schemas.labels import Round

Sides = Literal["ab", "ba"]
Purpose = Literal["work", "gold", "calibration"]

#: Rounds of a pair, the most urgent first: each of them holds up a pair that others worked on already.
PAIR_ROUNDS: tuple[Round, ...] = ("adjudicate", "review", "annotate")
#: Tasks of other kinds stand in the queue with their kind in the place of the round.
OTHER_KINDS: tuple[str, ...] = tuple(kind.value for kind in TaskKind)
#: Nobody gets these without asking for them by name: they may show what hurts to read.
ONLY_ASKED_FOR: frozenset[str] = frozenset({TaskKind.SAFETY.value})
#: Leases that a person may hold: the one on the screen and the one after it.
MOST_LEASES = 2
#: Of so many turns, one takes the oldest task whatever its priority.
TURNS_PER_OLDEST = 8
#: Rounds in which a person sees what others said before.
INFORMED: frozenset[str] = frozenset({"review", "adjudicate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long things hold, in seconds."""

    #: A lease without a sign of life.
    lease_s: float = 900.0
    #: Between two signs of life.
    heartbeat_s: float = 60.0
    #: A submitted answer waits so long before it is said, so that it can be taken back.
    undo_s: float = 10.0
    #: An answer is still taken so long after its lease expired, where nobody else took the task.
    grace_s: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Who asks for a task."""

    person_id: str
    role: Role
    simulated: bool = False
    #: Slices that the person may label; `None`: all.
    skills: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A task lent to a person."""

    lease_id: str
    #: The pair, or the task of another kind.
    pair_id: str
    #: The round of a pair, or the kind of another task.
    round: str
    slice: str
    person_id: str
    purpose: Purpose
    fence: int
    #: "ab": A stands on the left.
    sides: Sides
    leased_at: datetime
    expires_at: datetime
    shown_at: datetime | None = None
    #: Null while it is held.
    ended_at: datetime | None = None
    ending: str | None = None

    @property
    def kind(self) -> str:
        """Return "pair", or the kind of another task."""
        return "pair" if self.round in PAIR_ROUNDS else self.round

    @property
    def pair_round(self) -> Round:
        """Return the round of a pair.

        Raises:
            ValueError: It is a task of another kind.
        """
        for known in PAIR_ROUNDS:
            if known == self.round:
                return known
        raise ValueError(f"a {self.round} task has no round")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which tasks a person asks for, within what the person may do."""

    #: In the order in which they are looked for.
    rounds: tuple[str, ...]
    #: `None`: all.
    slices: tuple[str, ...] | None


def wish_of(worker: Worker, *, rounds: Sequence[str] | None, slices: Sequence[str] | None) -> Wish:
    """Return what a person may get of what the person asks for; of rounds not named, all that are open.

    >>> wish_of(Worker(person_id="ada", role=Role.REVIEWER), rounds=None, slices=None).rounds[:2]
    ('review', 'annotate')
    >>> wish_of(Worker(person_id="ada", role=Role.ANNOTATOR), rounds=["review"], slices=None).rounds
    ()
    """
    theirs = rounds_of(worker.role)
    open_to = [round_name for round_name in PAIR_ROUNDS if round_name in theirs]
    others = OTHER_KINDS if may(worker.role, Permission.LABEL) else ()
    allowed = (*open_to, *others)
    if rounds is None:
        asked = tuple(one for one in allowed if one not in ONLY_ASKED_FOR)
    else:
        asked = tuple(dict.fromkeys(one for one in rounds if one in allowed))
    return Wish(rounds=asked, slices=_slices(worker.skills, slices))


def known_rounds() -> tuple[str, ...]:
    """Return every name that may stand for a round in a request."""
    return (*get_args(Round), *OTHER_KINDS)


def sides_of(lease_id: str) -> Sides:
    """Return on which sides the two responses stand: a fair coin by the lease, the same at every look.

    >>> sides_of("b1946ac9-2492-4d23-8b1b-7d1c1c0a0c11") in ("ab", "ba")
    True
    """
    return "ab" if _draw("sides", lease_id) % 2 == 0 else "ba"


def takes_oldest(lease_id: str) -> bool:
    """Return whether this turn takes the oldest task, so that no task waits for ever.

    One turn in eight on average. It hangs on the id of the lease to be, which nobody knows before: who
    counted turns could choose when to ask.
    """
    return _draw("oldest", lease_id) % TURNS_PER_OLDEST == 0


def counted_seconds(
    said_s: float | None, *, shown_at: datetime | None, submitted_at: datetime
) -> float | None:
    """Return the seconds a person took: as the page measured them, but never more than passed here.

    The page's clock may stop, jump or lie; the two instants are one server's. Without the instant of
    showing nothing is known.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> counted_seconds(90.0, shown_at=noon, submitted_at=noon + timedelta(seconds=60))
    60.0
    >>> counted_seconds(90.0, shown_at=None, submitted_at=noon) is None
    True
    """
    if shown_at is None:
        return None
    passed_s = max(0.0, (submitted_at - shown_at) / timedelta(seconds=1))
    return passed_s if said_s is None else min(max(said_s, 0.0), passed_s)


def _slices(skills: frozenset[str] | None, asked: Sequence[str] | None) -> tuple[str, ...] | None:
    if skills is None:
        return None if asked is None else tuple(sorted(set(asked)))
    return tuple(sorted(skills if asked is None else skills & set(asked)))


def _draw(about: str, lease_id: str) -> int:
    return int.from_bytes(sha256(f"{about}:{lease_id}".encode()).digest()[:8], "big")
