"""What a card says of gates: every result, who answers for those that fail, and what to beware of."""

from collections.abc import Iterator
from typing import Final

from prefstream.domain.gates.catalog import GATES, gate_named
from prefstream.domain.gates.overriding import applied
from prefstream.domain.gates.results import number
from prefstream.domain.releases.card_facts import CardFacts
from prefstream.domain.releases.card_words import cell, code, table
from prefstream.schemas.releases import GateResult

#: Gates whose figures are counts.
_COUNTS: Final = frozenset({"annotators", "audit_sample", "age", "slices_kept"})


def gates(facts: CardFacts) -> Iterator[str]:
    """Yield every result, and which gates were not asked."""
    answered = {
        (result.gate, result.slice): override
        for result, override in applied(facts.results, facts.overrides).overridden
    }
    failed = [one for one in facts.results if not one.passed]
    of_them = f"{len(failed)} failed and were let pass" if failed else "none failed"
    yield f"{len(facts.results)} results of gates; {of_them}."
    rows = []
    for one in facts.results:
        override = answered.get((one.gate, one.slice))
        by = (
            f"**fails**, let pass by {cell(override.by)}: {cell(override.reason)}"
            if override
            else "**fails**"
        )
        gate = gate_named(one.gate)
        rows.append(
            (
                cell(gate.title if gate else one.gate) + _subject(one.gate),
                "all" if one.slice is None else code(one.slice),
                cell(figure_of(one)),
                "" if one.limit is None else _told(one, one.limit),
                f"{one.n:,}",
                "passes" if one.passed else by,
            )
        )
    yield table(("gate", "slice", "figure", "limit", "of", "result"), rows)
    off = [gate for gate in GATES if gate not in {one.gate.partition(":")[0] for one in facts.results}]
    if off:
        yield f"Not asked: {', '.join(code(gate) for gate in off)}."


def _subject(gate: str) -> str:
    subject = gate.partition(":")[2]
    return f" ({code(subject)})" if subject else ""


def figure_of(one: GateResult) -> str:
    """Return what a gate found, in words: a figure with its limits, or why there is none.

    >>> figure_of(GateResult(gate="alpha", passed=True, value=0.8, low=0.76, high=0.84))
    '.80 (.76 to .84)'
    >>> figure_of(GateResult(gate="alpha", passed=True, reason="nobody labelled it"))
    'nobody labelled it'
    """
    if one.value is None:
        return one.reason
    told = _told(one, one.value)
    return (
        told if one.low is None or one.high is None else f"{told} ({number(one.low)} to {number(one.high)})"
    )


def _told(one: GateResult, value: float) -> str:
    """Return a figure or limit of a gate: a count as it is, a share or coefficient in two digits."""
    return f"{value:g}" if one.gate in _COUNTS else number(value)


def limits(facts: CardFacts) -> Iterator[str]:
    """Yield what whoever trains on it should know, the general first."""
    said = [
        (
            "A preference says which of two responses people working by the constitution found better; "
            "it does not say that the better one is good, true or safe."
        ),
        "Figures of agreement are of resolved pairs: those that people could not settle are not in.",
        "Who wins by length and by place is measured, not removed.",
    ]
    biases = ("length_bias", "position_bias", "refusals_preferred")
    for one in facts.results:
        if one.gate in biases and one.value is not None and (not one.passed or one.gate == "position_bias"):
            gate = GATES[one.gate]
            where = "the release" if one.slice is None else f"slice {code(one.slice)}"
            said.append(f"{gate.title}, {where}: {figure_of(one)}.")
    unknown = sorted({one.slice or "" for one in facts.results if one.gate == "alpha" and one.value is None})
    if unknown:
        said.append(
            f"How far people agree is not known in {', '.join(code(name) for name in unknown if name)}."
        )
    noted = facts.census.over("note", 0)
    said += [f"{count:,} pairs carry the note of the check {code(name)}." for name, count in noted.items()]
    yield "\n".join(f"- {one}" for one in said)
