"""Examples and counts for tests of gates."""

from datetime import UTC, datetime
from typing import Any

from prefstream.domain.releases.examples import Example, PersonLabel
from prefstream.schemas.values import Message, Preference, Provenance, Response, Stakes, Verdict

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_person_label(annotator: str = "ann", verdict: str = "A>", **changes: Any) -> PersonLabel:
    defaults: dict[str, Any] = {
        "event_id": f"label-{annotator}",
        "annotator": annotator,
        "round": "annotate",
        "verdict": Verdict(verdict),
        "clauses": (),
        "has_rationale": False,
        "seconds": 9.0,
        "occurred_at": DAY,
        "provenance": Provenance.REAL,
    }
    return PersonLabel(**(defaults | changes))


def an_example(**changes: Any) -> Example:
    defaults: dict[str, Any] = {
        "pair_id": "pair-1",
        "prompt_id": "prompt-1",
        "group_id": "prompt-1",
        "slice": "law",
        "stakes": Stakes.LOW,
        "tags": (),
        "strategy": "ready_made",
        "messages": (Message(role="user", content="May I sublet?"),),
        "response_a": Response(text="Yes, with the landlord's consent.", model="model-1"),
        "response_b": Response(text="Yes.", model="model-2"),
        "label": Preference.A_BETTER,
        "soft_label": 0.9,
        "method": "judge",
        "judge_label": Preference.A_BETTER,
        "confidence": 0.93,
        "judge_id": "panel-1",
        "constitution_id": "house@1#0123456789abcdef",
        "policy_id": "policy-1#0123456789abcdef",
        "audit": False,
        "propensity": 0.1,
        "clauses": ("P1",),
        "labels": (),
        "checks": (),
        "stratum_weight": 1.0,
        "cost_nanousd": 3_300_000,
        "proposed_at": DAY,
        "resolved_at": DAY,
        "provenance": Provenance.REAL,
        "evidence": ("event-1",),
        "accepted": True,
    }
    return Example(**(defaults | changes))


def by_two(first: str = "A>", second: str = "A>", **changes: Any) -> Example:
    """Return a pair that two people labelled."""
    labels = (a_person_label("ann", first), a_person_label("bob", second))
    preference = Verdict(first).preference or Preference.TIE
    return an_example(**({"labels": labels, "method": "consensus", "label": preference} | changes))
