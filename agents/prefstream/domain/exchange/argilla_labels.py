"""Labels from Argilla records: responses that people submitted, each read or refused with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from prefstream.domain.exchange.argilla_records import (
    ANNOTATORS,
    CLAUSES,
    KNOWN,
    PAIR,
    RATIONALE,
    SIDES,
    VERDICT,
    answer_hash,
)
from prefstream.domain.exchange.label_studio_config import DIMENSION, VERDICTS
from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.values import Provenance, Verdict

SOURCE = "argilla"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How records are to be read."""

    #: When a response was given that does not say so.
    occurred_at: datetime
    #: Names of people by the ids of users there; they go before those in the metadata.
    users: Mapping[str, str] = field(default_factory=dict)
    #: Clauses that can be cited; `None`: any.
    clauses: frozenset[str] | None = None
    provenance: Provenance = Provenance.REAL


@dataclass(slots=True, kw_only=True)
class Import:
    """What a record gives."""

    labels: list[LabelSubmitted] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    #: Responses that are not submitted: drafts, and those that were discarded.
    unfinished: int = 0
    #: Responses that came from us and came back unchanged.
    known: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Response:
    user: str
    answer: Mapping[str, Any]
    status: str = "submitted"
    updated_at: str | None = None


def labels_of(record: Mapping[str, Any], reading: Reading) -> Import:
    """Return the labels that a record holds."""
    found = Import()
    metadata = record.get("metadata")
    told: Mapping[str, Any] = metadata if isinstance(metadata, dict) else {}
    pair_id = told.get(PAIR) or record.get("external_id") or record.get("id")
    if not isinstance(pair_id, str) or not pair_id:
        found.findings.append("the record names no pair: neither metadata.pair_id nor id is there")
        return found
    people = _mapping(told.get(ANNOTATORS)) | dict(reading.users)
    known = _mapping(told.get(KNOWN))
    for response in _responses(record.get("responses")):
        if response.status != "submitted":
            found.unfinished += 1
        elif known.get(response.user) == answer_hash(response.answer):
            found.known += 1
        else:
            annotator = people.get(response.user) or f"{SOURCE}:{response.user}"
            label = _label(pair_id, told.get(SIDES, "ab"), response, annotator, reading)
            if isinstance(label, str):
                found.findings.append(f"{annotator}: {label}")
            else:
                found.labels.append(label)
    return found


def _label(
    pair_id: str, sides: Any, response: _Response, annotator: str, reading: Reading
) -> LabelSubmitted | str:
    answer = response.answer
    shown = VERDICTS.get(str(answer.get(VERDICT)))
    if shown is None:
        return "the verdict is missing, or none of the seven"
    if sides not in {"ab", "ba"}:
        return "metadata.sides is neither ab nor ba"
    named = answer.get(CLAUSES) or []
    clauses = [str(one) for one in named] if isinstance(named, list) else [str(named)]
    strange = [] if reading.clauses is None else [one for one in clauses if one not in reading.clauses]
    if strange:
        return f"no clause is named {', '.join(strange)[:200]}"
    try:
        return LabelSubmitted(
            event_id=derived_id(SOURCE, pair_id, annotator, answer_hash(answer)),
            occurred_at=_moment(response.updated_at, reading.occurred_at),
            source=SOURCE,
            subject=pair_id,
            correlation_id=pair_id,
            pair_id=pair_id,
            annotator=annotator,
            verdict=_mapped(shown, sides),
            dimensions={
                name.removeprefix(DIMENSION): value
                for name, value in answer.items()
                if name.startswith(DIMENSION)
            },
            rationale=str(answer.get(RATIONALE) or ""),
            clauses=tuple(clauses),
            sides=sides,
            provenance=reading.provenance,
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _responses(value: Any) -> Sequence[_Response]:
    """Return responses by user, of either shape: by question as in files, or a list as in its API."""
    if isinstance(value, list):
        return [one for item in value if isinstance(item, dict) for one in [_of_api(item)]]
    users: dict[str, dict[str, Any]] = {}
    statuses: dict[str, str] = {}
    for question, given in value.items() if isinstance(value, dict) else ():
        for item in given if isinstance(given, list) else ():
            if isinstance(item, dict):
                user = str(item.get("user_id"))
                users.setdefault(user, {})[str(question)] = item.get("value")
                statuses[user] = str(item.get("status") or "submitted")
    return [_Response(user=user, answer=answer, status=statuses[user]) for user, answer in users.items()]


def _of_api(item: Mapping[str, Any]) -> _Response:
    values = item.get("values")
    answer = {
        str(question): one.get("value") if isinstance(one, dict) else one
        for question, one in (values.items() if isinstance(values, dict) else ())
    }
    return _Response(
        user=str(item.get("user_id")),
        answer=answer,
        status=str(item.get("status") or "submitted"),
        updated_at=item.get("updated_at") or item.get("inserted_at"),
    )


def _mapped(shown: Verdict, sides: Any) -> Verdict:
    preference = shown.preference
    return shown if sides == "ab" or preference is None else Verdict(preference.swapped.value)


def _moment(said: Any, otherwise: datetime) -> datetime:
    if not isinstance(said, str):
        return otherwise
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return otherwise
    return moment if moment.tzinfo else moment.replace(tzinfo=otherwise.tzinfo)


def _mapping(text: Any) -> dict[str, str]:
    try:
        value = orjson.loads(text) if isinstance(text, str) else text
    except orjson.JSONDecodeError:
        return {}
    return {str(name): str(one) for name, one in value.items()} if isinstance(value, dict) else {}
