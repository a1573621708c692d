"""Verdicts as a model gives them through its tool, read and mapped back to the pair's own sides.

Prose is never parsed: what is not said through the tool, or not in full, is no verdict.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prefstream.agents.judges.attempts import (
    Attempts,
    Written,
    cost_of,
    storable,
    tool_input,
    unpriced_in,
    usage_of,
)
from prefstream.agents.judges.variants import TOOL
from prefstream.domain.quotes import found_in
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.values import ClauseVerdict, Provenance, Verdict, Vote

Order = Literal["ab", "ba"]
Side = Literal["A", "B", "both", "neither", "not_applicable"]
#: Longest texts of a vote, in characters; a judgement has to fit in one record.
MAX_RATIONALE, MAX_QUOTE, MAX_RAW = 2000, 300, 200


class SaidOfClause(BaseModel):
    """What a judge says of one clause."""

    model_config = ConfigDict(extra="ignore")

    clause: str
    verdict: Side
    quote: Written = ""


class SaidVerdict(BaseModel):
    """What a judge says through the tool."""

    model_config = ConfigDict(extra="ignore")

    verdict: Verdict
    clauses: list[SaidOfClause] = Field(default_factory=list)
    rationale: Written = ""


def read_verdict(content: Mapping[str, Any]) -> SaidVerdict | None:
    """Return what the judge said through the tool; `None` when it did not, or not in full."""
    try:
        return SaidVerdict.model_validate(tool_input(content, TOOL))
    except ValidationError:
        return None


def vote_of(
    attempts: Attempts[SaidVerdict],
    *,
    judge: str,
    order: Order,
    variant: str,
    constitution: Constitution,
    texts: Sequence[str],
    before: Sequence[Mapping[str, Any]] = (),
) -> Vote:
    """Return the vote that a model's answers make.

    Args:
        attempts: The question and its answers; without a readable one the vote has no verdict.
        judge: Identity of the judge.
        order: The order in which it saw the responses.
        variant: Name of the prompt variant.
        constitution: What it judged by.
        texts: The responses, `spaced`: what it may quote.
        before: Contents of calls made before, whose tokens and cost this vote bears.
    """
    said = attempts.said
    contents = [*before, *attempts.contents]
    return Vote(
        judge=judge,
        provenance=provenance_of(contents),
        order=order,
        variant=variant,
        raw=_raw(attempts.contents[-1]) if attempts.contents else None,
        verdict=_mapped(said.verdict, order) if said else None,
        clause_verdicts=_clause_verdicts(said, constitution, order, texts) if said else (),
        rationale=said.rationale[:MAX_RATIONALE] if said else "",
        usage=usage_of(contents),
        cost_nanousd=cost_of(contents),
        unpriced_calls=unpriced_in(contents),
    )


def provenance_of(contents: Sequence[Mapping[str, Any]]) -> Provenance:
    """Return what answers are worth: a stand-in's are simulated."""
    stood_in = any(content.get("stand_in") for content in contents)
    return Provenance.SIMULATED if stood_in else Provenance.REAL


def _raw(content: Mapping[str, Any]) -> str | None:
    """Return the verdict as it was given, readable or not, as far as it can be kept."""
    used = content.get("tool")
    said = used.get("input") if isinstance(used, Mapping) else None
    verdict = said.get("verdict") if isinstance(said, Mapping) else None
    return storable(verdict[:MAX_RAW]) if isinstance(verdict, str) else None


def _mapped(verdict: Verdict, order: Order) -> Verdict:
    preference = verdict.preference
    return verdict if order == "ab" or preference is None else Verdict(preference.swapped.value)


def _clause_verdicts(
    said: SaidVerdict, constitution: Constitution, order: Order, texts: Sequence[str]
) -> tuple[ClauseVerdict, ...]:
    """Return the verdicts on clauses that exist, the first on each, mapped back to the pair's own sides."""
    known = {principle.id for principle in constitution.principles}
    swapped: dict[Side, Side] = {"A": "B", "B": "A"} if order == "ba" else {}
    first: dict[str, SaidOfClause] = {}
    for clause in said.clauses:
        if clause.clause in known:
            first.setdefault(clause.clause, clause)
    return tuple(
        ClauseVerdict(
            clause=name,
            verdict=swapped.get(told.verdict, told.verdict),
            quote=told.quote[:MAX_QUOTE],
            quote_found=found_in(told.quote[:MAX_QUOTE], *texts),
        )
        for name, told in first.items()
    )
