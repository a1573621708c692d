"""Plain audit tables as whole columns: the same evidence as row by row, many times faster.

Plain is a table with one judge, one person, one row a pair and nothing wrong. Everything else yields
`None`, and is read row by row, where it is understood or refused with its line.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from math import isfinite
from typing import Any

import numpy as np

from prefstream.agents.ingestion.audit_columns import AuditColumns, audit_columns
from prefstream.agents.ingestion.audit_rows import NO_SIDE, OTHER, answer_of
from prefstream.agents.ingestion.audit_samples import DEFAULT_SLICE, AuditSample, Reading, hash_slice
from prefstream.domain.certification import NO_VERDICT, Evidence
from prefstream.domain.certification.evidence import Flags, Floats, Places
from prefstream.schemas.errors import BadInput

_NEEDED = ("pair_id", "confidence", "judge_label", "human_label")
_ALLOWED = frozenset((*_NEEDED, "slice", "propensity"))
_NUMBERS = {float, int}


def plain_columns(header: Sequence[str], mapped: Mapping[str, str]) -> Mapping[str, str] | None:
    """Return column by field where the table is plain as far as its header tells."""
    try:
        columns: AuditColumns = audit_columns(header, mapped)
    except BadInput:
        return None
    if columns.judges or columns.people or not _ALLOWED.issuperset(columns.fields):
        return None
    return columns.fields if all(name in columns.fields for name in _NEEDED) else None


def plain_sample(columns: Mapping[str, list[Any]], reading: Reading) -> AuditSample | None:
    """Return the evidence of a plain table, or `None` where it is not plain after all.

    Args:
        columns: The cells, by field.
        reading: How the table is to be read.
    """
    ids = _ids(columns["pair_id"])
    confidence = _confidence(columns["confidence"])
    said, labels = _answers(columns["judge_label"]), _answers(columns["human_label"])
    slices = _slices(columns.get("slice"), len(columns["pair_id"]))
    if ids is None or confidence is None or said is None or labels is None or slices is None:
        return None
    if reading.judges or not ids or not _same_chance(columns.get("propensity")):
        return None
    # Pairs by name, as row by row: draws and hashes must not depend on the order of the file.
    order = np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.intp)
    judged, people = said[1][order], labels[1][order]
    verdict = ~np.isin(judged, _codes(said[0], {None, *NO_SIDE}))
    ranks = confidence[order]
    if np.isnan(ranks[verdict]).any():
        return None
    everyone = {answer: place for place, answer in enumerate(dict.fromkeys((*said[0], *labels[0])))}
    judge_side = np.array([everyone[one] for one in said[0]])[judged]
    truth = np.array([everyone[one] for one in labels[0]])[people]
    agreed = (judge_side == truth) & ~np.isin(people, _codes(labels[0], NO_SIDE))
    audited = ~np.isin(people, _codes(labels[0], {None}))
    ranks = np.where(verdict, ranks, NO_VERDICT)
    return _sample(ids, order, slices, (ranks, ~agreed | ~audited, audited), (said[0], labels[0], reading))


def _sample(
    ids: list[str],
    order: Places,
    slices: tuple[list[str], Places],
    rows: tuple[Floats, Flags, Flags],
    said: tuple[list[str | None], list[str | None], Reading],
) -> AuditSample:
    ranks, wrong, audited = rows
    judge_answers, human_answers, reading = said
    of_slice = slices[1][order]
    found, digest = {}, sha256()
    for name, code in sorted((name, code) for code, name in enumerate(slices[0])):
        places = np.flatnonzero(of_slice == code)
        one = Evidence(
            confidence=ranks[places][:, None], wrong=wrong[places][:, None], audited=audited[places]
        )
        found[name] = one
        hash_slice(digest, name, [ids[place] for place in order[places].tolist()], one)
    told = {one for one in (*judge_answers, *human_answers) if one is not None and one not in NO_SIDE}
    told |= {one for one in human_answers if one is not None}
    n_labels = int(audited.sum())
    return AuditSample(
        slices=found,
        judges=("judge",),
        n_pairs=len(ids),
        n_labels=n_labels,
        repeated=0,
        disputed=0,
        unjudged=int((ranks == NO_VERDICT).sum()),
        thinned=0,
        unread=0,
        one_class=len(told) == 1 and n_labels > 1,
        panel=reading.panel,
        content_hash=digest.hexdigest(),
    )


def _ids(cells: list[Any]) -> list[str] | None:
    types = set(map(type, cells))
    if types == {str}:
        ids = [one.strip() for one in cells]
    elif types == {int}:
        ids = [str(one) for one in cells]
    else:
        return None
    return ids if all(ids) and len(set(ids)) == len(ids) else None


def _confidence(cells: list[Any]) -> Floats | None:
    types = set(map(type, cells))
    if not types <= {*_NUMBERS, str, type(None)}:
        return None
    if str in types:
        cells = [None if isinstance(one, str) and not one.strip() else one for one in cells]
    try:
        numbers = np.array([np.nan if one is None else one for one in cells]).astype(np.float64)
    except ValueError:
        return None
    given = np.array([one is not None for one in cells], dtype=bool)
    return numbers if ((numbers[given] >= 0) & (numbers[given] <= 1)).all() else None


Answers = tuple[list[str | None], Places]


def _answers(cells: list[Any]) -> Answers | None:
    """Return the answers there are, and which of them each row gives."""
    if not set(map(type, cells)) <= {str, int, float, type(None)}:
        return None
    distinct = {one: place for place, one in enumerate(dict.fromkeys(cells))}
    if any(isinstance(one, str) and one.lstrip().startswith("[") for one in distinct):
        return None
    answers = [answer_of(one) for one in distinct]
    if any(one is not None and one.startswith(OTHER) for one in answers):
        return None
    return answers, np.array([distinct[one] for one in cells], dtype=np.intp)


def _slices(cells: list[Any] | None, n_pairs: int) -> tuple[list[str], Places] | None:
    if cells is None:
        return [DEFAULT_SLICE], np.zeros(n_pairs, dtype=np.intp)
    if not set(map(type, cells)) <= {str, type(None)}:
        return None
    named = {one: (one or "").strip() or DEFAULT_SLICE for one in dict.fromkeys(cells)}
    names = list(dict.fromkeys(named.values()))
    code = {one: names.index(name) for one, name in named.items()}
    return names, np.array([code[one] for one in cells], dtype=np.intp)


def _same_chance(cells: list[Any] | None) -> bool:
    """Return whether every pair came into the audit sample with one chance, so that none is to be thinned."""
    if cells is None:
        return True
    distinct = set(cells) if set(map(type, cells)) <= {*_NUMBERS, str} else set()
    if len(distinct) != 1:
        return False
    try:
        chance = float(distinct.pop())
    except ValueError:
        return False
    return isfinite(chance) and 0 < chance <= 1


def _codes(answers: list[str | None], wanted: set[str | None] | frozenset[str]) -> list[int]:
    return [place for place, one in enumerate(answers) if one in wanted]
