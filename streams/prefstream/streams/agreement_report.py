"""Agreement and aggregation of anyone's labels, told as one document."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prefstream.domain.aggregation import Aggregate, GoldScore, aggregated, gold_score
from prefstream.domain.agreement import (
    AnnotatorPair,
    PairTable,
    Statistic,
    Weights,
    cohen_kappa,
)
from prefstream.domain.agreement.ratings import (
    Keep,
    Kept,
    Rating,
    Ratings,
    Scale,
    kept,
    scale_of,
    table_figures,
)
from prefstream.schemas.errors import BadInput

#: Workers whose every pair has a kappa; of more the busiest.
MOST_WORKERS_PAIRED = 300
_KAPPAS: Mapping[Weights, str] = {
    "nominal": "cohen_kappa",
    "linear": "cohen_kappa_linear",
    "quadratic": "cohen_kappa_quadratic",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How to read the labels."""

    order: Sequence[str] | None = None
    keep: Keep = "last"
    #: Draws of a bootstrap over tasks; 0 for large-sample limits.
    draws: int = 0
    seed: int = 0


def agreement_report(
    rows: Sequence[tuple[str, ...]], choices: Choices, *, n_missing: int = 0
) -> dict[str, Any]:
    """Return every figure of the labels, and of each slice where rows say theirs.

    Args:
        rows: Task, worker and label, and the slice where it is wanted.
        choices: How to read the labels.
        n_missing: Rows without a label, to be said.

    Raises:
        BadInput: The order does not fit the labels, or a task is in two slices.
    """
    found = kept((Rating(*row[:3]) for row in rows), choices.keep)
    scale = scale_of(sorted({rating.label for rating in found.ratings}), choices.order)
    report = _figures(Ratings.of(found.ratings), scale, choices)
    report |= _counts(found, scale) | {"n_missing": n_missing}
    if rows and len(rows[0]) > 3:
        report["slices"] = {
            name: _figures(Ratings.of(some), scale, choices)
            for name, some in sorted(_by_slice(rows, found.ratings).items())
        }
    return report


def aggregation_report(
    rows: Sequence[tuple[str, ...]],
    method: str,
    keep: Keep,
    *,
    gold: Sequence[tuple[str, ...]] | None = None,
    n_missing: int = 0,
) -> dict[str, Any]:
    """Return one label of each task, with how likely each is, and how that does against known labels.

    Args:
        rows: Task, worker and label.
        method: How to aggregate.
        keep: Which of several labels by one worker on one task count.
        gold: Task and known label.
        n_missing: Rows without a label, to be said.

    Raises:
        BadInput: There is no such method, or two known labels of one task.
    """
    found = kept((Rating(*row[:3]) for row in rows), keep)
    aggregate = aggregated(found.ratings, method)
    report = {
        "method": method,
        "n_tasks": len(aggregate.tasks),
        "n_raters": len(aggregate.workers),
        "n_tied": sum(verdict.tied for verdict in aggregate.tasks.values()),
        **_counts(found, None),
        "n_missing": n_missing,
        "gold": None if gold is None else _gold(gold_score(aggregate, _known(gold))),
    }
    return report | _labels(aggregate)


def _figures(ratings: Ratings, scale: Scale, choices: Choices) -> dict[str, Any]:
    state = ratings.compositions
    figures = table_figures(state, scale, draws=choices.draws, seed=choices.seed)
    paired = ratings.busiest(MOST_WORKERS_PAIRED)
    tables = ratings.pairs(paired)
    report: dict[str, Any] = {
        "n_units": state.n_units,
        "n_pairable_units": state.n_pairable_units,
        "n_raters": len(ratings.workers),
        "n_raters_paired": len(paired),
        "n_labels": state.n_ratings,
    }
    report |= {name: statistic_document(figure) for name, figure in sorted(figures.items())}
    for weights, name in _KAPPAS.items():
        if weights == "nominal" or scale.order is not None:
            report[name] = {
                "|".join(names): _kappa(names, table, weights, scale) for names, table in tables.items()
            }
    return report


def statistic_document(figure: Statistic) -> dict[str, Any]:
    """Return a figure as it is told: a value with its limits, or the reason why there is none."""
    return {
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "reason": figure.reason,
        "standard_error": figure.standard_error,
        "bounds_reason": figure.bounds_reason,
        "n_units": figure.n_units,
    }


def _kappa(names: AnnotatorPair, table: PairTable, weights: Weights, scale: Scale) -> dict[str, Any]:
    figure = cohen_kappa(table, weights=weights, order=None if weights == "nominal" else scale.order)
    alike = sum(count for (first, second), count in table.counts.items() if first == second)
    return statistic_document(figure) | {"workers": list(names), "agreeing_units": alike}


def _counts(found: Kept, scale: Scale | None) -> dict[str, Any]:
    counted = {
        "n_labels": len(found.ratings),
        "n_repeated": found.repeated,
        "n_contradicting": found.contradicting,
        "label_counts": dict(sorted(Counter(rating.label for rating in found.ratings).items())),
    }
    return counted if scale is None else counted | {"order": scale.order and list(scale.order)}


def _by_slice(rows: Sequence[tuple[str, ...]], ratings: Sequence[Rating]) -> dict[str, list[Rating]]:
    slices: dict[str, str] = {}
    for task, _, _, name in rows:
        if slices.setdefault(task, name) != name:
            raise BadInput(
                f"the task {task!r} is in the slices {slices[task]!r} and {name!r};"
                " a task has one slice: correct its rows, or give the tasks different names"
            )
    found: dict[str, list[Rating]] = {}
    for rating in ratings:
        found.setdefault(slices[rating.task], []).append(rating)
    return found


def _known(gold: Sequence[tuple[str, ...]]) -> dict[str, str]:
    known: dict[str, str] = {}
    for task, label in gold:
        if known.setdefault(task, label) != label:
            raise BadInput(f"the gold labels of task {task!r} are {known[task]!r} and {label!r}; keep one")
    return known


def _gold(score: GoldScore) -> dict[str, Any]:
    accuracy = score.accuracy
    return {
        "accuracy": {
            "value": accuracy.value,
            "low": accuracy.low,
            "high": accuracy.high,
            "reason": accuracy.reason,
        },
        "right": accuracy.hits,
        "n": accuracy.of,
        "without_labels": score.unlabelled,
        "labels_nobody_gave": list(score.unseen),
    }


def _labels(aggregate: Aggregate) -> dict[str, Any]:
    return {
        "labels": {task: verdict.label for task, verdict in aggregate.tasks.items()},
        "posterior": {task: dict(verdict.posterior) for task, verdict in aggregate.tasks.items()},
        "tied": [task for task, verdict in aggregate.tasks.items() if verdict.tied],
        "workers": dict(aggregate.workers),
    }
