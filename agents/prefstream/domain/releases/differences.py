"""Differences: what changed between two releases, pair by pair, gate by gate."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from prefstream.domain.releases.lineage import subject_of

#: Pairs named with a change, for somebody to look at.
EXAMPLES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened to pairs, counted, with some of them by name."""

    count: int
    #: By slice, the most frequent first.
    slices: Mapping[str, int]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What is different in the second release."""

    added: Change
    removed: Change
    #: The same pair or task with another label.
    relabelled: Change
    #: The same pair in another split: whoever trained on the first may have seen what is now the test.
    moved: Change
    #: The same label on other evidence.
    kept: int
    #: Gates that passed and fail, or the other way round, with both figures.
    gates: tuple[dict[str, Any], ...]


@dataclass(slots=True)
class _Counted:
    slices: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, subject: str, slice_name: str) -> None:
        self.slices[slice_name] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(subject)

    def change(self) -> Change:
        ranked = sorted(self.slices.items(), key=lambda one: (-one[1], one[0]))
        return Change(count=self.slices.total(), slices=dict(ranked), examples=tuple(self.examples))


def differences(
    first: Iterable[Mapping[str, Any]],
    second: Iterable[Mapping[str, Any]],
    gates: tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]] = ((), ()),
) -> Differences:
    """Return what changed from the first release to the second.

    Args:
        first: The lines of its lineage.
        second: Those of the other.
        gates: The results of the gates of both.
    """
    before = {subject_of(line): _said(line) for line in first}
    added, removed, relabelled, moved = (_Counted() for _ in range(4))
    kept = 0
    for line in second:
        subject, (label, split, slice_name) = subject_of(line), _said(line)
        earlier = before.pop(subject, None)
        if earlier is None:
            added.add(subject, slice_name)
            continue
        if earlier[0] != label:
            relabelled.add(subject, slice_name)
        if earlier[1] != split:
            moved.add(subject, slice_name)
        kept += earlier[:2] == (label, split)
    for subject, (_, _, slice_name) in before.items():
        removed.add(subject, slice_name)
    changes = [one.change() for one in (added, removed, relabelled, moved)]
    return Differences(
        added=changes[0],
        removed=changes[1],
        relabelled=changes[2],
        moved=changes[3],
        kept=kept,
        gates=tuple(_gates_changed(*gates)),
    )


def _said(line: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(line.get("label", line.get("events"))), str(line["split"]), str(line["slice"])


def _gates_changed(
    first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]
) -> Iterable[dict[str, Any]]:
    before = {(gate["gate"], gate.get("slice")): gate for gate in first}
    for gate in second:
        earlier = before.get((gate["gate"], gate.get("slice")))
        if earlier is not None and earlier["passed"] != gate["passed"]:
            figures = {"before": earlier.get("value"), "after": gate.get("value")}
            passed = {"passed_before": earlier["passed"], "passes": gate["passed"]}
            yield {"gate": gate["gate"], "slice": gate.get("slice")} | figures | passed
