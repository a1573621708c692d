"""Audit samples: pairs with what judges and people say, as the evidence that certification reads."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, Protocol

import numpy as np

from prefstream.agents.ingestion.audit_rows import NO_SIDE, OTHER, Judged
from prefstream.agents.ingestion.panels import Opinion, Panel, opinions
from prefstream.domain.certification import NO_VERDICT, Evidence
from prefstream.domain.routing import coin
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.errors import BadInput

#: Which label is the truth where people differ: that of a person drawn anew by hash, the first in the
#: file, or the most frequent (where there is none, nobody agrees).
TruthRule = Literal["fresh", "first", "majority"]
#: The slice of a pair that names none.
DEFAULT_SLICE: str = Constitution.model_fields["default_slice"].default
_FRESH, _THIN = "certification/fresh", "certification/thinning"


class Hash(Protocol):
    """A hash that takes bytes."""

    def update(self, data: bytes, /) -> None:
        """Take bytes in."""
        ...


@dataclass(slots=True, kw_only=True)
class Pair:
    """What all rows say of one pair."""

    line: int
    slice: str | None
    judged: dict[str, Judged]
    people: dict[str, str]
    propensity: float | None
    audited: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a table is to be read."""

    truth: TruthRule = "fresh"
    panel: Panel = "pooled"
    #: Only these judges, in this order; all in the order of their names where it is empty.
    judges: tuple[str, ...] = ()
    seed: str = ""
    #: One threshold for all slices: audit propensities are then evened out over all of them.
    pooled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSample:
    """The evidence of a table, and what was done to get it."""

    slices: Mapping[str, Evidence]
    judges: tuple[str, ...]
    n_pairs: int
    #: Pairs labelled by a person whatever the route.
    n_labels: int
    #: Rows that say again what was said before.
    repeated: int
    #: Pairs on which people differ.
    disputed: int
    #: Pairs without any judge's verdict.
    unjudged: int
    #: Labels left out so that all of a slice had the same chance to be in the sample.
    thinned: int
    #: Verdicts of judges that could not be read; they count as none, never as a tie.
    unread: int
    #: Whether judges and people gave one and the same answer throughout.
    one_class: bool
    panel: Panel
    #: SHA-256 of what was read of all pairs: the same table has the same, in whatever order its rows are.
    content_hash: str


@dataclass(slots=True, kw_only=True)
class SampleRows:
    """Turns pairs into columns of numbers, slice by slice."""

    audit_is_stated: bool
    reading: Reading
    judges: tuple[str, ...]
    preferences: bool
    ids: dict[str, list[str]] = field(default_factory=dict)
    ranks: dict[str, list[list[float]]] = field(default_factory=dict)
    wrong: dict[str, list[list[bool]]] = field(default_factory=dict)
    chances: dict[str, list[float]] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)
    said: set[str] = field(default_factory=set)
    disputed: int = 0
    unjudged: int = 0
    unread: int = 0

    def add(self, pair_id: str, pair: Pair) -> None:
        """Add one pair."""
        said = [self._read(one) for one in opinions(pair.judged, self.judges, self.reading.panel)]
        truth = self._truth(pair_id, pair)
        chance = self._chance(pair) if truth is not None else 0.0
        name = pair.slice or DEFAULT_SLICE
        self.unjudged += all(one.confidence is None for one in said)
        self.ids.setdefault(name, []).append(pair_id)
        self.ranks.setdefault(name, []).append(
            [NO_VERDICT if one.confidence is None else one.confidence for one in said]
        )
        self.wrong.setdefault(name, []).append([_differs(one, truth) for one in said])
        self.chances.setdefault(name, []).append(chance)
        if truth is not None:
            self.people.add(truth)
        self.said.update(one.answer for one in said if one.answer is not None)

    def sample(self, repeated: int) -> AuditSample:
        """Return what was added as evidence."""
        self._check_notations()
        audited = dict(self._audited())
        slices = {
            name: Evidence(
                confidence=np.array(self.ranks[name], dtype=np.float64),
                wrong=np.array(self.wrong[name], dtype=bool),
                audited=audited[name],
            )
            for name in sorted(self.ids)
        }
        n_labels = sum(one.n_labels for one in slices.values())
        eligible = sum(chance > 0 for chances in self.chances.values() for chance in chances)
        return AuditSample(
            slices=slices,
            judges=self.judges,
            n_pairs=sum(one.n_pairs for one in slices.values()),
            n_labels=n_labels,
            repeated=repeated,
            disputed=self.disputed,
            unjudged=self.unjudged,
            thinned=eligible - n_labels,
            one_class=len(self.people | self.said) == 1 and eligible > 1,
            unread=self.unread,
            panel=self.reading.panel,
            content_hash=self._content_hash(slices),
        )

    def _content_hash(self, slices: Mapping[str, Evidence]) -> str:
        digest = sha256()
        for name, one in slices.items():
            hash_slice(digest, name, self.ids[name], one)
        return digest.hexdigest()

    def _truth(self, pair_id: str, pair: Pair) -> str | None:
        if not pair.people:
            return None
        labels = list(pair.people.values())
        if len(set(labels)) == 1:
            return labels[0]
        self.disputed += 1
        if self.reading.truth == "first":
            return labels[0]
        if self.reading.truth == "fresh":
            ordered = [said for _, said in sorted(pair.people.items())]
            return ordered[int(coin(pair_id, _FRESH + self.reading.seed) * len(ordered))]
        ranking = Counter(labels).most_common(2)
        return "" if ranking[0][1] == ranking[1][1] else ranking[0][0]

    def _chance(self, pair: Pair) -> float:
        """Return the probability with which a labelled pair came into the audit sample; 0: it is not in."""
        if pair.audited is False:
            return 0.0
        if pair.propensity is not None:
            return pair.propensity
        return 0.0 if self.audit_is_stated else 1.0

    def _audited(self) -> Iterator[tuple[str, np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
        """Keep each label with probability least/own chance: what is left had the same chance each."""
        lowest = min((one for chances in self.chances.values() for one in chances if one > 0), default=1.0)
        for name, chances in self.chances.items():
            least = lowest if self.reading.pooled else min((one for one in chances if one > 0), default=1.0)
            kept = [
                chance > 0 and (chance <= least or coin(pair_id, _THIN + self.reading.seed) * chance < least)
                for pair_id, chance in zip(self.ids[name], chances, strict=True)
            ]
            yield name, np.array(kept, dtype=bool)

    def _read(self, opinion: Opinion) -> Opinion:
        """Return an opinion, or none where people state preferences and this is not one."""
        if not self.preferences or opinion.answer is None or not opinion.answer.startswith(OTHER):
            return opinion
        self.unread += 1
        return Opinion(None, None)

    def _check_notations(self) -> None:
        if self.people and self.said and not self.preferences and not self.people & self.said:
            person, judge = (min(one).removeprefix(OTHER) for one in (self.people, self.said))
            raise BadInput(
                f"judge and people have no answer in common: people say {person!r}, judges {judge!r};"
                " write both in the same way"
            )
        if self.preferences and self.unread and not self.said:
            raise BadInput("no judge_label can be read; write A, B or tie, or leave it empty for no verdict")


def hash_slice(digest: Hash, name: str, ids: Sequence[str], evidence: Evidence) -> None:
    """Take what was read of a slice into a hash."""
    digest.update("\x1f".join((name, *ids)).encode())
    for column in (evidence.confidence, evidence.wrong, evidence.audited):
        digest.update(column.tobytes())


def _differs(opinion: Opinion, truth: str | None) -> bool:
    return truth is None or opinion.answer != truth or truth in NO_SIDE
