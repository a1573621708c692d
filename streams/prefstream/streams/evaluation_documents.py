"""Scorecards, error reports and decisions as documents for machines."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from prefstream.domain.evaluation import (
    Adoption,
    Calibration,
    ClauseReport,
    Consistency,
    Proposed,
    Scorecard,
    Share,
    Stacking,
)

#: What the two pairs of limits of a share mean.
INTERVALS = {
    "low, high": "Wilson, 95 %: for one look; where readings come in pairs, with their design effect",
    "always_low, always_high": "beta-mixture confidence sequence, 95 %: also when looked at all the time",
}


def share_document(share: Share) -> dict[str, Any]:
    """Return a share with its limits."""
    return {"value": share.value, **asdict(share)}


def scorecard_document(card: Scorecard) -> dict[str, Any]:
    """Return everything that is known of a judge on a slice."""
    return {
        "judge": card.judge.judge,
        "strategy": card.judge.strategy,
        "slice": card.slice,
        "left_out": dict(card.left_out),
        "unreadable": dict(card.unreadable),
        **_consistency(card.consistency),
        "where_people_prefer_one": _consistency(card.without_ties),
        "length": {
            "people": share_document(card.length.people),
            "judge": share_document(card.length.judge),
            "bias": asdict(card.length.bias),
        },
        "calibration": _calibration(card.calibration),
        "estimates": asdict(card.estimates),
        "alternative_annotator": asdict(card.alternative),
    }


def stacking_document(found: Stacking) -> dict[str, Any]:
    """Return how several judges do together."""
    return asdict(found)


def clause_document(report: ClauseReport) -> dict[str, Any]:
    """Return what is the matter under one clause."""
    return {
        "clause": report.clause,
        "agreement": share_document(report.agreement),
        "clause_errors": share_document(report.clause_errors),
        "invented_quotes": share_document(report.invented_quotes),
        "mistakes": {kind.value: count for kind, count in report.mistakes.items()},
        "examples": [asdict(one) for one in report.examples],
    }


def proposal_documents(proposed: Sequence[Proposed]) -> list[dict[str, Any]]:
    """Return proposed exemplars as a constitution has them, by clause."""
    return [
        {
            "id": one.clause,
            "exemplars": [case.model_dump(mode="json", exclude_defaults=True) for case in one.exemplars],
            "counter_examples": [
                case.model_dump(mode="json", exclude_defaults=True) for case in one.counter_examples
            ],
            "built_from": list(one.built_from),
        }
        for one in proposed
    ]


def adoption_document(decision: Adoption) -> dict[str, Any]:
    """Return the decision with its numbers."""
    return asdict(decision)


def _consistency(one: Consistency) -> dict[str, Any]:
    return {
        "pairs": one.pairs,
        "agreement": share_document(one.agreement),
        "by_order": {order: share_document(share) for order, share in one.by_order.items()},
        "readings": share_document(one.readings),
        "right_in_both_orders": share_document(one.both),
        "same_in_both_orders": share_document(one.same),
        "right_when_same": share_document(one.right_when_same),
        "first_shown": share_document(one.first_of_decisive),
        "first_shown_of_all": share_document(one.first_of_all),
        "without_verdict": dict(one.without_verdict),
        "without_verdict_in_both_orders": share_document(one.without_both),
        "no_label": share_document(one.no_label),
    }


def _calibration(found: Calibration) -> dict[str, Any]:
    bins = {
        name: [
            {
                "low": one.low,
                "high": one.high,
                "mean_confidence": one.mean_confidence,
                "agreement": share_document(one.agreement),
            }
            for one in some
        ]
        for name, some in (("equal_width", found.equal_width), ("equal_mass", found.equal_mass))
    }
    return {
        "n": found.n,
        "reason": found.reason,
        "overconfidence": found.overconfidence,
        "ece_equal_width": found.ece_equal_width,
        "ece_equal_mass": found.ece_equal_mass,
        "brier": found.brier,
        "bins": bins,
    }
