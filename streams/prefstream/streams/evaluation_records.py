"""Recorded evaluations: what one judge said of the pairs that people labelled, kept to compare with."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from prefstream.domain.evaluation import EvaluationSet, RecordedEvaluation, RecordedPair
from prefstream.domain.evaluation.readings import Side
from prefstream.schemas.envelope import Value
from prefstream.schemas.errors import BadInput


class PairRecord(Value):
    """One pair of the file."""

    pair_id: str
    slice: str
    people: Side
    judge: Side | None


class EvaluationRecord(Value):
    """The file."""

    format: Literal["prefstream.evaluation.v1"] = "prefstream.evaluation.v1"
    judge: str
    #: Pairs that the judge's prompt or exemplars were made from; an empty list says: none.
    built_from: tuple[str, ...]
    pairs: tuple[PairRecord, ...]


def record_of(evaluated: EvaluationSet, built_from: Iterable[str]) -> EvaluationRecord:
    """Return the record of the one judge that is evaluated.

    Raises:
        BadInput: There are several judges or strategies.
    """
    if len(evaluated.judgements) != 1:
        names = ", ".join(f"{one.judge}/{one.strategy}" for one in sorted(evaluated.judgements))
        raise BadInput(f"--record keeps one judge; choose one with --judge: {names}")
    ((name, judgements),) = evaluated.judgements.items()
    sides = {key: evaluated.pairs[key].people.side for key in judgements}
    pairs = [
        PairRecord(pair_id=key, slice=evaluated.pairs[key].slice, people=side, judge=judgements[key].side)
        for key, side in sides.items()
        if side is not None
    ]
    return EvaluationRecord(
        judge=f"{name.judge}/{name.strategy}", built_from=tuple(sorted(set(built_from))), pairs=tuple(pairs)
    )


def write_record(record: EvaluationRecord, path: Path) -> None:
    """Write a record.

    Raises:
        BadInput: The file cannot be written.
    """
    try:
        path.write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error


def read_record(path: Path) -> RecordedEvaluation:
    """Return the evaluation that a file records.

    Raises:
        BadInput: The file cannot be read, is no record, does not say what the judge was built from,
            or holds a pair twice.
    """
    try:
        record = EvaluationRecord.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadInput(
            f"{path} is no recorded evaluation: {where}: {first['msg']};"
            " make one with: prefstream judge eval FILE --record OUT.json"
        ) from error
    pairs = {
        one.pair_id: RecordedPair(slice=one.slice, people=one.people, judge=one.judge) for one in record.pairs
    }
    if len(pairs) != len(record.pairs):
        raise BadInput(f"{path} holds a pair twice; evaluate again and record anew")
    return RecordedEvaluation(judge=record.judge, built_from=frozenset(record.built_from), pairs=pairs)


def read_ids(path: Path) -> list[str]:
    """Return pair ids from a file: one a line, a JSON list, or a document with `built_from`.

    Raises:
        BadInput: The file cannot be read, or holds no ids.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{path} cannot be read as text: {getattr(error, 'strerror', None) or error}"
        ) from error
    if not text.lstrip().startswith(("{", "[")):
        return [line.strip() for line in text.splitlines() if line.strip()]
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}") from error
    ids = found.get("built_from") if isinstance(found, dict) else found
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise BadInput(f"{path} holds no list of pair ids; give one id a line, or a list in `built_from`")
    return ids
