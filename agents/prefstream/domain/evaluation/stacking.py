"""Several judges together: weighed by what a few pairs with known answers show of each."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from math import fsum
from statistics import stdev
from typing import Any

import numpy as np
import numpy.typing as npt

from prefstream.domain.evaluation.extras import stats_missing
from prefstream.domain.evaluation.readings import EvaluationSet, JudgeName, Side, side_of
from prefstream.schemas.errors import BadInput

#: Draws of gold pairs over which accuracy is averaged.
DRAWS = 20
_FOLDS = 5
#: Inverse strength of the ridge penalty. Chosen on LLMBar, 80 gold pairs: .03, .1 and 1 give .889, .896
#: and .890, averaged over 20 draws.
_INVERSE_PENALTY = 0.1
_SIDES: tuple[Side, ...] = ("A", "=", "B")
_STEPS = 100
_Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What every judge says of the same pairs, and what people say."""

    judges: tuple[JudgeName, ...]
    pair_ids: tuple[str, ...]
    #: One row a pair, one column a judge: mean credit for A minus that for B, -1 to 1; 0 for none.
    leanings: _Numbers
    truth: tuple[Side, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacking:
    """How well several judges do together, by ways of putting them together."""

    judges: int
    pairs: int
    gold: int | None = None
    draws: int | None = None
    #: Mean accuracy on the pairs that are not gold, over the draws, and its spread between draws.
    stacked: float | None = None
    stacked_spread: float | None = None
    #: The judge that is best on the gold pairs, on the others.
    best_on_gold: float | None = None
    #: The judge that is best on all pairs, which nobody knows beforehand.
    best_single: float | None = None
    best_judge: str | None = None
    #: Without any gold: the side that most judges take, and Dawid and Skene's weighing.
    majority: float | None = None
    dawid_skene: float | None = None
    #: Accuracy on the labelled pairs, each predicted from the others (stratified folds).
    cross_validated: float | None = None
    reason: str | None = None


def panel_of(evaluated: EvaluationSet) -> Panel:
    """Return the pairs that every judge read and on which people take a side, by id."""
    judges = tuple(sorted(evaluated.judgements))
    read = [set(evaluated.judgements[name]) for name in judges]
    common = sorted(set.intersection(*read)) if read else []
    sides = {key: evaluated.pairs[key].people.side for key in common}
    known = [(key, side) for key, side in sides.items() if side is not None]
    leanings = [[_leaning(evaluated, name, key) for name in judges] for key, _ in known]
    return Panel(
        judges=judges,
        pair_ids=tuple(key for key, _ in known),
        leanings=np.array(leanings, dtype=np.float64).reshape(len(known), len(judges)),
        truth=tuple(side for _, side in known),
    )


def stacking(panel: Panel, *, gold: int, draws: int = DRAWS) -> Stacking:
    """Return how judges do together when a logistic regression weighs them by gold pairs.

    Which pairs are gold is drawn by the hash of their ids, so the same pairs give the same figures.
    Unsupervised ways stand beside it for comparison: where judges share their errors, they trust the
    errors.

    Args:
        panel: What judges and people say.
        gold: Pairs whose answer is known.
        draws: How often gold is drawn.

    Raises:
        BadInput: Fewer than 10 gold pairs, or none are left over; or scikit-learn is not installed.

    >>> truth = ("A", "B") * 15
    >>> right = [1.0 if side == "A" else -1.0 for side in truth]
    >>> judges = (JudgeName("good", "plain"), JudgeName("wrong way round", "plain"))
    >>> panel = Panel(judges=judges, pair_ids=tuple(map(str, range(30))), truth=truth,
    ...               leanings=np.array([[one, -one] for one in right]))
    >>> stacking(panel, gold=16).stacked > 0.95, stacking(panel, gold=16).majority
    (True, 0.0)
    """
    n, judges = len(panel.truth), len(panel.judges)
    if judges < 2:
        return Stacking(reason="there is one judge; stacking weighs several", judges=judges, pairs=n)
    if len(set(panel.truth)) < 2:
        return Stacking(
            reason="people take the same side of every pair; nothing can be learnt", judges=judges, pairs=n
        )
    if not 10 <= gold < n:
        raise BadInput(f"--stack takes from 10 gold pairs to {n - 1}, one less than are labelled; not {gold}")
    singles = _right(panel).mean(axis=0)
    drawn = [_gold(panel, gold, draw) for draw in range(draws)]
    scores = [score for chosen in drawn if (score := _held_out(panel, chosen)) is not None]
    return Stacking(
        gold=gold,
        draws=len(scores),
        stacked=fsum(scores) / len(scores) if scores else None,
        stacked_spread=stdev(scores) if len(scores) > 1 else None,
        best_on_gold=fsum(_best_on(panel, chosen) for chosen in drawn) / len(drawn),
        best_single=float(singles.max()),
        best_judge=str(panel.judges[int(singles.argmax())]),
        majority=_accuracy(np.sign(panel.leanings.sum(axis=1)), panel.truth),
        dawid_skene=_accuracy(dawid_skene(np.sign(panel.leanings)), panel.truth),
        cross_validated=_cross_validated(panel),
        judges=judges,
        pairs=n,
    )


def dawid_skene(votes: _Numbers) -> _Numbers:
    """Return the side of each pair, +1, 0 or -1, by Dawid and Skene's model, begun at the majority.

    Every judge has a table of what it says given the truth; tables and truths are estimated in turn,
    without any gold (Dawid and Skene 1979), with half a count in every cell of a table.

    Args:
        votes: One row a pair, one column a judge, +1 (A), 0 or -1 (B).

    >>> dawid_skene(np.array([[1, 1, -1], [1, 1, 1], [-1, -1, 1], [-1, -1, -1]], dtype=float)).tolist()
    [1.0, 1.0, -1.0, -1.0]
    """
    said = np.stack([votes == value for value in (1, 0, -1)], axis=2).astype(np.float64)
    belief = said.mean(axis=1)
    for _ in range(_STEPS):
        tables = np.einsum("it,ijs->jts", belief, said) + 0.5
        tables /= tables.sum(axis=2, keepdims=True)
        scores = np.log(belief.mean(axis=0) + 1e-12) + np.einsum("ijs,jts->it", said, np.log(tables))
        belief = np.exp(scores - scores.max(axis=1, keepdims=True))
        belief /= belief.sum(axis=1, keepdims=True)
    sides: _Numbers = np.array([1.0, 0.0, -1.0])[belief.argmax(axis=1)]
    return sides


def _leaning(evaluated: EvaluationSet, name: JudgeName, pair_id: str) -> float:
    readings = evaluated.judgements[name][pair_id].readings
    values = [{"A": 1.0, "B": -1.0}.get(side_of(one.vote.verdict) or "", 0.0) for one in readings]
    return fsum(values) / len(values)


def _accuracy(leaning: _Numbers, truth: Sequence[Side]) -> float:
    said = {1: "A", 0: "=", -1: "B"}
    return sum(said[int(one)] == side for one, side in zip(leaning, truth, strict=True)) / len(truth)


def _right(panel: Panel) -> _Numbers:
    truth = np.array([{"A": 1, "=": 0, "B": -1}[side] for side in panel.truth])
    right: _Numbers = (np.sign(panel.leanings) == truth[:, None]).astype(np.float64)
    return right


def _gold(panel: Panel, count: int, draw: int) -> npt.NDArray[np.bool_]:
    """Return which pairs are gold in one draw."""
    order = sorted(
        range(len(panel.pair_ids)), key=lambda at: sha256(f"{draw}/{panel.pair_ids[at]}".encode()).digest()
    )
    chosen = np.zeros(len(order), dtype=np.bool_)
    chosen[order[:count]] = True
    return chosen


def _features(panel: Panel) -> _Numbers:
    """Return the leanings; where people call ties, also how undecided each judge is."""
    if "=" not in panel.truth:
        return panel.leanings
    return np.concatenate([panel.leanings, 1 - np.abs(panel.leanings)], axis=1)


def _held_out(panel: Panel, gold: npt.NDArray[np.bool_]) -> float | None:
    x, y = _features(panel), np.array(panel.truth)
    if len(set(y[gold])) < 2:
        return None
    with _learning() as linear_model:
        model = linear_model.LogisticRegression(C=_INVERSE_PENALTY, max_iter=2000)
        return float(model.fit(x[gold], y[gold]).score(x[~gold], y[~gold]))


def _best_on(panel: Panel, gold: npt.NDArray[np.bool_]) -> float:
    right = _right(panel)
    return float(right[~gold][:, int(right[gold].mean(axis=0).argmax())].mean())


def _cross_validated(panel: Panel) -> float | None:
    y = np.array(panel.truth)
    smallest = min(panel.truth.count(side) for side in set(panel.truth))
    if smallest < 2:
        return None
    with _learning() as linear_model:
        from sklearn.model_selection import StratifiedKFold, cross_val_score

        model = linear_model.LogisticRegression(C=_INVERSE_PENALTY, max_iter=2000)
        folds = StratifiedKFold(min(_FOLDS, smallest), shuffle=True, random_state=0)
        return float(cross_val_score(model, _features(panel), y, cv=folds).mean())


@contextmanager
def _learning() -> Iterator[Any]:
    try:
        from sklearn import linear_model
    except ImportError as error:
        raise stats_missing("stacking") from error
    yield linear_model
