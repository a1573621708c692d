"""Tasks other than pairs: what follows from rankings, harms, written responses, and how people agree."""

from prefstream.domain.demonstrations.agreement import (
    Agreement,
    Answer,
    demonstration_measures,
    ranking_agreement,
    rating_agreement,
    safety_agreement,
    standing,
    tau_b,
)
from prefstream.domain.demonstrations.harms import HARMS, NO_HARM, RESPONSES, SEVERITIES, Harm, Taxonomy
from prefstream.domain.demonstrations.rankings import (
    Duel,
    contradiction,
    drawn_order,
    duels,
    levels,
    verdict_of,
)
from prefstream.domain.demonstrations.report import agreement_of, kind_document
from prefstream.domain.demonstrations.rows import (
    Row,
    demonstration_row,
    preference_row,
    rating_row,
    review_row,
    safety_row,
)
from prefstream.domain.demonstrations.writing import MAX_RESPONSE, fault_in, share_changed

__all__ = [
    "HARMS",
    "MAX_RESPONSE",
    "NO_HARM",
    "RESPONSES",
    "SEVERITIES",
    "Agreement",
    "Answer",
    "Duel",
    "Harm",
    "Row",
    "Taxonomy",
    "agreement_of",
    "contradiction",
    "demonstration_measures",
    "demonstration_row",
    "drawn_order",
    "duels",
    "fault_in",
    "kind_document",
    "levels",
    "preference_row",
    "ranking_agreement",
    "rating_agreement",
    "rating_row",
    "review_row",
    "safety_agreement",
    "safety_row",
    "share_changed",
    "standing",
    "tau_b",
    "verdict_of",
]
