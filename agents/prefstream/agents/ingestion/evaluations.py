"""Rows that say what a judge, or people, or both, said of a pair."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from prefstream.agents.ingestion.cells import Cells, json_list
from prefstream.agents.ingestion.conversations import prompt_of
from prefstream.agents.ingestion.defaults import Defaults, Findings
from prefstream.agents.ingestion.labels import Rounds, Sides
from prefstream.agents.ingestion.notations import verdict_of
from prefstream.domain.evaluation import HumanLabel, JudgeName, Reading, Texts
from prefstream.schemas.labels import Round
from prefstream.schemas.values import ClauseVerdict, Provenance, Vote

_CLAUSE_VERDICTS: TypeAdapter[tuple[ClauseVerdict, ...]] = TypeAdapter(tuple[ClauseVerdict, ...])
#: Columns that hold one person's labels each, by their names.
_ANNOTATOR_COLUMN = re.compile(r"(annotator|rater|worker|human)[ _-]?\d+", re.IGNORECASE)
#: The person behind a label that names nobody.
_PEOPLE = "people"


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Columns that belong to one judge or one person each, by that one's name."""

    judges: Mapping[str, str] = field(default_factory=dict)
    annotators: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRow:
    """What one row says of a pair; rows of several files may each say a part."""

    pair_id: str
    slice: str | None
    labels: tuple[HumanLabel, ...]
    #: Each reading with its judge and which time it is.
    readings: tuple[tuple[JudgeName, str, Reading], ...]
    lengths: tuple[int, int] | None
    texts: Texts | None


def evaluation_row(
    row: Mapping[str, object], defaults: Defaults, columns: Columns
) -> EvaluationRow | Findings:
    """Return what a row says of a pair, or why it is refused.

    A judge's verdict that cannot be read is a reading without a verdict; a person's label that
    cannot be read is a mistake in the file, as is a confidence outside 0 to 1.
    """
    cells = Cells("evaluations", row, defaults)
    try:
        pair_id = cells.named("pair_id")
        if pair_id is None:
            cells.required("pair_id")
        found = EvaluationRow(
            pair_id=pair_id or "",
            slice=cells.identifier("slice"),
            labels=tuple(_labels(cells, row, columns)),
            readings=tuple(_readings(cells, row, columns)),
            lengths=_lengths(cells),
            texts=_texts(row, defaults),
        )
    except ValidationError as error:
        return cells.refused(error)
    return cells.findings if cells.reasons else found


def _labels(cells: Cells, row: Mapping[str, object], columns: Columns) -> Iterator[HumanLabel]:
    said: dict[str, object] = {name: row.get(column) for name, column in columns.annotators.items()}
    if not said:
        said = {name: value for name, value in row.items() if _ANNOTATOR_COLUMN.fullmatch(name)}
    several = _object(cells, "labels")
    own = {cells.identifier("annotator") or _PEOPLE: cells.raw("label")} if cells.has("label") else {}
    rationale, clauses = cells.text("rationale") or "", cells.identifiers("clauses")
    round_: Round = cells.choice("round", Rounds, Rounds.ANNOTATE).value
    for annotator, value in (said | several | own).items():
        if value is None or value == "":
            continue
        verdict = verdict_of(value)
        if verdict is None:
            cells.reasons.append(f"the label of {annotator} is no verdict that can be read: {value!r}")
            continue
        yield HumanLabel(
            annotator=annotator, verdict=verdict, round=round_, rationale=rationale, clauses=clauses
        )


def _readings(
    cells: Cells, row: Mapping[str, object], columns: Columns
) -> Iterator[tuple[JudgeName, str, Reading]]:
    strategy, repeat = cells.identifier("strategy") or "recorded", cells.identifier("repeat") or ""
    for name, column in columns.judges.items():
        if column in row:
            judge = JudgeName(name, strategy)
            yield judge, repeat, _reading(cells, judge, row[column], Sides.AB, "")
    if not (cells.has("verdict") or cells.has("verdict_swapped")) or columns.judges:
        return
    judge = JudgeName(cells.required("judge"), strategy)
    if not judge.judge:
        return
    order = cells.choice("order", Sides, Sides.AB)
    if cells.has("verdict"):
        yield judge, repeat, _reading(cells, judge, cells.raw("verdict"), order, "")
    if cells.has("verdict_swapped"):
        if order is Sides.BA:
            cells.note("verdict_swapped", "is given although the row's own order is ba already")
        yield judge, repeat, _reading(cells, judge, cells.raw("verdict_swapped"), Sides.BA, "_swapped")


def _reading(cells: Cells, judge: JudgeName, value: object, order: Sides, suffix: str) -> Reading:
    """Return one reading; its numbers stand in the columns with this suffix."""
    vote = Vote(
        judge=judge.judge,
        provenance=Provenance.RECORDED,
        order=order.value,
        variant=judge.strategy,
        raw=value if value is None or isinstance(value, str) else orjson.dumps(value, default=str).decode(),
        verdict=verdict_of(value),
        p_a=_share(cells, f"p_a{suffix}"),
        rationale=cells.text("judge_rationale") or "",
        clause_verdicts=_clause_verdicts(cells) if not suffix else (),
    )
    return Reading(vote, _share(cells, f"confidence{suffix}"))


def _share(cells: Cells, name: str) -> float | None:
    number = cells.number(name)
    if number is not None and not 0 <= number <= 1:
        cells.note(name, f"is {number:g}, not a number from 0 to 1")
        return None
    return number


def _clause_verdicts(cells: Cells) -> tuple[ClauseVerdict, ...]:
    value = cells.raw("clause_verdicts")
    if isinstance(value, str) and value:
        value = json_list(value)
        if value is None:
            cells.unfit("clause_verdicts", "a list")
    return () if not value else _CLAUSE_VERDICTS.validate_python(value)


def _object(cells: Cells, name: str) -> dict[str, Any]:
    value = cells.raw(name)
    if isinstance(value, str):
        try:
            value = orjson.loads(value) if value else None
        except orjson.JSONDecodeError:
            cells.unfit(name, "an object")
            return {}
    if value is None:
        return {}
    if not isinstance(value, dict):
        cells.unfit(name, "an object")
        return {}
    return value


def _lengths(cells: Cells) -> tuple[int, int] | None:
    """Return the characters of both responses; what is no text counts as the JSON it is."""
    numbers = [cells.number(name) for name in ("length_a", "length_b")]
    if numbers[0] is not None and numbers[1] is not None:
        return int(numbers[0]), int(numbers[1])
    values = [cells.raw(name) for name in ("response_a", "response_b")]
    if any(value is None for value in values):
        return None
    first, second = (
        len(value) if isinstance(value, str) else len(orjson.dumps(value, default=str)) for value in values
    )
    return first, second


def _texts(row: Mapping[str, object], defaults: Defaults) -> Texts | None:
    """Return prompt and responses where all are text: figures do without them, so nothing is refused."""
    cells = Cells("evaluations", row, defaults)
    messages = prompt_of(cells)
    first, second = cells.text("response_a"), cells.text("response_b")
    if messages is None or first is None or second is None or cells.reasons:
        return None
    return Texts(prompt=messages[-1].content, response_a=first, response_b=second)
