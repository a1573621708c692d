"""Gates: whether a release may be published, and what would let it."""

from prefstream.domain.gates.catalog import GATES, Gate, gate_named
from prefstream.domain.gates.census import Census, census_of
from prefstream.domain.gates.gates import evaluated, failing
from prefstream.domain.gates.overriding import Applied, applied, may_override

__all__ = [
    "GATES",
    "Applied",
    "Census",
    "Gate",
    "applied",
    "census_of",
    "evaluated",
    "failing",
    "gate_named",
    "may_override",
]
