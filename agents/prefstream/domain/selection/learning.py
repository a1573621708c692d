"""Learning: resolved labels, in the order of the log, become a selection.

Stochastic gradient with AdaGrad steps (Duchi, Hazan, Singer, JMLR 2011), one pass. The result is
rounded to integers and published, so that nobody who reads it later has to learn it again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from prefstream.domain.selection.diversity import buckets_of
from prefstream.domain.selection.model import INITIAL, SCALE, inputs, probability
from prefstream.domain.selection.sketches import SKETCH_VERSION
from prefstream.schemas.selection import PairSketch, Selection, SliceRecord
from prefstream.schemas.values import Preference, Slice

_STEP = 0.1
_EPSILON = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A pair that people decided."""

    slice: Slice
    sketch: PairSketch
    #: What the judge said before.
    p_a: float | None
    judge_label: Preference | None
    #: What people said.
    label: Preference


def learn(lessons: Iterable[Lesson], *, name: str = "selection") -> Selection:
    """Return the selection that these lessons, in this order, make.

    Args:
        lessons: Pairs that people decided; sketches of another version are passed by.
        name: The selection's name.
    """
    weights, squares = list(INITIAL), [_EPSILON] * len(INITIAL)
    seen: dict[str, int] = {}
    fared: dict[Slice, tuple[int, int]] = {}
    n = 0
    for lesson in lessons:
        if lesson.sketch.version != SKETCH_VERSION:
            continue
        looked_at = inputs(lesson.sketch, lesson.p_a)
        p = probability(weights, looked_at)
        _step(weights, squares, looked_at, p - _credit(lesson.label))
        for bucket in buckets_of(lesson.sketch.prompt):
            seen[bucket] = seen.get(bucket, 0) + 1
        labels, mistaken = fared.get(lesson.slice, (0, 0))
        fared[lesson.slice] = labels + 1, mistaken + _mistaken(lesson)
        n += 1
    return Selection(
        name=name,
        sketch_version=SKETCH_VERSION,
        weights=tuple(round(weight * SCALE) for weight in weights),
        labels=n,
        seen=dict(sorted(seen.items())),
        records={
            name: SliceRecord(labels=count, mistaken=wrong) for name, (count, wrong) in sorted(fared.items())
        },
    )


def _step(weights: list[float], squares: list[float], looked_at: tuple[float, ...], error: float) -> None:
    for place, value in enumerate(looked_at):
        gradient = error * value
        squares[place] += gradient * gradient
        weights[place] -= _STEP * gradient / sqrt(squares[place])


def _credit(label: Preference) -> float:
    return 0.5 if label.margin == 0 else float(label.margin > 0)


def _mistaken(lesson: Lesson) -> bool:
    """Return whether the judge came down on another side than people, or on none."""
    if lesson.judge_label is None:
        return True
    return _credit(lesson.judge_label) != _credit(lesson.label)
