"""What the rows of one file do not say themselves, and what is said of a row that is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from prefstream.schemas.values import Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What holds for every row of one file."""

    #: Who says it, e.g. "ingest/pairs.jsonl".
    source: str
    #: Event time of rows that carry none.
    occurred_at: datetime
    provenance: Provenance = Provenance.REAL
    #: Put before every id of a pair, prompt or group that a row names: files that count their rows
    #: from 0 would otherwise speak of each other's pairs.
    prefix: str = ""
    #: Column by field, where a column has a name of its own.
    columns: Mapping[str, str] = field(default_factory=dict)
    #: Value by field, the same for every row; stronger than any column.
    constants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Why a row is refused."""

    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join(self.reasons)
