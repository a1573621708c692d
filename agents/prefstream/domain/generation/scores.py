"""From scores per clause to one score."""

from collections.abc import Iterable, Mapping

from prefstream.schemas.constitutions import Principle

#: Scores are rounded to this many digits: they are compared, told and kept as text.
DIGITS = 4


def overall(scores: Mapping[str, float], principles: Iterable[Principle]) -> float | None:
    """Return the mean of the clauses' scores, each weighted by 1 / priority.

    score = sum(s_c / p_c) / sum(1 / p_c) over the clauses c that apply, with priority p_c. A clause of
    priority 1 thus weighs as much as two of priority 2. The weights are a convention of ours: the score
    only ranks candidates, no label is made from it.

    >>> from prefstream.schemas.constitutions import Exemplar
    >>> case = Exemplar(prompt="p", better="b", worse="w")
    >>> def clause(id, priority):
    ...     return Principle(
    ...         id=id, rule="r", exemplars=(case, case), counter_examples=(case,), priority=priority
    ...     )
    >>> overall({"truth": 0.5, "tone": 1.0}, [clause("truth", 1), clause("tone", 4)])
    0.6
    >>> overall({}, [clause("truth", 1)]) is None
    True
    """
    weighted = [(scores[one.id], 1 / one.priority) for one in principles if one.id in scores]
    if not weighted:
        return None
    return round(sum(score * weight for score, weight in weighted) / sum(w for _, w in weighted), DIGITS)
