"""The policy of checks: what becomes of a finding; immutable and identified by content."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator

from prefstream.schemas.envelope import Event, Share, Value, content_hash
from prefstream.schemas.ids import EventId, Identifier

#: "off": the check does not run; "note": it is told; "quarantine": a person decides; "reject": it is out.
Severity = Literal["off", "note", "quarantine", "reject"]


class CheckPolicy(Value):
    """What becomes of each check's finding."""

    name: Identifier
    #: By check; what is not named keeps the check's own severity.
    severities: dict[Identifier, Severity] = Field(default_factory=dict)
    #: Pairs at least this similar (Jaccard, of runs of five characters) are near-duplicates.
    near_duplicate: Share = 0.8
    #: Versions of a constitution's id that a label may rest on; none named: the one in force or any newer.
    constitutions: tuple[Identifier, ...] = ()

    @field_validator("severities", mode="before")
    @classmethod
    def _off_in_yaml(cls, said: object) -> object:
        """Return the severities with "off" where YAML makes the word `off` a false."""
        if not isinstance(said, Mapping):
            return said
        return {check: "off" if grade is False else grade for check, grade in said.items()}

    @property
    def id(self) -> Identifier:
        """Return the identity: the name and the first 16 hex digits of the content's SHA-256."""
        return f"{self.name}#{content_hash(self)[:16]}"


class CheckPolicyPublished(Event):
    """A policy of checks is in force from now on; it supersedes the one before."""

    type: Literal["CheckPolicyPublished"] = "CheckPolicyPublished"
    schema_version: Literal[1] = 1
    policy_id: Identifier
    policy: CheckPolicy


class QuarantineDecided(Event):
    """A person looked at a pair in quarantine and let it go, or kept it out."""

    type: Literal["QuarantineDecided"] = "QuarantineDecided"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    #: The verdict of validation that was looked at, and the resolution it is on.
    verdict_id: EventId
    resolution_id: EventId | None = None
    #: The findings it is about; none named: all that quarantine.
    findings: tuple[Identifier, ...] = ()
    released: bool
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    by: Identifier
