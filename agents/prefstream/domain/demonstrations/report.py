"""The report on answers of one kind, as plain values for an API or a command."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from prefstream.domain.demonstrations.agreement import (
    Agreement,
    Answer,
    demonstration_measures,
    ranking_agreement,
    rating_agreement,
    safety_agreement,
)
from prefstream.schemas.demonstrations import (
    DemonstrationSubmitted,
    RankingSubmitted,
    RatingSubmitted,
    SafetyLabelSubmitted,
    TaskKind,
    TaskProposed,
)


def agreement_of(
    kind: TaskKind, answers: Iterable[Answer], tasks: Mapping[str, TaskProposed] | None = None
) -> Agreement:
    """Return what is measured of a kind.

    Args:
        kind: The kind.
        answers: Answers; of demonstrations the ratings too. Those of other kinds are left out.
        tasks: Tasks by id; needed for demonstrations.
    """
    said = list(answers)
    match kind:
        case TaskKind.RANKING:
            return ranking_agreement(one for one in said if isinstance(one, RankingSubmitted))
        case TaskKind.RATING:
            return rating_agreement(one for one in said if isinstance(one, RatingSubmitted))
        case TaskKind.SAFETY:
            return safety_agreement(one for one in said if isinstance(one, SafetyLabelSubmitted))
        case TaskKind.DEMONSTRATION:
            written = [one for one in said if isinstance(one, DemonstrationSubmitted)]
            ratings = [one for one in said if isinstance(one, RatingSubmitted)]
            return demonstration_measures(written, tasks or {}, ratings)


def kind_document(
    kind: TaskKind, answers: Sequence[Answer], tasks: Mapping[str, TaskProposed] | None = None
) -> dict[str, Any]:
    """Return what is measured of a kind, over all and per slice."""
    slices = sorted({one.slice for one in answers if _is_of(kind, one)})
    by_slice = {
        name: _document(agreement_of(kind, [one for one in answers if one.slice == name], tasks))
        for name in slices
    }
    return {"kind": kind.value} | _document(agreement_of(kind, answers, tasks)) | {"slices": by_slice}


def _is_of(kind: TaskKind, answer: Answer) -> bool:
    return not (kind is TaskKind.DEMONSTRATION and isinstance(answer, RatingSubmitted))


def _document(agreement: Agreement) -> dict[str, Any]:
    said = {field.name: getattr(agreement, field.name) for field in fields(agreement)}
    figures = {name: asdict(figure) for name, figure in agreement.figures.items()}
    return said | {"figures": figures, "means": dict(agreement.means)}
