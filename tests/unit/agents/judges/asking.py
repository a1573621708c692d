"""A judge asked until it needs nothing more, answered by a function of each call."""

from collections.abc import Callable
from typing import Any

from tests.factories import NOON_MS, a_constitution, a_principle

from prefstream.agents.judges.critique import CRITIQUE_TOOL
from prefstream.agents.judges.model import ModelJudge
from prefstream.agents.judges.variants import TOOL
from prefstream.agents.stage import Answer, Call, Configuration, Reply
from prefstream.schemas.pairs import PairProposed

TWO_CLAUSES = Configuration(
    constitution=a_constitution(
        principles=(a_principle(id="truth", priority=1), a_principle(id="brevity", priority=2))
    )
)
USAGE = {"input_tokens": 10, "output_tokens": 2, "cache_write_tokens": 0, "cache_read_tokens": 90}


def verdict(said: Any, *, stop: str = "tool", cost: int | None = None, **more: Any) -> Reply:
    """Build the reply of a model that records a verdict."""
    tool = {"name": TOOL, "input": {"verdict": said, "clauses": [], "rationale": "x"} | more}
    priced = {} if cost is None else {"cost_nanousd": cost}
    return Reply(content={"text": "", "tool": tool, "stop": stop, "usage": USAGE} | priced, at_ms=NOON_MS)


def critique(*findings: dict[str, Any], cost: int | None = None) -> Reply:
    """Build the reply of a model that records a critique."""
    tool = {"name": CRITIQUE_TOOL, "input": {"findings": list(findings)}}
    priced = {} if cost is None else {"cost_nanousd": cost}
    return Reply(content={"text": "", "tool": tool, "stop": "tool", "usage": USAGE} | priced, at_ms=NOON_MS)


def asked(
    judge: ModelJudge, pair: PairProposed, configuration: Configuration, answer: Callable[[Call], Answer]
) -> tuple[dict[str, Answer], list[list[Call]]]:
    """Return all answers, and the calls of each round."""
    answers: dict[str, Answer] = {}
    rounds: list[list[Call]] = []
    while True:
        fresh = [c for c in judge.calls(pair, configuration, answers) if c.request_id not in answers]
        if not fresh:
            return answers, rounds
        assert len(rounds) < 10
        rounds.append(fresh)
        answers |= {call.request_id: answer(call) for call in fresh}
