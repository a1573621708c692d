"""The preference model: logistic in the judge's log odds and the differences of a pair's responses.

p(A better) = 1 / (1 + exp(-(w_0 logit(p_a) + sum_i w_i f_i))). It has no constant, so changing the
responses over turns p into 1 - p. Before it has learned anything, w_0 = 1 and the rest 0: it says what
the judge says.
"""

from collections.abc import Sequence
from math import exp, log

from prefstream.domain.selection.sketches import FEATURES, SKETCH_VERSION
from prefstream.schemas.selection import PairSketch, Selection
from prefstream.schemas.values import Preference

#: Weights are published as integers.
SCALE = 1_000_000
#: Before any label: believe the judge.
INITIAL = (1.0, *(0.0 for _ in FEATURES))
#: A judge is not believed beyond these odds (as their logarithm).
_MAX_LOGIT = 4.0
_MAX_SCORE = 30.0


def inputs(sketch: PairSketch | None, p_a: float | None) -> tuple[float, ...]:
    """Return what the model looks at; what is not known speaks for neither side."""
    known = sketch is not None and sketch.version == SKETCH_VERSION and len(sketch.features) == len(FEATURES)
    features = sketch.features if sketch is not None and known else (0,) * len(FEATURES)
    return (_logit(p_a), *(feature / 1000 for feature in features))


def probability(weights: Sequence[float], looked_at: Sequence[float]) -> float:
    """Return the probability that A is better.

    >>> probability((1.0, 0.5), (0.0, 0.0))
    0.5
    """
    score = sum(weight * value for weight, value in zip(weights, looked_at, strict=True))
    return 1 / (1 + exp(-max(-_MAX_SCORE, min(_MAX_SCORE, score))))


def preference(selection: Selection | None, sketch: PairSketch | None, p_a: float | None) -> float:
    """Return the probability that A is better, as far as the selection can say."""
    return probability(_weights(selection), inputs(sketch, p_a))


def doubt(
    selection: Selection | None, sketch: PairSketch | None, *, p_a: float | None, label: Preference | None
) -> int:
    """Return how much there is to doubt about a judge's label, in thousandths.

    With q the probability that the label's side is the worse one, min(1, 2 q): 1000 where the model
    would not bet on the label, and for a tie or no label.

    >>> doubt(None, None, p_a=0.9, label=Preference.A_BETTER)
    200
    >>> doubt(None, None, p_a=None, label=None)
    1000
    """
    if label is None or label is Preference.TIE:
        return 1000
    p = preference(selection, sketch, p_a)
    wrong = 1 - p if label.margin > 0 else p
    return min(1000, round(2000 * wrong))


def _weights(selection: Selection | None) -> Sequence[float]:
    fits = selection is not None and selection.sketch_version == SKETCH_VERSION
    if selection is None or not fits or len(selection.weights) != len(INITIAL):
        return INITIAL
    return [weight / SCALE for weight in selection.weights]


def _logit(p_a: float | None) -> float:
    if p_a is None:
        return 0.0
    if p_a <= 0.0 or p_a >= 1.0:
        return _MAX_LOGIT if p_a >= 1.0 else -_MAX_LOGIT
    return max(-_MAX_LOGIT, min(_MAX_LOGIT, log(p_a / (1 - p_a))))
