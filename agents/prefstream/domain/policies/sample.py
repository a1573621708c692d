"""The audit sample: pairs the coin chose, with what the judge said and what a fresh person said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from prefstream.schemas.values import Preference, Provenance, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedPair:
    """One audited pair with a fresh person's label."""

    pair_id: str
    slice: str
    judge_id: str
    constitution_id: str
    judge_label: Preference | None
    confidence: float | None
    #: The policy it was routed under, whose coin chose it.
    policy_id: str
    propensity: float
    accepted: bool
    #: Nothing but the confidence could keep it from being accepted.
    eligible: bool
    routed_at: datetime
    #: The first label of the annotate round, by the time it was given.
    verdict: Verdict
    label_id: str
    labelled_at: datetime
    provenance: Provenance

    @property
    def agrees(self) -> bool:
        """Return whether the person came down on the judge's side."""
        return agreeing(self.judge_label, self.verdict)


def agreeing(judge: Preference | None, person: Verdict) -> bool:
    """Return whether judge and person name the same side, by however much; ties are a side.

    A person who is unsure, or finds both bad, does not confirm the judge: that counts as disagreement.

    >>> agreeing(Preference.A_BETTER, Verdict.A_MUCH_BETTER)
    True
    >>> agreeing(Preference.A_BETTER, Verdict.UNSURE)
    False
    """
    return judge is not None and side_of(judge) == side_of(person.preference)


def sample_hash(pairs: Iterable[AuditedPair]) -> str:
    """Return the SHA-256 of a sample's pairs and labels, whatever their order."""
    lines = sorted(
        f"{one.pair_id}\t{one.label_id}\t{one.verdict}\t{one.judge_label}\t{one.confidence!r}"
        for one in pairs
    )
    return sha256("\n".join(lines).encode()).hexdigest()


def side_of(preference: Preference | None) -> int | None:
    """Return 1 for A, -1 for B, 0 for a tie; `None` where there is no preference."""
    return None if preference is None else (preference.margin > 0) - (preference.margin < 0)
