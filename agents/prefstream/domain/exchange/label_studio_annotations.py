"""Annotations of Label Studio become labels: read, compared with what was read before, revised.

Whatever an annotation says is text from outside. What cannot be read is a finding, never a guess.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from pydantic import ValidationError

from prefstream.domain.exchange.label_studio_config import (
    CLAUSES,
    DIMENSION,
    PAIRWISE,
    RATIONALE,
    VERDICT,
    VERDICTS,
)
from prefstream.domain.exchange.label_studio_tasks import Sides
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelSubmitted, LabelWithdrawn, Round
from prefstream.schemas.values import Provenance, Verdict

SOURCE = "label-studio"
_SELECTED = {"left": 1, "right": -1}
_MOST_RATIONALE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """A task that was pushed."""

    push_id: str
    #: The Label Studio it went to.
    address: str
    pair_id: str
    round: Round
    sides: Sides
    #: Clauses that can be cited.
    clauses: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whose annotation it is."""

    #: The name that labels carry.
    annotator: str
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was read of an annotation before."""

    revision: int
    content_hash: bytes
    #: Its label, where one stands.
    event_id: str | None
    annotator: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What an annotation that is new, changed or gone asks for."""

    annotation_id: int
    revision: int
    content_hash: bytes
    label: LabelSubmitted | None = None
    withdrawal: LabelWithdrawn | None = None
    #: Why there is no label, where there should be one.
    findings: Sequence[str] = ()


@dataclass(slots=True)
class _Read:
    """What the results of an annotation say, as shown."""

    choice: Verdict | None = None
    side: int | None = None
    clauses: list[str] = field(default_factory=list)
    rationale: str = ""
    dimensions: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)


def steps_of(
    pushed: Pushed,
    annotations: Sequence[Mapping[str, Any]],
    known: Mapping[int, Known],
    people: Mapping[int, Person],
    *,
    now: datetime,
) -> Iterator[Step]:
    """Yield what follows from the annotations a task has now; the same again asks for nothing.

    Args:
        pushed: The task.
        annotations: All that Label Studio has for it, whoever made them.
        known: What was read of them before, by their ids.
        people: Who its users are, by their ids.
        now: When that was read; a deletion has no time of its own.
    """
    present: set[int] = set()
    for annotation in annotations:
        annotation_id = int(annotation["id"])
        present.add(annotation_id)
        before = known.get(annotation_id)
        digest = _digest(annotation)
        if before is None or before.content_hash != digest:
            yield _step(pushed, annotation, before, people, digest)
    for annotation_id, before in known.items():
        if annotation_id not in present and before.event_id is not None:
            yield Step(
                annotation_id=annotation_id,
                revision=before.revision + 1,
                content_hash=b"",
                withdrawal=_withdrawal(pushed, before, now, "the annotation was deleted in Label Studio"),
            )


def _step(
    pushed: Pushed,
    annotation: Mapping[str, Any],
    before: Known | None,
    people: Mapping[int, Person],
    digest: bytes,
) -> Step:
    revision = before.revision + 1 if before else 1
    person = people.get(_user(annotation)) or Person(annotator=f"{SOURCE}:{_user(annotation)}")
    label, findings = _label(pushed, annotation, person, revision)
    withdrawal = None
    if before is not None and before.event_id is not None:
        moment = datetime.fromisoformat(annotation["updated_at"])
        why = "revised in Label Studio" if label else "cancelled, or made unreadable, in Label Studio"
        withdrawal = _withdrawal(pushed, before, moment, why)
    return Step(
        annotation_id=int(annotation["id"]),
        revision=revision,
        content_hash=digest,
        label=label,
        withdrawal=withdrawal,
        findings=findings,
    )


