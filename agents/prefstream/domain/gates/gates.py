"""Whether a release may be published: every gate, over its census."""

from collections.abc import Sequence

from prefstream.domain.gates.catalog import GATES
from prefstream.domain.gates.census import Census
from prefstream.domain.gates.judges_measured import judge_gates
from prefstream.domain.gates.labels_said import label_gates
from prefstream.domain.gates.leanings import leaning_gates
from prefstream.domain.gates.mix import mix_gates
from prefstream.domain.gates.people_agreeing import agreement_gates
from prefstream.domain.gates.pool import pool_gates
from prefstream.schemas.releases import GateResult, ReleasePlan

_ORDER = {gate: place for place, gate in enumerate(GATES)}


def evaluated(census: Census, plan: ReleasePlan, previous: Census | None = None) -> tuple[GateResult, ...]:
    """Return what every gate found that the plan does not switch off, in the order of the catalogue.

    Args:
        census: The counts of what would be released.
        plan: Its limits, targets, policies and declared groups.
        previous: The census of the last release under the same name; `None`: there is none.

    >>> results = evaluated(Census({("pairs", "law"): 80}), ReleasePlan(name="law", targets={"law": 100}))
    >>> next(one.shortfall for one in results if one.gate == "slice_coverage")
    'slice coverage of slice law is .80, .10 below .90 (80 of 100 pairs)'
    """
    found = (
        *agreement_gates(census, plan),
        *judge_gates(census, plan),
        *label_gates(census, plan),
        *mix_gates(census, plan, previous),
        *leaning_gates(census, plan),
        *pool_gates(census, plan),
    )
    return tuple(sorted(found, key=_place))


def failing(results: Sequence[GateResult]) -> tuple[GateResult, ...]:
    """Return the results that do not let the release pass."""
    return tuple(one for one in results if not one.passed)


def _place(one: GateResult) -> tuple[int, str, str]:
    return _ORDER[one.gate.partition(":")[0]], one.gate, one.slice or ""
