"""Rows of an audit table, read and checked one by one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite, isnan
from typing import NamedTuple

from prefstream.agents.ingestion.audit_columns import AuditColumns
from prefstream.agents.ingestion.cells import json_list
from prefstream.agents.ingestion.notations import verdict_of
from prefstream.schemas.errors import BadInput

#: Begins an answer in no notation of preferences; such answers are compared as text.
OTHER = "?"
#: Answers that name no side. A judge who gives one decides nothing; a person who does agrees with no judge.
NO_SIDE = frozenset({"unsure", "both_bad"})
_NOTHING = frozenset({"", "null", "none", "nan", "n/a", "na"})
_YES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Vote(NamedTuple):
    """One raw vote: what it says, and with which probability for the first response where it tells."""

    answer: str | None
    p_a: float | None = None
    #: Which vote of its judge it is, where the table tells them apart.
    key: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """What one row says of one judge's view of the pair."""

    answer: str | None
    confidence: float | None
    votes: tuple[Vote, ...]
    #: Whether the row holds one vote of several rows.
    partial: bool = False


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row."""

    pair_id: str
    slice: str | None
    judged: Mapping[str, Judged]
    #: Each person with what they say.
    people: tuple[tuple[str, str], ...]
    propensity: float | None
    #: `None` where the table does not say.
    audited: bool | None


def answer_of(value: object) -> str | None:
    """Return the side that a cell names, another answer as text, or `None` where there is none.

    >>> answer_of("A>>"), answer_of(2), answer_of("tie"), answer_of("unsure"), answer_of("Safe")
    ('A', 'B', '=', 'unsure', '?safe')
    """
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return None
    verdict = verdict_of(value)
    if verdict is None:
        text = str(value).strip().casefold()
        return None if text in _NOTHING else OTHER + text
    preference = verdict.preference
    if preference is None:
        return verdict.value
    return "A" if preference.margin > 0 else "B" if preference.margin < 0 else "="


def audit_row(cells: Mapping[str, object], columns: AuditColumns) -> AuditRow:
    """Return what a row says.

    Raises:
        BadInput: A cell cannot be used.
    """
    fields = columns.fields
    pair_id = _text(cells.get(fields.get("pair_id", "")))
    if not pair_id:
        raise BadInput("pair_id is missing")
    return AuditRow(
        pair_id,
        _text(cells.get(fields["slice"])) if "slice" in fields else None,
        dict(_judged(cells, columns)),
        tuple(_people(cells, columns)),
        _share(cells, fields, "propensity"),
        _yes(cells, fields),
    )


def _judged(cells: Mapping[str, object], columns: AuditColumns) -> Iterator[tuple[str, Judged]]:
    if not columns.judges:
        name = _text(cells.get(columns.fields["judge"])) if "judge" in columns.fields else "judge"
        if not name:
            raise BadInput("judge is missing")
        yield name, _one_judge(cells, columns.fields)
    for name, fields in columns.judges.items():
        yield name, _one_judge(cells, fields)


def _one_judge(cells: Mapping[str, object], fields: Mapping[str, str]) -> Judged:
    answer = answer_of(cells.get(fields["judge_label"])) if "judge_label" in fields else None
    confidence, p_a = _share(cells, fields, "confidence"), _share(cells, fields, "p_a")
    if "vote" in fields or "vote_swapped" in fields:
        return Judged(None, None, tuple(_single_votes(cells, fields, p_a)), partial=True)
    votes = tuple(_votes(cells.get(fields["votes"]))) if "votes" in fields else ()
    if not votes and confidence is None and p_a is not None:
        side = "A" if p_a > 0.5 else "B" if p_a < 0.5 else "="
        return Judged(answer or side, max(p_a, 1 - p_a), ())
    if answer is not None and answer not in NO_SIDE and confidence is None and not votes:
        raise BadInput(
            f"the judge says {cells[fields['judge_label']]!r}, but there is neither confidence nor votes;"
            " leave judge_label empty where there is no verdict"
        )
    return Judged(answer, confidence, votes)


def _single_votes(
    cells: Mapping[str, object], fields: Mapping[str, str], p_a: float | None
) -> Iterator[Vote]:
    told = [str(cells.get(fields[name])) for name in ("strategy", "order", "repeat") if name in fields]
    key = "\x1f".join(told)
    for name in ("vote", "vote_swapped"):
        if name in fields:
            own = f"{key}\x1f{name}" if key or "vote_swapped" in fields else ""
            yield Vote(answer_of(cells.get(fields[name])), p_a if name == "vote" else None, own)


def _votes(value: object) -> Iterator[Vote]:
    """Return raw votes: a list of verdicts, of objects with a verdict, or text that spells either."""
    if isinstance(value, str):
        spelt = json_list(value)
        value = [part for part in re.split(r"[,;|]", value)] if spelt is None else spelt  # noqa: C416
        if value == [""]:
            return
    if value is None:
        return
    if not isinstance(value, list | tuple):
        raise BadInput(f"votes is {value!r}, not a list of verdicts")
    for one in value:
        if isinstance(one, Mapping):
            p_a = one.get("p_a")
            yield Vote(answer_of(one.get("verdict")), None if p_a is None else _checked("p_a", p_a))
        else:
            yield Vote(answer_of(one))


def _people(cells: Mapping[str, object], columns: AuditColumns) -> Iterator[tuple[str, str]]:
    for person, column in columns.people.items():
        if (answer := answer_of(cells.get(column))) is not None:
            yield person, answer
    column = columns.fields.get("human_label", "")
    value = cells.get(column) if column else None
    if isinstance(value, str) and (spelt := json_list(value)) is not None:
        value = spelt
    if isinstance(value, Mapping):
        yield from ((str(who), said) for who, one in value.items() if (said := answer_of(one)) is not None)
    elif isinstance(value, list | tuple):
        found = (answer_of(one) for one in value)
        yield from ((f"#{place}", said) for place, said in enumerate(found) if said is not None)
    elif (answer := answer_of(value)) is not None:
        who = _text(cells.get(columns.fields["annotator"])) if "annotator" in columns.fields else None
        yield who or "", answer


def _share(cells: Mapping[str, object], fields: Mapping[str, str], name: str) -> float | None:
    column = fields.get(name)
    value = cells.get(column) if column is not None else None
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return _checked(name, value)


def _checked(name: str, value: object) -> float:
    number = float("nan")
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise BadInput(f"{name} is {value!r}, not a number from 0 to 1") from None
    if 0 <= number <= 1:
        return number
    raise BadInput(f"{name} is {value!r}, not a number from 0 to 1; leave it empty where there is none")


def _yes(cells: Mapping[str, object], fields: Mapping[str, str]) -> bool | None:
    value = cells.get(fields["audited"]) if "audited" in fields else None
    if value is None or value == "":
        return None
    if (found := _YES.get(str(value).strip().casefold().removesuffix(".0"))) is None:
        raise BadInput(f"audited is {value!r}; say true or false")
    return found


def _text(value: object) -> str | None:
    if value is None or isinstance(value, bool | list | dict) or (isinstance(value, float) and isnan(value)):
        return None
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
    return text or None
