"""Priority: which of the pairs that wait for people goes first.

uncertainty x diversity x stakes, all integers, so that sums and order are exact. Audited pairs stand
before all others and equal among themselves: labelling the doubtful ones of them first would make the
labelled audit sample one of doubtful pairs, and no certificate could rest on it.
"""

from dataclasses import dataclass

from prefstream.domain.selection.diversity import diversity
from prefstream.domain.selection.model import doubt
from prefstream.domain.selection.sketches import SKETCH_VERSION
from prefstream.schemas.selection import AUDIT_FIRST, STAKES_FACTOR, PairSketch, Priority, Selection
from prefstream.schemas.values import Preference, Stakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """What the priority of a pair is reckoned from."""

    stakes: Stakes
    p_a: float | None
    label: Preference | None
    sketch: PairSketch | None
    #: The audit coin fell on heads.
    audit: bool


def priority_of(
    pair: Doubtful, *, selection: Selection | None = None, selection_id: str | None = None
) -> Priority:
    """Return the pair's priority under the selection in force.

    Args:
        pair: The pair.
        selection: What was learned from labels; without it the judge's own doubt counts, and every
            prompt counts as new.
        selection_id: The selection's identity, which its holder has reckoned already.
    """
    uncertainty = doubt(selection, pair.sketch, p_a=pair.p_a, label=pair.label)
    different = _diversity(selection, pair.sketch)
    stakes = STAKES_FACTOR[pair.stakes]
    # Nothing that waits is worth nothing: a zero would hide the other two parts.
    value = max(1, uncertainty) * max(1, different) * stakes
    return Priority(
        value=AUDIT_FIRST if pair.audit else value,
        uncertainty=uncertainty,
        diversity=different,
        stakes=stakes,
        audit=pair.audit,
        selection_id=selection_id,
    )


def _diversity(selection: Selection | None, sketch: PairSketch | None) -> int:
    if selection is None or sketch is None or sketch.version != SKETCH_VERSION:
        return 1000
    return diversity(selection.seen, selection.labels, sketch.prompt)
