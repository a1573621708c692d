"""Roles and what each of them may do."""

from collections.abc import Mapping
from enum import StrEnum

from prefstream.schemas.labels import Round

#: How a person may be named: short, and the same in a file name, an address and a log.
PERSON_ID = r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$"


class Role(StrEnum):
    """What somebody is; a person has one role."""

    VIEWER = "viewer"
    ANNOTATOR = "annotator"
    REVIEWER = "reviewer"
    QA_LEAD = "qa_lead"
    ADMIN = "admin"
    SERVICE = "service"


class Permission(StrEnum):
    """What may be done."""

    READ = "read"
    LABEL = "label"
    REVIEW = "review"
    ADJUDICATE = "adjudicate"
    #: Gold questions, calibration sets, actions about annotators, refinements.
    LEAD_QUALITY = "lead_quality"
    #: People, tokens, webhooks.
    ADMINISTER = "administer"
    #: Bring prompts, pairs and labels in.
    INGEST = "ingest"


_READS = frozenset({Permission.READ})
_LABELS = frozenset({Permission.LABEL})
_REVIEWS = _READS | _LABELS | {Permission.REVIEW}
_LEADS = _REVIEWS | {Permission.ADJUDICATE, Permission.LEAD_QUALITY}
#: An annotator does not read: whoever labels must not see what others said of the same pair.
_MAY: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: _READS,
    Role.ANNOTATOR: _LABELS,
    Role.REVIEWER: _REVIEWS,
    Role.QA_LEAD: _LEADS,
    Role.ADMIN: _LEADS | {Permission.ADMINISTER, Permission.INGEST},
    Role.SERVICE: frozenset({Permission.READ, Permission.INGEST}),
}
_ROUNDS: Mapping[Round, Permission] = {
    "annotate": Permission.LABEL,
    "review": Permission.REVIEW,
    "adjudicate": Permission.ADJUDICATE,
}


def may(role: Role, permission: Permission) -> bool:
    """Return whether a role has a permission.

    >>> may(Role.ANNOTATOR, Permission.READ), may(Role.QA_LEAD, Permission.ADJUDICATE)
    (False, True)
    """
    return permission in _MAY[role]


def rounds_of(role: Role) -> tuple[Round, ...]:
    """Return the rounds in which a role takes part.

    >>> rounds_of(Role.REVIEWER)
    ('annotate', 'review')
    """
    return tuple(round_ for round_, permission in _ROUNDS.items() if may(role, permission))
