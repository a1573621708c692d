"""Reading what a model says: through the tool, in full, or not at all."""

from typing import Any

import pytest
from tests.factories import a_pair_proposed, a_response
from tests.unit.agents.judges.asking import TWO_CLAUSES, asked, verdict

from prefstream.agents.judges.answers import MAX_QUOTE, MAX_RATIONALE
from prefstream.agents.judges.model import ModelJudge
from prefstream.agents.judges.variants import TOOL
from prefstream.agents.judging import UNREADABLE, Judging
from prefstream.agents.stage import Answer, Call, Failure, Given, Reply
from prefstream.schemas.codec import MAX_VALUE_BYTES, decode, encode
from prefstream.schemas.judgements import PairJudged
from prefstream.schemas.values import Provenance

JUDGE = ModelJudge(provider="anthropic", model="m")
PAIR = a_pair_proposed(
    response_a=a_response("So the answer\n  is  391."), response_b=a_response("Es sind 401, „gewiss“.")
)


def judged(answer: Any) -> PairJudged:
    answers, _ = asked(JUDGE, PAIR, TWO_CLAUSES, answer if callable(answer) else lambda _: answer)
    given = Given(configuration=TWO_CLAUSES, answers=answers)
    (event,) = Judging(panel=(JUDGE,)).handle(PAIR, given).events
    assert isinstance(event, PairJudged)
    assert decode(encode(event)) == event
    return event


def quoting(quote: str) -> Reply:
    return verdict("A>", clauses=[{"clause": "truth", "verdict": "A", "quote": quote}])


UNREADABLE_ANSWERS = {
    "malformed tool input": verdict("A is better"),
    "no tool": Reply(content={"text": "I prefer A>", "tool": None, "stop": "end"}, at_ms=0),
    "another tool": Reply(content={"tool": {"name": "x", "input": {"verdict": "A>"}}}, at_ms=0),
    "cut by the token limit": verdict("A>", stop="max_tokens"),
    "nonsense with status 200": Failure(reason=UNREADABLE, detail="no message", transient=True),
    "nonsense that was kept": Reply(content={"text": "", "tool": None, "stop": "unreadable"}, at_ms=0),
    "half an emoji in the verdict": verdict("A>\ud83d"),
    "a list of verdicts": verdict(["A>", "B>"]),
    "numbers for texts": verdict("A>", rationale=7),
    "broken arguments": Reply(content={"tool": {"name": TOOL, "input": '{"verdict": "A>'}}, at_ms=0),
}


@pytest.mark.parametrize("answer", UNREADABLE_ANSWERS.values(), ids=UNREADABLE_ANSWERS)
def test_what_cannot_be_read_is_asked_for_once_more_and_then_is_no_verdict(answer: Answer) -> None:
    _, rounds = asked(JUDGE, PAIR, TWO_CLAUSES, lambda _: answer)
    event = judged(answer)

    assert [len(calls) for calls in rounds] == [2, 2]
    assert [vote.verdict for vote in event.votes] == [None, None]
    assert (event.label, event.confidence, event.flags) == (None, None, ())


@pytest.mark.parametrize("answer", UNREADABLE_ANSWERS.values(), ids=UNREADABLE_ANSWERS)
def test_the_second_answer_counts_where_the_first_could_not_be_read(answer: Answer) -> None:
    def second_is_fine(call: Call) -> Answer:
        return verdict("=") if call.request.get("attempt") == 2 else answer

    event = judged(second_is_fine)
    assert [vote.verdict for vote in event.votes] == ["=", "="]


def test_an_answer_of_two_megabytes_is_read_and_its_texts_are_cut() -> None:
    long = "long " * 400_000
    clauses = [{"clause": "truth", "verdict": "A", "quote": long}] * 3
    event = judged(verdict("A>", rationale=long, clauses=clauses))

    assert event.votes[0].verdict == "A>"
    assert len(event.votes[0].rationale) == MAX_RATIONALE
    assert len(event.votes[0].clause_verdicts[0].quote) == MAX_QUOTE
    assert len(encode(event)) < MAX_VALUE_BYTES


def test_a_rationale_in_a_right_to_left_script_stays_as_it_is() -> None:
    said = "الإجابة الأولى صحيحة: \u202b391\u202c"
    event = judged(verdict("A>", rationale=said))

    assert event.votes[0].rationale == said


def test_half_an_emoji_in_a_text_does_not_cost_the_verdict() -> None:
    clauses = [{"clause": "truth", "verdict": "A", "quote": "\udc00"}]
    event = judged(verdict("A>", rationale="yes \ud83d", clauses=clauses))

    assert event.votes[0].verdict == "A>"
    assert event.votes[0].rationale == "yes \ufffd"
    assert event.votes[0].clause_verdicts[0].quote_found is False


@pytest.mark.parametrize(
    "quote", ["the answer is 391", "“So the answer is 391.”", "... answer\nis …", "gewiss", "401, „gewiss“"]
)
def test_a_quote_that_a_response_holds_is_found_whatever_its_spacing(quote: str) -> None:
    event = judged(quoting(quote))

    assert event.votes[0].clause_verdicts[0].quote_found is True
    assert event.flags == ()


@pytest.mark.parametrize("quote", ["the answer is 392", "The Answer is 391", "391. Es sind"])
def test_a_quote_that_is_in_neither_response_is_kept_and_marked(quote: str) -> None:
    event = judged(quoting(quote))

    assert event.votes[0].clause_verdicts[0].quote == quote
    assert event.votes[0].clause_verdicts[0].quote_found is False
    assert event.flags == ("quote_not_found",)
    assert event.label == "="


@pytest.mark.parametrize("quote", ["", "  ", "“…”"])
def test_no_quote_is_neither_found_nor_missing(quote: str) -> None:
    event = judged(quoting(quote))

    assert event.votes[0].clause_verdicts[0].quote_found is None
    assert event.flags == ()


def test_a_vote_costs_what_all_its_calls_cost_and_what_has_no_price_adds_nothing() -> None:
    def answer(call: Call) -> Answer:
        if call.request.get("attempt") == 2:
            return verdict("A>", cost=30)
        return verdict("?", cost=12) if "391" in str(call.request) else verdict("A>")

    event = judged(answer)
    assert [vote.cost_nanousd for vote in event.votes] == [42, 42]


@pytest.mark.parametrize("cost", [None, -5, 2.5, "7", True, 2**60])
def test_a_cost_that_is_no_count_adds_nothing(cost: Any) -> None:
    reply = verdict("A>")
    event = judged(Reply(content={**reply.content, "cost_nanousd": cost}, at_ms=0))

    assert [vote.cost_nanousd for vote in event.votes] == [0, 0]


def test_what_a_stand_in_says_is_simulated() -> None:
    reply = verdict("A>")
    event = judged(Reply(content={**reply.content, "stand_in": True}, at_ms=0))

    assert {vote.provenance for vote in event.votes} == {Provenance.SIMULATED}
    assert event.provenance is Provenance.SIMULATED


def test_every_call_says_what_it_is_for() -> None:
    about = {call.about for call in JUDGE.calls(PAIR, TWO_CLAUSES, {})}
    (one,) = about

    assert (one.purpose, one.subject, one.slice, one.asked_by) == (
        "judging",
        PAIR.pair_id,
        PAIR.slice,
        JUDGE.id,
    )
