"""What is made of a group: its rows, and which pairs have no place in the format and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from prefstream.domain.releases.tables import Row, line
from prefstream.schemas.releases import FormatName

#: Why a pair that is in the release has no row in one of its formats.
REASONS: Final[Mapping[str, str]] = {
    "tie": "its label is a tie, and the format has no place for one",
    "small_margin": "the plan takes no response of its margin as a demonstration",
    "ranking_prompts_differ": "the pairs of its group do not share one conversation",
    "ranking_incomplete": "not every two responses of its group were compared",
    "ranking_inconsistent": "the labels of its group contradict each other as a ranking",
    "slice": "the plan does not take its slice",
    "provenance": "the plan does not take what is recorded, offline or simulated",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A pair (or an answer to a task) without a row in a format."""

    #: The pair's id, or that of the answer's event.
    id: str
    #: One of `REASONS`.
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a format makes of a group; every pair is in a row or left out."""

    rows: tuple[Row, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def identified(format_name: FormatName, row: Row) -> Row:
    """Return a row with its identity: the first 32 hex digits of the SHA-256 of its format and content.

    >>> identified("safety", {"category": "none"})
    {'row_id': 'ac0050c6ea8e9048c33da4b55fba44b9', 'category': 'none'}
    """
    content = format_name.encode() + b"\n" + line(row)
    return {"row_id": sha256(content).hexdigest()[:32]} | row


def sources(row: Row) -> Sequence[str]:
    """Return the ids of the pairs, or of the answer's event, that a row is made from.

    >>> sources({"row_id": "r", "pair_id": "p1"}), sources({"row_id": "r", "pair_ids": ["p1", "p2"]})
    (('p1',), ('p1', 'p2'))
    """
    single = (row.get(name) for name in ("pair_id", "answer_id"))
    return tuple(row.get("pair_ids") or ()) or tuple(name for name in single if name is not None)
