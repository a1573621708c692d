"""The port to quality: gold questions and calibration sets among the work, and what is said besides.

Every method is called inside a transaction of the queue, on its connection: what it writes stands or
falls with the lease or the submission.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.tasks import Lease, Worker
from prefstream.schemas.envelope import Event
from prefstream.schemas.labels import LabelSubmitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A question that is put between the work; the person is not told."""

    pair_id: str
    slice: str
    purpose: Literal["gold", "calibration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asides:
    """What a person is told with a task, beside the task."""

    #: A word to the person, e.g. a warning; `None`: none.
    notice: str | None = None
    #: Why a break would be good now; `None`: it would not.
    rest: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What an answer to a question between the work gives."""

    #: Said instead of a label.
    events: Sequence[Event] = field(default_factory=tuple)
    #: What the person is told at once, e.g. why, while training; `None`: nothing.
    feedback: dict[str, Any] | None = None


class Quality(Protocol):
    """What the queue asks of quality."""

    async def turn(
        self, connection: Connection, person: Worker, slices: Sequence[str] | None, now: datetime
    ) -> Turn | None:
        """Return the question that this turn takes instead of work; `None`: it is a turn of work.

        Args:
            connection: In the transaction that lends; the person's row is locked.
            person: Who asks.
            slices: Slices that the person may get; `None`: all.
            now: The database's time.
        """
        ...

    async def prefer(
        self, connection: Connection, person: Worker, slices: Sequence[str] | None
    ) -> str | None:
        """Return the slice from which work would do the person good now; `None`: any."""
        ...

    async def asides(self, connection: Connection, person: Worker, now: datetime) -> Asides:
        """Return what the person is told with the next task."""
        ...

    async def answered(self, connection: Connection, lease: Lease, label: LabelSubmitted) -> Answered:
        """Take the answer to a gold or calibration question; its events are said instead of the label.

        The event ids must follow from the label's id: a repeat of the label is a repeat of them.
        """
        ...

    async def worked(self, connection: Connection, lease: Lease, label: LabelSubmitted) -> None:
        """Take note of a label that was given in work."""
        ...

    async def undone(self, connection: Connection, lease: Lease, submission_id: str) -> None:
        """Forget what `answered` or `worked` noted: the person took the answer back."""
        ...


class _NoQuality:
    """Asks nothing between the work and says nothing."""

    async def turn(
        self,
        connection: Connection,  # noqa: ARG002
        person: Worker,  # noqa: ARG002
        slices: Sequence[str] | None,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> Turn | None:
        return None

    async def prefer(
        self,
        connection: Connection,  # noqa: ARG002
        person: Worker,  # noqa: ARG002
        slices: Sequence[str] | None,  # noqa: ARG002
    ) -> str | None:
        return None

    async def asides(
        self,
        connection: Connection,  # noqa: ARG002
        person: Worker,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> Asides:
        return Asides()

    async def answered(
        self,
        connection: Connection,  # noqa: ARG002
        lease: Lease,  # noqa: ARG002
        label: LabelSubmitted,  # noqa: ARG002
    ) -> Answered:
        return Answered()

    async def worked(self, connection: Connection, lease: Lease, label: LabelSubmitted) -> None:
        pass

    async def undone(self, connection: Connection, lease: Lease, submission_id: str) -> None:
        pass


NO_QUALITY: Quality = _NoQuality()
