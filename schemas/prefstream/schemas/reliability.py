"""What is known of how people label a slice, published for the chain, which asks until it is sure."""

from typing import Annotated, Literal

from pydantic import Field

from prefstream.schemas.envelope import Event, Instant, Share
from prefstream.schemas.ids import Identifier
from prefstream.schemas.values import Provenance, Slice

#: P(a person says l | the truth is t): rates[t][l].
Rates = dict[str, dict[str, Share]]


class ReliabilityPublished(Event):
    """How people label one slice, from now on; it supersedes what was published of the slice before.

    Its subject is "reliability:" and the slice, so that of a compacted topic the newest one stays. Shares
    and rates are rounded to four places; what is rounded to 0 counts as half of the last place.
    """

    type: Literal["ReliabilityPublished"] = "ReliabilityPublished"
    schema_version: Literal[1] = 1
    slice: Slice
    #: The nominal categories of labels, e.g. "A", "=", "B", "both_bad".
    classes: tuple[Identifier, ...] = Field(min_length=2)
    #: How frequent each class is taken to be.
    shares: dict[str, Share]
    #: How each person labels.
    confusion: dict[Identifier, Rates] = Field(default_factory=dict)
    #: How somebody labels of whom nothing is known.
    strangers: Rates
    #: Labels it was learned from.
    labels: Annotated[int, Field(ge=0)]
    #: SHA-256 of the estimate, in hex.
    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    #: Up to which event time labels were looked at.
    as_of: Instant
    provenance: Provenance = Provenance.REAL

    @property
    def name(self) -> Identifier:
        """Return what of a compacted topic the newest one stays of: the event's subject."""
        return f"reliability:{self.slice}"

    @property
    def reliability_id(self) -> Identifier:
        """Return the identity: the slice and the first 16 hex digits of the estimate's SHA-256."""
        return f"{self.slice}#{self.fingerprint[:16]}"
