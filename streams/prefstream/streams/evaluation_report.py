"""The report of an evaluation: scorecards and, if asked, all judges together."""

from typing import Any

from prefstream.domain.evaluation import EvaluationSet, panel_of, scorecards, stacking
from prefstream.schemas.errors import BadInput
from prefstream.streams.evaluation_documents import INTERVALS, scorecard_document, stacking_document


def evaluation_report(
    evaluated: EvaluationSet, *, by_slice: bool, epsilon: float, gold: int | None
) -> dict[str, Any]:
    """Return how good the judges are, as a document.

    Args:
        evaluated: What judges and people said.
        by_slice: Whether each slice gets its own scorecard.
        epsilon: What a judge's lower price is worth in the alternative-annotator test.
        gold: Pairs by which all judges are weighed together; not at all if `None`.

    Raises:
        BadInput: There is nothing to compare, or a number is out of its range.
    """
    if not 0 <= epsilon <= 1:
        raise BadInput(f"--epsilon takes a number from 0 to 1, not {epsilon:g}")
    cards = scorecards(evaluated, by_slice=by_slice, epsilon=epsilon)
    together = None if gold is None else stacking(panel_of(evaluated), gold=gold)
    labelled = sum(pair.people.side is not None for pair in evaluated.pairs.values())
    stood_in = [one for pair in evaluated.pairs.values() for one in pair.labels if not one.by_a_person]
    return {
        "pairs": len(evaluated.pairs),
        "labelled_pairs": labelled,
        "labels_not_by_people": len(stood_in),
        "intervals": INTERVALS,
        "judges": [scorecard_document(card) for card in cards],
        "stacking": None if together is None else stacking_document(together),
    }
