"""Choice: which of the prompts that wait are worth generating for."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from prefstream.domain.selection.diversity import buckets_of, diversity
from prefstream.schemas.selection import STAKES_FACTOR, Selection
from prefstream.schemas.values import Slice, Stakes

#: Labels of a slice that count as much as what all slices say.
_PRIOR_LABELS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A prompt that waits to be generated for."""

    prompt_id: str
    slice: Slice
    stakes: Stakes
    #: See `prompt_sketch`.
    sketch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A prompt that was chosen, and what it was worth then."""

    prompt_id: str
    value: int
    uncertainty: int
    diversity: int
    stakes: int


def chosen(pending: Sequence[Pending], *, selection: Selection | None, most: int) -> Sequence[Chosen]:
    """Return the prompts to generate for, the most worthwhile first.

    The worth is uncertainty x diversity x stakes, where uncertainty is how often the judge was
    mistaken in the slice. Each choice counts as seen for the next, so that of many alike only a few
    are taken. Diversity only falls as more is chosen, so a worth that still leads after it was
    reckoned again is the best of all ("lazy greedy", Minoux 1978).

    Args:
        pending: Prompts, each once; their order does not matter.
        selection: What was learned; `None` where nothing was.
        most: How many to choose.
    """
    seen = dict(selection.seen) if selection else {}
    n = selection.labels if selection else 0
    doubt = {name: slice_doubt(selection, name) for name in {one.slice for one in pending}}

    def worth(one: Pending) -> Chosen:
        # The number seen is held where it began: what is chosen shows in the buckets alone.
        different = diversity(seen, n, one.sketch)
        stakes = STAKES_FACTOR[one.stakes]
        value = max(1, doubt[one.slice]) * max(1, different) * stakes
        return Chosen(
            prompt_id=one.prompt_id,
            value=value,
            uncertainty=doubt[one.slice],
            diversity=different,
            stakes=stakes,
        )

    queue = [(-worth(one).value, one.prompt_id, place) for place, one in enumerate(pending)]
    heapq.heapify(queue)
    taken: list[Chosen] = []
    while queue and len(taken) < most:
        value, prompt_id, place = queue[0]
        now = worth(pending[place])
        if now.value != -value:
            heapq.heapreplace(queue, (-now.value, prompt_id, place))
            continue
        heapq.heappop(queue)
        taken.append(now)
        for bucket in buckets_of(pending[place].sketch):
            seen[bucket] = seen.get(bucket, 0) + 1
    return taken


def slice_doubt(selection: Selection | None, slice_name: Slice) -> int:
    """Return how often the judge was mistaken in a slice, in thousandths, drawn towards all slices.

    >>> slice_doubt(None, "code")
    1000
    """
    ours = selection.records.get(slice_name) if selection else None
    # A slice nobody labelled is as doubtful as can be: there is the most to learn.
    if selection is None or ours is None or ours.labels == 0:
        return 1000
    labels = sum(record.labels for record in selection.records.values())
    mistaken = sum(record.mistaken for record in selection.records.values())
    # Integers throughout: (ours + prior x overall rate) / (labels of ours + prior).
    return (
        1000 * (ours.mistaken * labels + _PRIOR_LABELS * mistaken) // (labels * (ours.labels + _PRIOR_LABELS))
    )
