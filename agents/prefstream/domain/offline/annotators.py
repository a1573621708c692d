"""Simulated annotators: people as a demonstration needs them, with skill, haste and seeds.

What they say is a hash of pair and annotator, so a run can be repeated. Their labels are SIMULATED
and never enter a release.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Literal

from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelSubmitted, Round
from prefstream.schemas.values import Preference, Provenance, Verdict, preference_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotator:
    """One simulated person."""

    id: str
    #: Probability of seeing which response is better.
    skill: float = 0.93
    #: The same where it differs by slice.
    skills: Mapping[str, float] = field(default_factory=dict)
    #: Seconds spent on a usual pair.
    pace_s: float = 35.0
    seed: str = ""

    def skill_in(self, slice_: str) -> float:
        """Return the skill in a slice."""
        return self.skills.get(slice_, self.skill)


#: Three people who differ: one sure, one weaker at code, one in a hurry.
ANNOTATORS: tuple[Annotator, ...] = (
    Annotator(id="simulated:ada", skill=0.97),
    Annotator(id="simulated:ben", skill=0.94, skills={"code": 0.85}),
    Annotator(id="simulated:cleo", skill=0.9, pace_s=18.0),
)


def simulated_label(
    pair_id: str,
    slice_: str,
    truth: Preference,
    annotator: Annotator,
    occurred_at: datetime,
    *,
    task_id: str | None = None,
    round_: Round = "annotate",
) -> LabelSubmitted:
    """Return the label that a simulated annotator gives to a pair.

    Args:
        pair_id: The pair.
        slice_: Its slice; skill may differ by slice.
        truth: What is known to be right.
        annotator: Who labels.
        occurred_at: When the label is given.
        task_id: The task that asked for it, if any.
        round_: The round of labelling; adjudicators do not slip.
    """
    draws = sha256(f"{annotator.seed}\0{annotator.id}\0{pair_id}\0{round_}".encode()).digest()
    adjudicates = round_ == "adjudicate"
    seen = truth if adjudicates or _share(draws, 0) < annotator.skill_in(slice_) else _slip(truth, draws)
    said = _graded(seen, draws)
    sides: Literal["ab", "ba"] = "ab" if draws[20] % 2 else "ba"
    return LabelSubmitted(
        event_id=derived_id("simulation", annotator.id, pair_id, round_, task_id or ""),
        occurred_at=occurred_at,
        source="prefstream/simulation",
        subject=pair_id,
        correlation_id=pair_id,
        pair_id=pair_id,
        annotator=annotator.id,
        verdict=Verdict(said.value),
        rationale=f"Simulated annotator: {_reason(said)}.",
        clauses=(_CLAUSES.get(slice_, "helpfulness"),),
        # Between half and twice the usual pace.
        seconds=round(annotator.pace_s * 2 ** (2 * _share(draws, 16) - 1), 1),
        sides=sides,
        task_id=task_id,
        round=round_,
        provenance=Provenance.SIMULATED,
    )


_CLAUSES = {
    "arithmetic": "correctness",
    "code": "correctness",
    "format": "format",
    "refusals": "harmlessness",
    "languages": "language",
}


def _share(draws: bytes, place: int) -> float:
    return int.from_bytes(draws[place : place + 4]) / 2**32


def _slip(truth: Preference, draws: bytes) -> Preference:
    """Return a mistake: mostly the other side, sometimes a tie; a tie is taken for a difference."""
    if truth is Preference.TIE:
        return Preference.A_BETTER if draws[8] % 2 else Preference.B_BETTER
    return Preference.TIE if draws[8] < 64 else truth.swapped


def _graded(seen: Preference, draws: bytes) -> Preference:
    """Return the same side; one time in four the degree is told differently."""
    if seen is Preference.TIE or draws[12] >= 64:
        return seen
    side = 1 if seen.margin > 0 else -1
    return preference_of(side * (3 - abs(seen.margin)))


def _reason(said: Preference) -> str:
    if said is Preference.TIE:
        return "both are equally good"
    degree = "much " if abs(said.margin) == 2 else ""
    return f"{'A' if said.margin > 0 else 'B'} is {degree}better"
