"""What a stage is: it names what it needs, is given it, and answers with events.

A stage never waits and never reaches out. It is asked `needs` until it needs nothing more, then
`handle`. Whoever asks (a runner on Kafka or Postgres, the in-process driver, a replay) supplies
state and replies, and therefore decides what a crash, a retry or a recording means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from prefstream.domain.checks.policies import DEFAULT_POLICY
from prefstream.domain.crowds import Crowd
from prefstream.domain.curation.protection import Protection
from prefstream.schemas.calls import Answer, Call, Failure, Reply
from prefstream.schemas.checks import CheckPolicy
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.envelope import Event
from prefstream.schemas.policies import Policy
from prefstream.schemas.sampling import SamplingPlan
from prefstream.schemas.selection import Selection
from prefstream.schemas.topics import TopicSpec

__all__ = [
    "NOTHING",
    "Answer",
    "Call",
    "Configuration",
    "Failure",
    "Given",
    "Needs",
    "Outcome",
    "Refusal",
    "Reply",
    "Retry",
    "Stage",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The published configuration in force."""

    constitution: Constitution
    policy: Policy | None = None
    sampling: SamplingPlan | None = None
    protection: Protection = field(default_factory=Protection)
    #: Orders the queue of people; decides nothing.
    selection: Selection | None = None
    #: What becomes of the findings of checks.
    checks: CheckPolicy = DEFAULT_POLICY
    #: Constitutions that were in force before the one that is.
    superseded: frozenset[str] = frozenset()
    #: By slice, what is known of how people label it.
    crowds: Mapping[str, Crowd] = field(default_factory=dict)
    #: Identities, reckoned once: they are hashes of the whole content.
    constitution_id: str = field(init=False)
    policy_id: str | None = field(init=False)
    sampling_id: str | None = field(init=False)
    selection_id: str | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "constitution_id", self.constitution.id)
        object.__setattr__(self, "policy_id", self.policy.id if self.policy else None)
        object.__setattr__(self, "sampling_id", self.sampling.id if self.sampling else None)
        object.__setattr__(self, "selection_id", self.selection.id if self.selection else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a stage has been given so far for one event."""

    configuration: Configuration
    #: State by key; `None` where there is none yet. A missing key was not asked for.
    states: Mapping[str, bytes | None] = field(default_factory=dict)
    #: Answers by request id.
    answers: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a stage asks for; whatever it was given already does not count."""

    keys: frozenset[str] = frozenset()
    calls: tuple[Call, ...] = ()
    #: Nothing that is given can make the stage need more; who asks may stop asking.
    final: bool = False


NOTHING = Needs(final=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Try this event again later."""

    reason: str
    detail: str
    after_s: float
    #: It only waits; this does not count as an attempt.
    waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """This event cannot be handled, now or ever; it becomes a dead letter."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one event: events and new state, or a detour."""

    events: Sequence[Event] = ()
    states: Mapping[str, bytes] = field(default_factory=dict)
    detour: Retry | Refusal | None = None


class Stage(Protocol):
    """One stage of the chain."""

    @property
    def name(self) -> str:
        """Return the stage's name, part of every id it derives."""
        ...

    @property
    def version(self) -> str:
        """Return the version of its logic; bump it whenever it would decide differently."""
        ...

    @property
    def inputs(self) -> tuple[TopicSpec, ...]:
        """Return the topics it reads."""
        ...

    @property
    def stateful(self) -> bool:
        """Return whether it keeps state; such a stage takes one event of a key at a time."""
        ...

    def needs(self, event: Event, given: Given) -> Needs:
        """Return what is needed to handle the event, in view of what was given so far."""
        ...

    def handle(self, event: Event, given: Given) -> Outcome:
        """Return what becomes of the event, given all it needs."""
        ...
