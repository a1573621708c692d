"""Whatever a provider answers, a pair ends in a judgement that can be kept, and only the tool is believed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_pair_proposed
from tests.unit.agents.judges.asking import TWO_CLAUSES, asked

from prefstream.agents.judges.critique import CRITIQUE_TOOL
from prefstream.agents.judges.model import ModelJudge
from prefstream.agents.judges.variants import TOOL
from prefstream.agents.judging import UNREADABLE, Judging
from prefstream.agents.stage import Answer, Call, Failure, Given, Reply
from prefstream.schemas.codec import decode, encode
from prefstream.schemas.judgements import JudgementFailed, PairJudged

PAIR = a_pair_proposed()
TEXT = st.text(st.characters(codec=None), max_size=12) | st.sampled_from(["A>", "B>>", "unsure", "truth"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
CLAUSE = st.fixed_dictionaries(
    {}, optional={"clause": TEXT, "verdict": TEXT, "finding": TEXT, "quote": TEXT | JSON, "why": JSON}
)
INPUT = JSON | st.fixed_dictionaries(
    {},
    optional={
        "verdict": TEXT,
        "clauses": st.lists(CLAUSE, max_size=3) | JSON,
        "findings": st.lists(CLAUSE, max_size=3) | JSON,
        "rationale": TEXT | JSON,
    },
)
TOOL_USE = st.fixed_dictionaries({"name": st.sampled_from([TOOL, CRITIQUE_TOOL, "x"]), "input": INPUT})
CONTENT = st.fixed_dictionaries(
    {},
    optional={
        "tool": TOOL_USE | JSON,
        "text": TEXT,
        "stop": TEXT | st.just("max_tokens"),
        "usage": st.dictionaries(st.sampled_from(["input_tokens", "output_tokens"]), JSON) | JSON,
        "cost_nanousd": JSON,
        "stand_in": JSON,
    },
)
FAILURE = st.sampled_from(
    [
        Failure(reason=UNREADABLE, detail="nonsense", transient=True),
        Failure(reason="bad_request", detail="400", transient=False),
    ]
)
ANSWER = st.builds(lambda content: Reply(content=content, at_ms=0), CONTENT) | FAILURE


@pytest.mark.parametrize("critique", [False, True])
@given(data=st.data())
def test_any_answer_ends_in_an_event_that_can_be_kept(critique: bool, data: st.DataObject) -> None:
    judge = ModelJudge(provider="anthropic", model="m", critique=critique)
    answers, _ = asked(judge, PAIR, TWO_CLAUSES, lambda _: data.draw(ANSWER))
    given = Given(configuration=TWO_CLAUSES, answers=answers)
    (event,) = Judging(panel=(judge,)).handle(PAIR, given).events

    assert isinstance(event, PairJudged | JudgementFailed)
    assert decode(encode(event)) == event


@given(said=TEXT, text=TEXT)
def test_only_what_is_said_through_the_tool_is_a_verdict(said: str, text: str) -> None:
    def answer(_: Call) -> Answer:
        content: dict[str, Any] = {"text": f"{said} {text}", "tool": None, "stop": "end"}
        return Reply(content=content, at_ms=0)

    judge = ModelJudge(provider="anthropic", model="m", orders=("ab",))
    answers, _ = asked(judge, PAIR, TWO_CLAUSES, answer)

    assert [vote.verdict for vote in judge.votes(PAIR, TWO_CLAUSES, answers)] == [None]
