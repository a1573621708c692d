"""The tables of current state: which kind of event fills which columns, and which event wins."""

from typing import Final

from prefstream.adapters.postgres.projections.groups import Group, Table

_TIME, _ID, _TEXT, _FLOAT, _INT = "timestamptz", "uuid", "text", "double precision", "int"

#: Places of the groups of `PAIRS`.
PROPOSED, JUDGED, ROUTED, DISPUTED, RESOLVED, VERDICT, REOPENED = range(7)
PAIRS: Final = Table(
    name="pairs",
    key="pair_id",
    sums=("labels", "review_disputes", "adjudication_disputes", "withdrawals", "revision"),
    maxima=("labels_needed", "reviews_needed", "adjudications_needed"),
    groups=(
        Group(
            columns={"proposed_at": _TIME, "proposed_id": _ID, "prompt_id": _TEXT, "group_id": _TEXT}
            | {"slice": _TEXT, "stakes": _TEXT, "strategy": _TEXT, "stratum_weight": _FLOAT}
            | {"model_a": _TEXT, "model_b": _TEXT, "provenance": _TEXT}
            | {"longer": _TEXT, "declined": _TEXT},
        ),
        Group(
            columns={"judged_at": _TIME, "judgement_id": _ID, "judge_label": _TEXT, "confidence": _FLOAT}
            | {"p_a": _FLOAT, "votes": _INT, "votes_without_verdict": _INT, "judge_id": _TEXT}
            | {"constitution_id": _TEXT, "judging_failure": _TEXT, "cost_nanousd": "bigint"},
        ),
        Group(
            # Of several routes the first in the log stays, as it does in resolution: its place there,
            # below nought, is the highest.
            columns={"route_place": "bigint", "routed_at": _TIME, "route_id": _ID}
            | {"route": _TEXT, "audit": "boolean"}
            | {"reasons": "jsonb", "policy_id": _TEXT, "threshold": _FLOAT, "propensity": _FLOAT}
            | {"overlap": _INT, "priority": _INT},
            rank=1,
        ),
        Group(columns={"disputed_at": _TIME, "dispute_id": _ID, "dispute_reason": _TEXT}),
        Group(
            columns={"resolved_at": _TIME, "resolution_id": _ID, "label": _TEXT, "margin": _INT}
            | {"soft_label": _FLOAT, "method": _TEXT},
        ),
        Group(
            # The latest resolution's verdict counts; of several on one resolution the one that takes the most
            # facts into account: an earlier duplicate that turns up late, or what a person decided.
            columns={"verdict_at": _TIME, "verdict_resolution_id": _ID, "verdict_facts": "int"}
            | {"verdict_id": _ID, "failed_checks": "int", "quarantined": "boolean"}
            | {"rejection_reasons": "jsonb"},
            rank=4,
        ),
        Group(
            columns={"reopened_at": _TIME, "reopened_id": _ID, "reopened_route_id": _ID}
            | {"reopened_reason": _TEXT, "reopened_priority": _INT},
        ),
    ),
)

#: Places of the groups of `PROMPTS`.
SUBMITTED, DECIDED = range(2)
PROMPTS: Final = Table(
    name="prompts",
    key="prompt_id",
    groups=(
        Group(columns={"submitted_at": _TIME, "submitted_id": _ID}),
        Group(
            columns={"decided_at": _TIME, "decision_id": _ID, "decision": _TEXT, "slice": _TEXT}
            | {"stakes": _TEXT, "tags": "jsonb", "stratum_weight": _FLOAT, "constitution_id": _TEXT}
            | {"provenance": _TEXT, "reason": _TEXT, "clause": _TEXT},
        ),
    ),
)
