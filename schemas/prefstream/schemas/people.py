"""Events about people's work: gold questions, calibration sets, and what was done about it."""

from typing import Annotated, Literal

from pydantic import Field

from prefstream.schemas.envelope import Event, Instant
from prefstream.schemas.ids import EventId, Identifier
from prefstream.schemas.values import Provenance, Slice, Verdict


class GoldAnswered(Event):
    """A person answered a gold question; it is no label and never enters a release."""

    type: Literal["GoldAnswered"] = "GoldAnswered"
    schema_version: Literal[1] = 1
    annotator: Identifier
    pair_id: Identifier
    slice: Slice
    #: As given, mapped back to the sides of the pair.
    verdict: Verdict
    expected: Verdict
    right: bool
    seconds: Annotated[float, Field(ge=0)] | None = None
    sides: Literal["ab", "ba"] = "ab"
    provenance: Provenance = Provenance.REAL


class CalibrationAnswered(Event):
    """A person, or a judge, answered an item of a week's calibration set."""

    type: Literal["CalibrationAnswered"] = "CalibrationAnswered"
    schema_version: Literal[1] = 1
    #: ISO week, e.g. "2026-W47".
    week: Identifier
    annotator: Identifier
    pair_id: Identifier
    slice: Slice
    verdict: Verdict
    seconds: Annotated[float, Field(ge=0)] | None = None
    sides: Literal["ab", "ba"] = "ab"
    provenance: Provenance = Provenance.REAL


class AnnotatorActionTaken(Event):
    """Something was done about how a person labels; what is withdrawn is said label by label besides."""

    type: Literal["AnnotatorActionTaken"] = "AnnotatorActionTaken"
    schema_version: Literal[1] = 1
    annotator: Identifier
    action: Literal["warn", "pause", "retrain", "withdraw", "resume"]
    why: str
    #: Who did it: a person, or "rule".
    by: Identifier
    #: Until when a pause lasts; `None`: until somebody resumes.
    until: Instant | None = None
    #: Labels that were withdrawn with it.
    labels: tuple[EventId, ...] = ()
    provenance: Provenance = Provenance.REAL


class GoldChosen(Event):
    """A pair became a gold question, or one with another answer; from now on no release takes it."""

    type: Literal["GoldChosen"] = "GoldChosen"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    slice: Slice
    expected: Verdict
    #: What people are told where they are told whether they were right.
    why: str = ""
    clauses: tuple[Identifier, ...] = ()
    #: Who chose it.
    by: Identifier
    provenance: Provenance = Provenance.REAL


class CalibrationChosen(Event):
    """A pair became an item of a week's calibration set; from now on no release takes it."""

    type: Literal["CalibrationChosen"] = "CalibrationChosen"
    schema_version: Literal[1] = 1
    #: ISO week, e.g. "2026-W47".
    week: Identifier
    pair_id: Identifier
    slice: Slice
    provenance: Provenance = Provenance.REAL


class GoldRetired(Event):
    """A gold question is asked no more; it stays out of releases, for people were asked it."""

    type: Literal["GoldRetired"] = "GoldRetired"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    slice: Slice
    by: Identifier
    provenance: Provenance = Provenance.REAL