def _label(
    pushed: Pushed, annotation: Mapping[str, Any], person: Person, revision: int
) -> tuple[LabelSubmitted | None, Sequence[str]]:
    if annotation.get("was_cancelled"):
        return None, ()
    read = _read(annotation.get("result"), pushed.clauses)
    verdict = _verdict(read)
    if verdict is None or read.findings:
        return None, read.findings
    seconds = annotation.get("lead_time")
    mapped = verdict if pushed.sides == "ab" else _swapped(verdict)
    try:
        label = LabelSubmitted(
            event_id=derived_id(SOURCE, pushed.push_id, int(annotation["id"]), revision),
            occurred_at=datetime.fromisoformat(annotation["updated_at"]),
            source=SOURCE,
            subject=pushed.pair_id,
            correlation_id=pushed.pair_id,
            pair_id=pushed.pair_id,
            annotator=person.annotator,
            verdict=mapped,
            dimensions=read.dimensions,
            rationale=read.rationale[:_MOST_RATIONALE],
            clauses=tuple(read.clauses),
            seconds=float(seconds) if isinstance(seconds, int | float) and seconds >= 0 else None,
            sides=pushed.sides,
            round=pushed.round,
            provenance=Provenance.SIMULATED if person.simulated else Provenance.REAL,
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return None, (f"{'.'.join(map(str, first['loc']))}: {first['msg']}",)
    return label, ()


def _read(result: Any, clauses: frozenset[str]) -> _Read:
    read = _Read()
    for one in result if isinstance(result, list) else ():
        value = one.get("value") if isinstance(one, dict) else None
        if not isinstance(value, dict):
            continue
        name = str(one.get("from_name"))
        if name == VERDICT:
            _read_choice(read, value.get("choices"))
        elif name == PAIRWISE:
            read.side = _SELECTED.get(str(value.get("selected")))
        elif name == CLAUSES:
            _read_clauses(read, value.get("choices"), clauses)
        elif name == RATIONALE:
            read.rationale = _text(value.get("text"))
        elif name.startswith(DIMENSION) and isinstance(value.get("rating"), int):
            read.dimensions[name.removeprefix(DIMENSION)] = value["rating"]
    return read


def _read_choice(read: _Read, choices: Any) -> None:
    if not isinstance(choices, list) or not choices:
        return
    read.choice = VERDICTS.get(str(choices[0])) if len(choices) == 1 else None
    if read.choice is None:
        read.findings.append("the verdict is none of the seven, or more than one")


def _read_clauses(read: _Read, choices: Any, known: frozenset[str]) -> None:
    named = [str(one) for one in choices] if isinstance(choices, list) else []
    read.clauses = [one for one in named if one in known]
    strange = [one for one in named if one not in known]
    if strange:
        read.findings.append(f"no clause is named {', '.join(strange)[:200]}")


def _verdict(read: _Read) -> Verdict | None:
    """Return the verdict as shown; a choice says more than a click on a side, but must not contradict it."""
    side = read.side
    if read.choice is None:
        if side is None and not read.findings:
            read.findings.append("there is no verdict")
        return {1: Verdict.A_BETTER, -1: Verdict.B_BETTER}.get(side or 0)
    preference = read.choice.preference
    chosen = 0 if preference is None else (preference.margin > 0) - (preference.margin < 0)
    if side is not None and chosen == -side:
        read.findings.append("the side that was clicked and the verdict contradict each other")
    return read.choice


def _swapped(verdict: Verdict) -> Verdict:
    preference = verdict.preference
    return verdict if preference is None else Verdict(preference.swapped.value)


def _withdrawal(pushed: Pushed, before: Known, moment: datetime, why: str) -> LabelWithdrawn:
    label_id = str(before.event_id)
    return LabelWithdrawn(
        event_id=derived_id(SOURCE, "withdrawn", label_id),
        occurred_at=moment,
        source=SOURCE,
        subject=pushed.pair_id,
        correlation_id=pushed.pair_id,
        pair_id=pushed.pair_id,
        label_id=label_id,
        annotator=before.annotator or SOURCE,
        reason=why,
        by=before.annotator or SOURCE,
    )


def _digest(annotation: Mapping[str, Any]) -> bytes:
    """Return the hash of what matters: Label Studio touches an annotation for other reasons too."""
    names = ("result", "was_cancelled", "lead_time")
    said = {name: annotation.get(name) for name in names} | {"user": _user(annotation)}
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS, default=str)).digest()


def _user(annotation: Mapping[str, Any]) -> int:
    """Return who made it; some answers name the user, some hold the user's record."""
    by = annotation.get("completed_by")
    by = by.get("id") if isinstance(by, dict) else by
    return by if isinstance(by, int) else -1


def _text(value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    return "\n".join(part for part in parts if isinstance(part, str))
