"""Escalation rules: what sends a pair to people whatever the judge's confidence.

The constitution's triggers name their own clause. What no constitution has to state is a clause of the
house, `prefstream:<code>`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prefstream.domain.constitution.triggers import conditions_met
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.judgements import Critique
from prefstream.schemas.routes import Reason, ReasonCode
from prefstream.schemas.values import Preference, Stakes

#: Clauses of the product itself, for reasons that no constitution has to state.
HOUSE = "prefstream"
#: What the house says of what judging noticed.
_NOTICED = (
    ("injection_suspected", ReasonCode.INJECTION_SUSPECTED, "a response seems to instruct the judge"),
    (
        "judge_missing",
        ReasonCode.JUDGE_MISSING,
        "a judge of the panel is missing; policies are certified for the whole panel",
    ),
    ("judges_disagree", ReasonCode.JUDGES_DISAGREE, "two judges of the panel come down on opposite sides"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the rules need to know of a judged pair."""

    slice: str
    stakes: Stakes
    tags: tuple[str, ...]
    flags: tuple[str, ...]
    label: Preference | None
    #: Clauses that a critic finds a response to violate.
    violated: tuple[str, ...] = ()


def rule_reasons(judged: Judged, constitution: Constitution) -> Sequence[Reason]:
    """Return every rule that sends the pair to people, the constitution's first; none: no rule does."""
    return (*_of_the_constitution(judged, constitution), *_of_the_house(judged))


def violated_clauses(critiques: Sequence[Critique]) -> tuple[str, ...]:
    """Return the clauses that a critic finds a response to violate, each once, in order."""
    return tuple(
        sorted(
            {
                finding.clause
                for critique in critiques
                for finding in critique.findings
                if finding.finding == "violated"
            }
        )
    )


def house_reason(code: ReasonCode, detail: str) -> Reason:
    """Return a reason by a clause of the house."""
    return Reason(code=code, clause=f"{HOUSE}:{code.value}", detail=detail)


def _of_the_constitution(judged: Judged, constitution: Constitution) -> Iterator[Reason]:
    for trigger in constitution.escalation:
        held = conditions_met(
            trigger,
            slice_name=judged.slice,
            stakes=judged.stakes,
            tags=judged.tags,
            flags=judged.flags,
            violated=judged.violated,
        )
        if held:
            detail = f"trigger {trigger.id}: {', '.join(held)}"
            yield Reason(code=ReasonCode.MANDATORY, clause=trigger.clause, detail=detail)


def _of_the_house(judged: Judged) -> Iterator[Reason]:
    if judged.label is None:
        yield house_reason(ReasonCode.NO_VERDICT, "no vote could be read")
    for flag, code, said in _NOTICED:
        if flag in judged.flags:
            yield house_reason(code, said)
