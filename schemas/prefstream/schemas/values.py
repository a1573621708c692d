"""Values that several events share: messages, responses, labels, money, provenance."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from prefstream.schemas.envelope import Share, Value
from prefstream.schemas.ids import Identifier

Slice = Identifier
Tag = Identifier
#: Longest text of one message or response, in characters.
MAX_TEXT = 900_000
Text = Annotated[str, Field(max_length=MAX_TEXT)]


class Stakes(StrEnum):
    """How much a wrong label would cost."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Preference(StrEnum):
    """The five-point scale: which response is better and by how much."""

    A_MUCH_BETTER = "A>>"
    A_BETTER = "A>"
    TIE = "="
    B_BETTER = "B>"
    B_MUCH_BETTER = "B>>"

    @property
    def margin(self) -> int:
        """Return the signed margin, +2 (A much better) to -2 (B much better)."""
        return _MARGINS[self]

    @property
    def swapped(self) -> "Preference":
        """Return the same preference with the two responses changed over."""
        return preference_of(-self.margin)


_MARGINS = {
    Preference.A_MUCH_BETTER: 2,
    Preference.A_BETTER: 1,
    Preference.TIE: 0,
    Preference.B_BETTER: -1,
    Preference.B_MUCH_BETTER: -2,
}
_BY_MARGIN = {margin: preference for preference, margin in _MARGINS.items()}


def preference_of(margin: int) -> Preference:
    """Return the preference with this margin.

    >>> preference_of(-1)
    <Preference.B_BETTER: 'B>'>

    Raises:
        KeyError: The margin is not one of +2, +1, 0, -1, -2.
    """
    return _BY_MARGIN[margin]


class Verdict(StrEnum):
    """What a person or a judge may answer: a preference, or that there is none to give.

    `unsure` and `both_bad` are answers of their own; neither is a tie.
    """

    A_MUCH_BETTER = "A>>"
    A_BETTER = "A>"
    TIE = "="
    B_BETTER = "B>"
    B_MUCH_BETTER = "B>>"
    UNSURE = "unsure"
    BOTH_BAD = "both_bad"

    @property
    def preference(self) -> Preference | None:
        """Return the preference, or `None` for `unsure` and `both_bad`."""
        return _PREFERENCES.get(self)


_PREFERENCES = {Verdict(preference.value): preference for preference in Preference}


class Provenance(StrEnum):
    """Where something came from; whatever is not `real` never enters a release by default."""

    REAL = "real"
    RECORDED = "recorded"
    OFFLINE = "offline"
    SIMULATED = "simulated"


class Message(Value):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    content: Text


class Response(Value):
    """One candidate answer and how it was made."""

    text: Text
    model: Identifier
    #: Sampling parameters, system prompt variant, effort: whatever the provider was asked for.
    parameters: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    provenance: Provenance = Provenance.REAL


class ClauseVerdict(Value):
    """What one vote says of one clause of the constitution."""

    clause: Identifier
    verdict: Literal["A", "B", "both", "neither", "not_applicable"]
    quote: str = ""
    #: Whether the quote occurs in a response of the pair; `None`: nothing is quoted, or nobody looked.
    quote_found: bool | None = None


class Usage(Value):
    """Tokens that one model call was billed for."""

    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    cache_write_tokens: int = Field(default=0, ge=0)
    cache_read_tokens: int = Field(default=0, ge=0)


class Vote(Value):
    """One reading of a pair by one judge, in one order, under one prompt variant."""

    judge: Identifier
    provenance: Provenance
    #: The order in which the judge saw the responses; `verdict` is already mapped back.
    order: Literal["ab", "ba"]
    variant: Identifier
    #: The verdict exactly as the judge gave it.
    raw: str | None
    #: `None`: the answer could not be read. That is no verdict, never a tie.
    verdict: Verdict | None
    #: The judge's own probability that A is better, where it gives one.
    p_a: Share | None = None
    clause_verdicts: tuple[ClauseVerdict, ...] = ()
    rationale: str = ""
    usage: Usage | None = None
    #: Billionths of a US dollar: integers, so that sums do not depend on their order.
    cost_nanousd: int = Field(default=0, ge=0)
    #: Calls for this vote whose cost is not known; where there are any, the vote cost more than it says.
    unpriced_calls: int = Field(default=0, ge=0)
