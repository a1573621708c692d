"""A judge by any language model: what is asked of it and how its answer is read, without reaching out.

The model must answer by calling one tool; prose is never parsed. An answer that cannot be read is
asked for once more, then counts as no verdict.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prefstream.agents.judges.rubric import RUBRIC_VERSION, pair_as_data, system_prompt
from prefstream.agents.judging import Answers
from prefstream.agents.stage import Call, Configuration, Reply
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.ids import derived_id
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import ClauseVerdict, Provenance, Usage, Verdict, Vote

Order = Literal["ab", "ba"]
Side = Literal["A", "B", "both", "neither", "not_applicable"]
TOOL = "record_verdict"
#: The one prompt variant there is; the retry after an unreadable answer asks the same again.
VARIANT = "plain"


class _Clause(BaseModel):
    model_config = ConfigDict(extra="ignore")

    clause: str
    verdict: Side
    quote: str = ""


class _Answer(BaseModel):
    """What a judge says through the tool."""

    model_config = ConfigDict(extra="ignore")

    verdict: Verdict
    clauses: list[_Clause] = Field(default_factory=list)
    rationale: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelJudge:
    """A language model as judge, asked in both orders."""

    #: Who performs the calls: "anthropic" or "openai".
    provider: str
    model: str
    orders: tuple[Order, ...] = ("ab", "ba")
    max_tokens: int = 1500

    @property
    def id(self) -> str:
        """Return the identity of model, prompt and settings."""
        settings = derived_id(RUBRIC_VERSION, VARIANT, self.max_tokens, *self.orders)
        return f"{self.provider}:{self.model}#{settings[:8]}"

    def calls(self, pair: PairProposed, configuration: Configuration, answers: Answers) -> Sequence[Call]:
        """Return one call per order, and a second one where the first answer cannot be read."""
        asked = []
        for order in self.orders:
            first = self._call(pair, configuration.constitution, order, attempt=1)
            asked.append(first)
            answer = answers.get(first.request_id)
            if isinstance(answer, Reply) and _read(answer.content) is None:
                asked.append(self._call(pair, configuration.constitution, order, attempt=2))
        return asked

    def votes(self, pair: PairProposed, configuration: Configuration, answers: Answers) -> Sequence[Vote]:
        """Return one vote per order that was answered; an unreadable one has no verdict."""
        votes = (self._vote(pair, configuration.constitution, order, answers) for order in self.orders)
        return [vote for vote in votes if vote is not None]

    def _vote(
        self, pair: PairProposed, constitution: Constitution, order: Order, answers: Answers
    ) -> Vote | None:
        replies = list(self._replies(pair, constitution, order, answers))
        if not replies:
            return None
        last = replies[-1].content
        answer = _read(last)
        return Vote(
            judge=self.id,
            provenance=Provenance.REAL,
            order=order,
            variant=VARIANT,
            raw=_raw(last),
            verdict=_mapped(answer.verdict, order) if answer else None,
            clause_verdicts=_clause_verdicts(answer, constitution, order),
            rationale=answer.rationale if answer else "",
            usage=_usage([reply.content for reply in replies]),
        )

    def _replies(
        self, pair: PairProposed, constitution: Constitution, order: Order, answers: Answers
    ) -> Iterator[Reply]:
        for attempt in (1, 2):
            answer = answers.get(self._call(pair, constitution, order, attempt=attempt).request_id)
            if isinstance(answer, Reply):
                yield answer

    def _call(self, pair: PairProposed, constitution: Constitution, order: Order, *, attempt: int) -> Call:
        texts = (pair.response_a.text, pair.response_b.text)
        first, second = texts if order == "ab" else texts[::-1]
        request = {
            "model": self.model,
            "system": system_prompt(constitution),
            "messages": [{"role": "user", "content": pair_as_data(pair.messages, first, second)}],
            "tools": [_tool(constitution)],
            "tool": TOOL,
            "max_tokens": self.max_tokens,
            "cache": True,
        }
        # Part of the identity: the second call must not find the first one's recorded answer.
        return Call(provider=self.provider, request=request | ({"attempt": attempt} if attempt > 1 else {}))


def _tool(constitution: Constitution) -> dict[str, Any]:
    clauses = [principle.id for principle in constitution.principles]
    clause = {
        "type": "object",
        "properties": {
            "clause": {"type": "string", "enum": clauses},
            "verdict": {"type": "string", "enum": ["A", "B", "both", "neither", "not_applicable"]},
            "quote": {
                "type": "string",
                "description": "The words of a response that show it, at most 200 characters.",
            },
        },
        "required": ["clause", "verdict"],
    }
    properties = {
        "clauses": {"type": "array", "items": clause, "description": "One entry per clause."},
        "rationale": {
            "type": "string",
            "description": "Why, in two sentences, naming the clause that decided.",
        },
        "verdict": {"type": "string", "enum": [verdict.value for verdict in Verdict]},
    }
    return {
        "name": TOOL,
        "description": "Record which response is better under the constitution.",
        "input_schema": {"type": "object", "properties": properties, "required": list(properties)},
    }


def _read(content: Mapping[str, Any]) -> _Answer | None:
    """Return what the judge said through the tool; `None` when it did not, or not in full."""
    tool = content.get("tool")
    if not isinstance(tool, Mapping) or tool.get("name") != TOOL or content.get("stop") == "max_tokens":
        return None
    try:
        return _Answer.model_validate(tool.get("input"))
    except ValidationError:
        return None


def _raw(content: Mapping[str, Any]) -> str | None:
    tool = content.get("tool")
    said = tool.get("input") if isinstance(tool, Mapping) else None
    verdict = said.get("verdict") if isinstance(said, Mapping) else None
    return verdict[:200] if isinstance(verdict, str) else None


def _mapped(verdict: Verdict, order: Order) -> Verdict:
    preference = verdict.preference
    return verdict if order == "ab" or preference is None else Verdict(preference.swapped.value)


def _clause_verdicts(
    answer: _Answer | None, constitution: Constitution, order: Order
) -> tuple[ClauseVerdict, ...]:
    """Return the verdicts on clauses that exist, the first on each, mapped back to the pair's own sides."""
    known = {principle.id for principle in constitution.principles}
    swapped: dict[Side, Side] = {"A": "B", "B": "A"} if order == "ba" else {}
    first: dict[str, _Clause] = {}
    for clause in answer.clauses if answer else ():
        if clause.clause in known:
            first.setdefault(clause.clause, clause)
    return tuple(
        ClauseVerdict(clause=name, verdict=swapped.get(said.verdict, said.verdict), quote=said.quote[:500])
        for name, said in first.items()
    )


def _usage(contents: Sequence[Mapping[str, Any]]) -> Usage:
    """Return the tokens of all calls that the vote took."""
    counted = [content.get("usage") for content in contents]
    told = [usage for usage in counted if isinstance(usage, Mapping)]
    return Usage(**{name: sum(_count(usage.get(name)) for usage in told) for name in Usage.model_fields})


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
