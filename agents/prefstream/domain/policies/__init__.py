"""The life of policies: proposed, active, superseded, revoked; and what is said to move one on."""

from prefstream.domain.policies.book import Entry, PolicyBook, PolicyEvent, Status, book_of
from prefstream.domain.policies.proposal import (
    Calibration,
    Certifier,
    Sample,
    audit_only,
    labels_looked_at,
    proposal,
)
from prefstream.domain.policies.sample import AuditedPair, agreeing, sample_hash
from prefstream.domain.policies.steps import (
    Activate,
    Audit,
    End,
    Propose,
    Revoke,
    Rules,
    Step,
    next_step,
    wanted,
)
from prefstream.domain.policies.watching import Suspicion, suspicion

__all__ = [
    "Activate",
    "Audit",
    "AuditedPair",
    "Calibration",
    "Certifier",
    "End",
    "Entry",
    "PolicyBook",
    "PolicyEvent",
    "Propose",
    "Revoke",
    "Rules",
    "Sample",
    "Status",
    "Step",
    "Suspicion",
    "agreeing",
    "audit_only",
    "book_of",
    "labels_looked_at",
    "next_step",
    "proposal",
    "sample_hash",
    "suspicion",
    "wanted",
]
