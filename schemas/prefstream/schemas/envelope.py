"""The envelope every event carries."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from prefstream.schemas.ids import EventId, Identifier


class Value(BaseModel):
    """A frozen value; unknown fields of a newer writer are ignored, wrong types are not.

    Infinity and NaN are refused everywhere: JSON cannot say them, so they would not come back.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


def content_hash(value: Value) -> str:
    """Return the SHA-256 of a value's canonical JSON, in hex.

    Keys are sorted: in which order a mapping was written says nothing and changes nothing. What stands
    at its default is left out, so that a field that is added later changes no identity that was given
    before; therefore a default, once released, never changes.
    """
    said = value.model_dump(mode="json", exclude_defaults=True)
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()


#: A probability or share in 0..1; NaN is refused.
Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
#: A finite number.
Finite = Annotated[float, Field(allow_inf_nan=False)]
#: An instant with its offset, within what every time zone and every log can say.
Instant = Annotated[
    AwareDatetime,
    Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(9999, 12, 31, tzinfo=UTC)),
]


class Event(Value):
    """Something that happened, said once and never changed.

    `occurred_at` is event time: the instant of the outside fact (a submission, a model's reply,
    a person's label) the event stems from. A derived event inherits the latest time among its
    causes, so that a replay, which has no clock, gives the same bytes. The time of processing
    is the log record's own timestamp.
    """

    event_id: EventId
    type: str
    schema_version: int
    occurred_at: Instant
    #: Who says it: a stage ("prefstream/judging") or the outside source of the fact.
    source: Identifier
    #: What it is about; also the record's key.
    subject: Identifier
    #: The event that directly caused this one; `None` for a fact from outside.
    causation_id: EventId | None = None
    #: The pair (or, before there is a pair, the prompt) this belongs to.
    correlation_id: Identifier
    #: Version of the logic that derived it; "0" for facts from outside.
    stage_version: str = "0"
