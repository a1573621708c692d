"""What a card is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from prefstream.domain.gates.census import Census
from prefstream.schemas.policies import Policy
from prefstream.schemas.releases import GateOverride, GateResult, ReleasePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFile:
    """One data file of the release."""

    config: str
    split: str
    path: str
    rows: int
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """All that a card says; none of it is a time or a place, nor the id, of which it is a part."""

    plan: ReleasePlan
    census: Census
    results: Sequence[GateResult]
    overrides: Sequence[GateOverride]
    files: Sequence[CardFile]
    #: Pairs left out, by reason.
    exclusions: Mapping[str, int]
    code_version: str
    #: Paths of plots.
    plots: Sequence[str] = ()
    #: Policies that decided pairs, by id, where they are known.
    policies: Mapping[str, Policy] = field(default_factory=dict)

    @property
    def sizes(self) -> dict[tuple[str, str], int]:
        """Return bytes of files by configuration and split."""
        found: dict[tuple[str, str], int] = {}
        for one in self.files:
            found[one.config, one.split] = found.get((one.config, one.split), 0) + one.size_bytes
        return found

    @property
    def rows(self) -> dict[tuple[str, str], int]:
        """Return rows by configuration and split."""
        found: dict[tuple[str, str], int] = {}
        for one in self.files:
            found[one.config, one.split] = found.get((one.config, one.split), 0) + one.rows
        return found
