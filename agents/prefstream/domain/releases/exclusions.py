"""Exclusions: why a pair is in no release, or not in this one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: What each reason means, as the card and refusals say it.
REASONS: Final[Mapping[str, str]] = {
    "erased": "its content was erased",
    "not_proposed": "its texts are not known at this position",
    "texts_differ": "it was proposed twice with different texts",
    "gold": "people were asked it with a known answer",
    "unresolved": "it has no label yet",
    "disputed": "its label is disputed",
    "suspect": "the judge's label was taken back and people have not decided yet",
    "not_validated": "its label was not checked yet",
    "rejected": "a check rejected it",
    "quarantined": "a check holds it back until a person decides",
    "mixed_constitutions": "its labels rest on different versions of the constitution",
    "slice": "the plan does not take its slice",
    "provenance": "the plan does not take what is recorded, offline or simulated",
    "constitution": "the plan does not take labels of its constitution",
    "confidence": "the judge's confidence is below the plan's limit",
    "tie": "its label is a tie, and the plan drops ties",
    "prompt_limit": "the plan takes fewer pairs of one prompt",
    "no_row": "none of the plan's formats has a place for it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A pair that stays out."""

    #: One of `REASONS`.
    reason: str
    #: What exactly, e.g. the checks that failed.
    detail: str = ""

    @property
    def counted_as(self) -> str:
        """Return under which name it is counted: the reason, with the check where one decided.

        >>> Exclusion(reason="rejected", detail="empty").counted_as
        'rejected: empty'
        """
        return f"{self.reason}: {self.detail}" if self.detail else self.reason
