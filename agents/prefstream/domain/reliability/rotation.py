"""Rotation: nobody labels one slice all day."""

from collections import Counter
from collections.abc import Iterable, Sequence

from prefstream.domain.reliability.gold_choice import place

#: Tasks of one slice in a row after which a person moves on.
STRETCH = 20


def next_slice(
    annotator: str, *, offered: Iterable[str], history: Sequence[str], seed: str, stretch: int = STRETCH
) -> str | None:
    """Return the slice of a person's next task; `None` where nothing is offered.

    Who has not done a stretch stays, for changing over costs thought. Then the slice they have done least
    of lately comes next, equals by hash.

    Args:
        annotator: Who is served.
        offered: Slices with open tasks that the person has the skills for.
        history: Slices of their last tasks, the latest last.
        seed: Secret of the installation.
        stretch: Tasks in a row after which to move on.

    >>> next_slice("ann", offered=["code", "math"], history=["code"] * 20, seed="s")
    'math'
    >>> next_slice("ann", offered=["code", "math"], history=["code"] * 19, seed="s")
    'code'
    """
    open_slices = sorted(set(offered))
    if not open_slices:
        return None
    run = _run(history)
    if history and history[-1] in open_slices and (run < stretch or len(open_slices) == 1):
        return history[-1]
    done = Counter(history)
    others = [name for name in open_slices if not history or name != history[-1]]
    return min(others, key=lambda name: (done[name], place("rotation", seed, annotator, name), name))


def _run(history: Sequence[str]) -> int:
    """Return how many of the last tasks are of one slice."""
    run = 0
    for name in reversed(history):
        if name != history[-1]:
            break
        run += 1
    return run
