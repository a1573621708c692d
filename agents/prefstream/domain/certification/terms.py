"""Terms: what is to be promised, and how it is to be proved."""

from dataclasses import dataclass
from typing import Literal

from prefstream.schemas.errors import BadInput

#: Pairs that will come from the same stream, or exactly the pairs at hand, the audited ones among them.
Population = Literal["stream", "file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a certificate promises.

    Raises:
        BadInput: A number is not a probability that can be promised.
    """

    #: Bound on the share of accepted pairs that a person disagrees with.
    alpha: float = 0.1
    #: Probability with which the bound may fail, for all slices together.
    delta: float = 0.1
    #: One threshold for all slices together: its promise says nothing of a single slice.
    pooled: bool = False
    population: Population = "stream"
    #: Thresholds fixed before the first label was looked at, strictest first: makes the certificate
    #: hold however often it is asked for while labels come in.
    anytime: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name, value in (("alpha", self.alpha), ("delta", self.delta)):
            if not 0 < value < 1:
                raise BadInput(f"{name} is {value:g}; it must lie between 0 and 1, both excluded")
        if self.anytime and self.population == "file":
            raise BadInput("looking repeatedly is for a stream; leave out the population or the thresholds")
        if any(not 0 <= one <= 1 for one in self.anytime):
            raise BadInput("a threshold lies outside 0 to 1")
        if list(self.anytime) != sorted(set(self.anytime), reverse=True):
            raise BadInput("name the thresholds once each, the strictest first")
