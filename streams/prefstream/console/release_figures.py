"""Gates of a release beside those of the one before: rows of a table, and agreement as a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from prefstream.adapters.postgres.console.releases import Release
from prefstream.console.charts import Intervals, intervals
from prefstream.domain.agreement import Statistic
from prefstream.domain.gates import Gate, applied, gate_named
from prefstream.domain.trends import Bounds
from prefstream.schemas.releases import GateOverride, GateResult

#: Gates that are drawn.
DRAWN: Final = ("alpha", "kappa", "judge_agreement")
#: Gates whose figures are counts.
COUNTS: Final = frozenset({"annotators", "audit_sample", "age", "slices_kept"})
#: Slices in one picture at most.
_MOST: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRow:
    """What a gate found, with who answers for it and what it found before."""

    found: GateResult
    gate: Gate | None
    #: What of the gate, such as "judge" of the share of pairs by the judge.
    subject: str
    override: GateOverride | None
    before: GateResult | None

    @property
    def is_count(self) -> bool:
        """Return whether its figures are counts."""
        return self.found.gate in COUNTS


def gate_rows(release: Release, before: Release | None) -> Sequence[GateRow]:
    """Return every result, those that fail first."""
    answered = {
        (one.gate, one.slice): override
        for one, override in applied(release.gates, release.overrides).overridden
    }
    earlier = _by_place(before)
    rows = [
        GateRow(
            found=one,
            gate=gate_named(one.gate),
            subject=one.gate.partition(":")[2],
            override=answered.get((one.gate, one.slice)),
            before=earlier.get((one.gate, one.slice)),
        )
        for one in release.gates
    ]
    return sorted(rows, key=lambda row: row.found.passed)


def drawings(release: Release, before: Release | None) -> Mapping[str, Intervals]:
    """Return agreement by slice as pictures, by gate; one without a figure is left out."""
    earlier = _by_place(before)
    drawn = {}
    for gate in DRAWN:
        found = [one for one in release.gates if one.gate == gate and one.slice and one.value is not None]
        if found:
            drawn[gate] = _drawing(found[:_MOST], earlier)
    return drawn


def _by_place(release: Release | None) -> Mapping[tuple[str, str | None], GateResult]:
    return {} if release is None else {(one.gate, one.slice): one for one in release.gates}


def _drawing(found: Sequence[GateResult], earlier: Mapping[tuple[str, str | None], GateResult]) -> Intervals:
    gate, limit = found[0].gate, found[0].limit
    rows = [(one.slice or "", _statistic(one), _statistic(earlier.get((gate, one.slice)))) for one in found]
    made = intervals(gate, rows, {gate: Bounds(critical=limit)})
    judged = [
        replace(row, band="good" if one.passed else "critical")
        for row, one in zip(made.rows, found, strict=True)
    ]
    return replace(made, rows=judged)


def _statistic(found: GateResult | None) -> Statistic | None:
    if found is None or found.value is None:
        return None
    return Statistic(value=found.value, low=found.low, high=found.high, n_units=found.n)
