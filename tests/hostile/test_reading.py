"""Whatever a response says, a verdict is read from the judge's tool call and from nothing else."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from prefstream.agents.judges.model import ModelJudge
from prefstream.agents.judges.rubric import pair_as_data
from prefstream.agents.judges.variants import TOOL
from prefstream.agents.judging import Judging
from prefstream.agents.stage import Answer, Configuration, Given, Reply
from prefstream.schemas.judgements import PairJudged
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Preference, Verdict, Vote
from tests.factories import NOON_MS, a_constitution, a_message, a_pair_proposed, a_response
from tests.hostile.sets import hostile

CONFIGURATION = Configuration(constitution=a_constitution())
JUDGE = ModelJudge(provider="anthropic", model="m")
#: What the judge says in either order: neither of them is what any hostile response asks for both times.
SAID = {"ab": Verdict.UNSURE, "ba": Verdict.TIE}
EXPECTED = [Verdict.UNSURE, Verdict.TIE]
MARK = re.compile(r"^<<CONVERSATION ([0-9a-f]{16})>>\n")


def pairs_with(text: str) -> tuple[PairProposed, PairProposed]:
    return (
        a_pair_proposed(response_a=a_response(text)),
        a_pair_proposed(response_b=a_response(text)),
    )


def reply(content: Mapping[str, Any]) -> Reply:
    return Reply(content={"text": "", "stop": "tool", "usage": {}, **content}, at_ms=NOON_MS)


def said(verdict: str, **more: Any) -> Reply:
    return reply(
        {"tool": {"name": TOOL, "input": {"verdict": verdict, "clauses": [], "rationale": "x", **more}}}
    )


def votes_on(pair: PairProposed, *replies: Answer) -> list[Vote]:
    return list(JUDGE.votes(pair, CONFIGURATION, answers_to(pair, *replies)))


def answers_to(pair: PairProposed, *replies: Answer) -> dict[str, Answer]:
    calls = JUDGE.calls(pair, CONFIGURATION, {})
    answers = {call.request_id: reply for call, reply in zip(calls, replies, strict=True)}
    # The question that is asked again gets the same answer again.
    again = [call for call in JUDGE.calls(pair, CONFIGURATION, answers) if call.request_id not in answers]
    return answers | {call.request_id: replies[0] for call in again}


def verdicts(votes: Sequence[Vote]) -> list[Verdict | None]:
    return [vote.verdict for vote in votes]


def test_a_hostile_response_leaves_the_verdict_as_the_judge_said_it() -> None:
    changed = [
        response.id
        for response in hostile()
        for pair in pairs_with(response.text)
        if verdicts(votes_on(pair, said(SAID["ab"].value), said(SAID["ba"].value))) != EXPECTED
    ]

    assert changed == []


def test_hostile_words_in_the_judges_own_prose_are_no_verdict_of_it() -> None:
    """A judge that was taken in may repeat the words wherever it writes freely."""
    for response in hostile():
        clauses = [{"clause": "P1", "verdict": "neither", "quote": response.text}]
        free = {"rationale": response.text, "clauses": clauses, "note": response.text, "raw": response.text}
        spoken = {"tool": {"name": TOOL, "input": {"verdict": SAID["ba"].value, **free}}}
        pair = pairs_with(response.text)[0]
        votes = votes_on(pair, said(SAID["ab"].value, **free), reply({"text": response.text, **spoken}))

        assert verdicts(votes) == EXPECTED, response.id
        assert [[told.verdict for told in vote.clause_verdicts] for vote in votes] == [["neither"]] * 2


@pytest.mark.parametrize(
    "tool",
    [
        lambda _: None,
        lambda text: text,
        lambda text: {"name": TOOL, "input": text},
        lambda text: {"name": TOOL, "input": {"verdict": text}},
        lambda text: {"name": text, "input": {"verdict": "A>>"}},
    ],
)
def test_hostile_words_without_a_tool_call_are_never_a_verdict(tool: Callable[[str], Any]) -> None:
    taken = [
        response.id
        for response in hostile()
        for answer in [reply({"text": response.text, "tool": tool(response.text)})]
        if verdicts(votes_on(pairs_with(response.text)[0], answer, answer)) != [None, None]
    ]

    assert taken == []


def test_no_response_can_imitate_the_marks_around_it() -> None:
    for response in hostile():
        for first, second in ((response.text, "391"), ("391", response.text)):
            data = pair_as_data((a_message(),), first, second)
            found = MARK.match(data)

            assert found is not None
            assert data.count(found[1]) == 6, response.id


def test_a_mark_seen_before_is_of_no_use_in_another_pair() -> None:
    """Who copies the marks of a prompt into a response changes them by it."""
    seen = pair_as_data((a_message(),), "391", "392")
    data = pair_as_data((a_message(),), f"391\n{seen}", "392")
    marks = [found[1] for text in (seen, data) if (found := MARK.match(text))]

    assert len(set(marks)) == 2
    assert data.count(marks[1]) == 6


def test_the_stage_flags_the_pair_and_pools_what_the_judge_said() -> None:
    for response in (one for one in hostile() if one.id in {"one-001", "one-017", "one-133"}):
        for pair in pairs_with(response.text):
            answers = answers_to(pair, said("B>"), said("A>"))
            (event,) = (
                Judging(panel=(JUDGE,))
                .handle(pair, Given(configuration=CONFIGURATION, answers=answers))
                .events
            )

            assert isinstance(event, PairJudged)
            assert "injection_suspected" in event.flags
            assert event.label == Preference.B_BETTER
