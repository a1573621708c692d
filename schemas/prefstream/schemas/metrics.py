"""Events for those who watch: metrics updated, alerts raised and cleared."""

from typing import Annotated, Literal

from pydantic import Field

from prefstream.schemas.envelope import Event, Finite, Instant, Value
from prefstream.schemas.ids import Identifier
from prefstream.schemas.values import Slice

Window = Literal["1h", "24h", "7d", "all"]


class Measurement(Value):
    """One statistic of one slice and window; undefined is `None` with a reason."""

    statistic: Identifier
    value: Finite | None
    low: Finite | None = None
    high: Finite | None = None
    reason: str | None = None
    n: int = Field(ge=0)


class MetricsUpdated(Event):
    """The rolling figures of a slice changed."""

    type: Literal["MetricsUpdated"] = "MetricsUpdated"
    schema_version: Literal[1] = 1
    slice: Slice
    window: Window
    #: End of the window, in event time.
    as_of: Instant
    measurements: tuple[Measurement, ...]


class AlertRaised(Event):
    """A bound was crossed and somebody should act."""

    type: Literal["AlertRaised"] = "AlertRaised"
    schema_version: Literal[1] = 1
    alert_id: Identifier
    slice: Slice
    statistic: Identifier
    severity: Literal["notice", "warning", "critical"]
    action: str
    detail: str = ""
    #: The rule that raised it, and the rules of the deployment as a hash.
    rule: Identifier | None = None
    rules_id: Identifier | None = None
    window: Window | None = None
    #: The bound that was crossed, and the figure that crossed it.
    bound: Finite | None = None
    value: Finite | None = None
    low: Finite | None = None
    high: Finite | None = None
    n: Annotated[int, Field(ge=0)] | None = None
    #: Whom a lead should look at first; nothing is done to anybody by an alert.
    annotators: tuple[Identifier, ...] = ()
    #: The page that says what to look at and what to do.
    runbook: str | None = None


class AlertCleared(Event):
    """What raised the alert is over."""

    type: Literal["AlertCleared"] = "AlertCleared"
    schema_version: Literal[1] = 1
    alert_id: Identifier
    slice: Slice
    rule: Identifier | None = None
    window: Window | None = None
    #: What is known now.
    detail: str = ""
