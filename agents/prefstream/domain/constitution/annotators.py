"""The constitution as people read it while they label: structured for a console, and as Markdown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from prefstream.domain.constitution.order import ranked
from prefstream.domain.constitution.special import refusal_kinds, shares, special_cases
from prefstream.schemas.constitutions import Constitution, Exemplar, Principle, RefusalKind
from prefstream.schemas.values import Verdict

#: What each answer means, in the words that annotators and judges share.
ANSWERS: Mapping[Verdict, str] = {
    Verdict.A_MUCH_BETTER: "A is much better",
    Verdict.A_BETTER: "A is better",
    Verdict.TIE: "equally good",
    Verdict.B_BETTER: "B is better",
    Verdict.B_MUCH_BETTER: "B is much better",
    Verdict.UNSURE: "you cannot tell; not a tie",
    Verdict.BOTH_BAD: "neither is fit to be shown to a person; not a tie",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One clause as an annotator sees it."""

    id: str
    #: 1 is the weightiest of all; no two clauses share a rank.
    rank: int
    priority: int
    outranks: tuple[str, ...]
    rule: str
    examples: tuple[Exemplar, ...]
    beware: tuple[Exemplar, ...]
    #: Triggers that send a pair to people on behalf of this clause.
    triggers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """All that an annotator needs: made from the same source as the judge's prompt."""

    constitution_id: str
    title: str
    clauses: tuple[Clause, ...]
    answers: Mapping[Verdict, str]
    #: Share of each rating dimension in the whole, the heaviest first.
    dimensions: Mapping[str, float]
    special_cases: Mapping[str, str]
    refusals: tuple[RefusalKind, ...]
    voice: str


def rubric_of(constitution: Constitution) -> Rubric:
    """Return the rubric that annotators work by."""
    clauses = enumerate(ranked(constitution), start=1)
    return Rubric(
        constitution_id=constitution.id,
        title=constitution.title,
        clauses=tuple(_clause(principle, rank, constitution) for rank, principle in clauses),
        answers=ANSWERS,
        dimensions=shares(constitution),
        special_cases=special_cases(constitution),
        refusals=refusal_kinds(constitution),
        voice=constitution.brand_voice.strip(),
    )


def document_of(rubric: Rubric) -> dict[str, Any]:
    """Return the rubric as plain values, as an API or a page takes them."""
    told = {field.name: getattr(rubric, field.name) for field in fields(rubric)}
    return told | {
        "clauses": [_clause_document(clause) for clause in rubric.clauses],
        "answers": {answer.value: meaning for answer, meaning in rubric.answers.items()},
        "dimensions": dict(rubric.dimensions),
        "special_cases": dict(rubric.special_cases),
        "refusals": [kind.model_dump() for kind in rubric.refusals],
    }


def markdown_of(rubric: Rubric) -> str:
    """Return the rubric as Markdown, for a page or a print."""
    return "\n".join(_lines(rubric)).strip() + "\n"


def _clause(principle: Principle, rank: int, constitution: Constitution) -> Clause:
    return Clause(
        id=principle.id,
        rank=rank,
        priority=principle.priority,
        outranks=principle.outranks,
        rule=principle.rule.strip(),
        examples=principle.exemplars,
        beware=principle.counter_examples,
        triggers=tuple(one.id for one in constitution.escalation if one.clause == principle.id),
    )


def _clause_document(clause: Clause) -> dict[str, Any]:
    told = {field.name: getattr(clause, field.name) for field in fields(clause)}
    return told | {
        "outranks": list(clause.outranks),
        "triggers": list(clause.triggers),
        "examples": [case.model_dump() for case in clause.examples],
        "beware": [case.model_dump() for case in clause.beware],
    }


def _lines(rubric: Rubric) -> Iterator[str]:
    yield f"# {rubric.title}\n\n`{rubric.constitution_id}`\n"
    yield "Choose the response that keeps the clauses better. Where clauses disagree, the higher one wins.\n"
    yield from (f"- `{answer}` {meaning}" for answer, meaning in rubric.answers.items())
    for clause in rubric.clauses:
        yield f"\n## {clause.rank}. {clause.id}\n\n{clause.rule}\n"
        yield from (_case("Example", case) for case in clause.examples)
        yield from (_case("Beware", case) for case in clause.beware)
    if rubric.dimensions:
        yield "\n## Ratings\n"
        yield from (f"- {name}: {share:.0%} of the weight" for name, share in rubric.dimensions.items())
    if rubric.special_cases:
        yield "\n## Special cases\n"
        yield from (f"- **{title}.** {text}" for title, text in rubric.special_cases.items())
    if rubric.refusals:
        yield "\n## Kinds of refusal\n"
        yield from (f"- `{kind.id}`{': ' if kind.means else ''}{kind.means}" for kind in rubric.refusals)
    if rubric.voice:
        yield f"\n## Voice\n\n{rubric.voice}"


def _case(label: str, case: Exemplar) -> str:
    parts = [("Prompt", case.prompt), ("Better", case.better), ("Worse", case.worse), ("Why", case.why)]
    told = "\n".join(f"  - {name}:\n\n{_quoted(text)}\n" for name, text in parts if text)
    return f"- **{label}**\n{told}"


def _quoted(text: str) -> str:
    """Return a text as an indented block, so that nothing in it is read as markup."""
    return "\n".join(f"        {line}".rstrip() for line in text.split("\n"))
