"""What decides which pair people see first: sketches of pairs, and the selection learned from labels.

None of it decides whether a pair is accepted; it orders a queue.
"""

from typing import Annotated, Literal

from pydantic import Field

from prefstream.schemas.envelope import Event, Value, content_hash
from prefstream.schemas.ids import Identifier
from prefstream.schemas.values import Slice, Stakes

#: One more than the largest priority that uncertainty, diversity and stakes can give.
AUDIT_FIRST = 10_000_000
Thousandths = Annotated[int, Field(ge=0, le=1000)]
Count = Annotated[int, Field(ge=0)]


class PairSketch(Value):
    """What is kept of a pair's texts where they are read, for stages that do not read them."""

    #: How it was made; a selection applies to sketches of its own version only.
    version: Identifier
    #: SimHash of the last user message, 16 hex digits.
    prompt: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    #: Response A less response B in thousandths, in the order of `prefstream.domain.selection.FEATURES`.
    features: tuple[int, ...]


class Priority(Value):
    """Which of the pairs that wait for people goes first: the highest value, then the lowest pair id."""

    #: uncertainty x diversity x stakes; `AUDIT_FIRST` for every audited pair.
    value: Count
    #: 1000: either response may be the better one; 0: there is no doubt.
    uncertainty: Thousandths
    #: 1000: no prompt like this was seen; 0: nothing but prompts like this.
    diversity: Thousandths
    #: What a wrong label would cost: 1 low, 2 medium, 4 high.
    stakes: Literal[1, 2, 4]
    #: Audited pairs go first and among equals, so that the labelled ones are a sample of all.
    audit: bool = False
    #: The selection it was reckoned with; `None`: none is published, so the judge's doubt counts alone.
    selection_id: Identifier | None = None


class SliceRecord(Value):
    """How a judge fared with the pairs of one slice that people decided."""

    labels: Count
    #: Those on which people came down on another side.
    mistaken: Count


class Selection(Value):
    """What was learned from resolved labels up to a moment, immutable and known by its content."""

    name: Identifier = "selection"
    #: The version of the sketches it was learned from.
    sketch_version: Identifier
    #: Weight of the judge's log odds and then of each feature, in millionths.
    weights: tuple[int, ...]
    #: Labels it was learned from.
    labels: Count = 0
    #: Prompts seen in each bucket of each band, "band:bucket"; what is not named was not seen.
    seen: dict[str, Count] = Field(default_factory=dict)
    #: How the judge fared in each slice.
    records: dict[Slice, SliceRecord] = Field(default_factory=dict)

    @property
    def id(self) -> Identifier:
        """Return the identity: the name and the first 16 hex digits of the content's SHA-256."""
        return f"{self.name}#{content_hash(self)[:16]}"


class SelectionPublished(Event):
    """This selection orders the queue from now on; it supersedes the one before."""

    type: Literal["SelectionPublished"] = "SelectionPublished"
    schema_version: Literal[1] = 1
    #: The selection's name, so that of a compacted topic the newest one stays.
    name: Identifier
    selection_id: Identifier
    selection: Selection


#: How much the stakes multiply.
STAKES_FACTOR: dict[Stakes, Literal[1, 2, 4]] = {Stakes.LOW: 1, Stakes.MEDIUM: 2, Stakes.HIGH: 4}
