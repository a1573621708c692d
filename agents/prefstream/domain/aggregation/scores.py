"""Aggregated labels held against known ones."""

from collections.abc import Mapping
from dataclasses import dataclass

from prefstream.domain.aggregation.methods import Aggregate
from prefstream.domain.evaluation.intervals import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldScore:
    """How often an aggregate is right where the truth is known."""

    #: Tasks that are right out of those with both labels, with Wilson's 95 % limits.
    accuracy: Share
    #: Tasks whose truth is known, but which nobody labelled.
    unlabelled: int
    #: Known labels that no worker ever gave.
    unseen: tuple[str, ...]


def gold_score(aggregate: Aggregate, gold: Mapping[str, str]) -> GoldScore:
    """Return how an aggregate does against known labels.

    >>> from prefstream.domain.aggregation.methods import aggregated
    >>> from prefstream.domain.agreement.ratings import Rating
    >>> said = [Rating("t1", "ann", "A"), Rating("t2", "ann", "B")]
    >>> gold_score(aggregated(said), {"t1": "A", "t2": "A", "t3": "B"}).accuracy.value
    0.5

    Args:
        aggregate: The labels.
        gold: The known label of tasks.
    """
    both = [task for task in gold if task in aggregate.tasks]
    hits = sum(aggregate.tasks[task].label == gold[task] for task in both)
    given = {label for verdict in aggregate.tasks.values() for label in verdict.posterior}
    return GoldScore(
        accuracy=Share.counted(hits, len(both), reason="no task with a known label has one by workers"),
        unlabelled=len(gold) - len(both),
        unseen=tuple(sorted(set(gold.values()) - given)),
    )
