"""Prompt variants: ways to ask for the same verdict that a model answers differently.

Each changes what the model attends to, not only the words: what is decided first, in which order the
clauses come, whether it works out an answer of its own. Votes that agree across them are worth more
than the same question asked again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prefstream.domain.constitution.order import ranked
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.values import Verdict

#: Bump whenever a wording or a tool changes: another prompt is another judge.
VARIANTS_VERSION = "1"
TOOL = "record_verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to ask."""

    name: str
    #: What is added to the instructions; `{clauses}` stands for the clauses in the variant's order.
    wording: str = ""
    #: What the model writes down, in this order; it cannot reason about what it has already said.
    fields: tuple[str, ...] = ("clauses", "rationale", "verdict")
    #: Texts asked for beside the common fields, by name, with what they should hold.
    notes: Mapping[str, str] = field(default_factory=dict)
    lowest_first: bool = False


_ALL = (
    Variant(name="plain"),
    Variant(
        name="verdict_first",
        wording="""\
Decide first: read both responses as a whole and give your verdict. Only then go through the clauses and
write the rationale; they say what the verdict rests on.""",
        fields=("verdict", "clauses", "rationale"),
    ),
    Variant(
        name="own_answer",
        wording="""\
Before you compare, work out for yourself what a good response has to contain and, where there is a right
answer, what it is. Write that down as `expected`, without looking back at the responses. Then measure each
response against it, clause by clause.""",
        fields=("expected", "clauses", "rationale", "verdict"),
        notes={"expected": "What a good response has to contain, in at most three sentences."},
    ),
    Variant(
        name="faults_first",
        wording="""\
Look for faults. Write down as `faults` the worst that each response does to the person who asked: what is
false, left out, unasked for or harmful. Then go through the clauses. The response whose faults weigh less is
the better one; where neither has a fault that matters, it is the one that serves the person more.""",
        fields=("faults", "clauses", "rationale", "verdict"),
        notes={"faults": "The worst fault of A and the worst fault of B, or that there is none."},
    ),
    Variant(
        name="last_clause_first",
        wording="""\
Take the clauses in this order: {clauses}. Judge each of them by itself, as if it were the only one, and write
its verdict down before you look at the next. Weigh them against each other only at the end.""",
        lowest_first=True,
    ),
)
VARIANTS: Mapping[str, Variant] = {variant.name: variant for variant in _ALL}
MAX_VARIANTS = len(_ALL)


def first_variants(count: int) -> tuple[str, ...]:
    """Return the names of the first variants.

    >>> first_variants(2)
    ('plain', 'verdict_first')
    """
    return tuple(VARIANTS)[:count]


def instructions(variant: Variant, constitution: Constitution) -> str:
    """Return what a variant adds to the instructions; nothing for the plain one."""
    if not variant.wording:
        return ""
    clauses = ", ".join(_clauses(variant, constitution))
    return f"# How to go about it\n{variant.wording.replace('{clauses}', clauses)}"


def verdict_tool(variant: Variant, constitution: Constitution) -> dict[str, Any]:
    """Return the tool through which the model has to answer."""
    properties = {name: _field(name, variant, constitution) for name in variant.fields}
    return {
        "name": TOOL,
        "description": "Record which response is better under the constitution.",
        "input_schema": {"type": "object", "properties": properties, "required": list(properties)},
    }


def clause_entries(properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    """Return the schema of a list with one entry per clause."""
    entry = {"type": "object", "properties": dict(properties), "required": list(required)}
    return {"type": "array", "items": entry, "description": "One entry per clause."}


def _field(name: str, variant: Variant, constitution: Constitution) -> dict[str, Any]:
    if name == "verdict":
        return {"type": "string", "enum": [verdict.value for verdict in Verdict]}
    if name == "rationale":
        return {"type": "string", "description": "Why, in two sentences, naming the clause that decided."}
    if name == "clauses":
        return _clause_verdicts(_clauses(variant, constitution))
    return {"type": "string", "description": variant.notes[name]}


def _clause_verdicts(clauses: Sequence[str]) -> dict[str, Any]:
    properties = {
        "clause": {"type": "string", "enum": list(clauses)},
        "verdict": {"type": "string", "enum": ["A", "B", "both", "neither", "not_applicable"]},
        "quote": {
            "type": "string",
            "description": "The words of a response that show it, copied letter by letter, "
            "at most 200 characters.",
        },
    }
    return clause_entries(properties, ["clause", "verdict"])


def _clauses(variant: Variant, constitution: Constitution) -> list[str]:
    if not variant.lowest_first:
        return [principle.id for principle in constitution.principles]
    return [principle.id for principle in reversed(ranked(constitution))]
