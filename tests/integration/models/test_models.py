"""The model adapters against a loopback stand-in of their HTTP APIs, faults included."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.factories import NOON_MS, a_pair_proposed, a_prompt_curated
from tests.stand_ins.llm import GOOD_INPUT, KEY, LlmStandIn, Step, running

from prefstream.adapters.constitutions import shipped_constitution
from prefstream.adapters.models.anthropic import AnthropicModel
from prefstream.adapters.models.offline import OfflineModel
from prefstream.adapters.models.openai_compatible import OpenAICompatibleModel
from prefstream.agents.generators.model import ModelGenerator
from prefstream.agents.judges.model import ModelJudge
from prefstream.agents.stage import Answer, Call, Configuration, Failure, Reply
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Usage, Verdict, Vote

CONFIGURATION = Configuration(constitution=shipped_constitution())
PAIR = a_pair_proposed()
Model = AnthropicModel | OpenAICompatibleModel


@pytest.fixture(params=["anthropic", "openai"])
def provider(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def open_model(provider: str, url: str, *, key: str = KEY, timeout_s: float = 20.0) -> Model:
    if provider == "anthropic":
        return AnthropicModel(api_key=key, base_url=url, timeout_s=timeout_s, clock_ms=lambda: NOON_MS)
    return OpenAICompatibleModel(
        base_url=f"{url}/v1", api_key=key, timeout_s=timeout_s, clock_ms=lambda: NOON_MS
    )


@asynccontextmanager
async def opened(
    provider: str, *script: Step, key: str = KEY, timeout_s: float = 20.0
) -> AsyncIterator[tuple[Model, LlmStandIn]]:
    async with running(*script) as stand_in:
        model = open_model(provider, stand_in.url, key=key, timeout_s=timeout_s)
        try:
            yield model, stand_in
        finally:
            await model.aclose()


def judge_of(provider: str) -> ModelJudge:
    return ModelJudge(provider=provider, model="stand-in-1")


def first_call(provider: str) -> Call:
    return judge_of(provider).calls(PAIR, CONFIGURATION, {})[0]


async def judged(model: Model, judge: ModelJudge) -> list[Vote]:
    """Ask until the judge needs nothing more, as a runner does."""
    answers: dict[str, Answer] = {}
    while True:
        missing = [c for c in judge.calls(PAIR, CONFIGURATION, answers) if c.request_id not in answers]
        if not missing:
            return list(judge.votes(PAIR, CONFIGURATION, answers))
        for call in missing:
            answers[call.request_id] = await model.answer(call)


async def failure(provider: str, *script: Step, **options: Any) -> Failure:
    async with opened(provider, *script, **options) as (model, _):
        answer = await model.answer(first_call(provider))
    assert isinstance(answer, Failure)
    return answer


async def test_a_verdict_is_read_in_both_orders_with_its_tokens(provider: str) -> None:
    async with opened(provider, Step()) as (model, stand_in):
        votes = await judged(model, judge_of(provider))

    assert [vote.order for vote in votes] == ["ab", "ba"]
    assert [vote.verdict for vote in votes] == [Verdict.A_BETTER, Verdict.B_BETTER]
    assert [vote.raw for vote in votes] == ["A>", "A>"]
    assert [vote.clause_verdicts[0].verdict for vote in votes] == ["A", "B"]
    cached = {"cache_write_tokens": 900} if provider == "anthropic" else {"cache_read_tokens": 900}
    assert votes[0].usage == Usage(input_tokens=20, output_tokens=7, **cached)
    assert len(stand_in.requests) == 2


async def test_the_constitution_is_the_cached_prefix_and_the_tool_is_forced() -> None:
    async with opened("anthropic", Step()) as (model, stand_in):
        await model.answer(first_call("anthropic"))

    (asked,) = stand_in.requests
    (system,) = asked["system"]
    assert system["cache_control"] == {"type": "ephemeral"}
    assert "Clause harmlessness (priority 1)" in system["text"]
    assert asked["tool_choice"] == {"type": "tool", "name": "record_verdict"}
    assert asked["tools"][0]["input_schema"]["required"] == ["clauses", "rationale", "verdict"]


async def test_a_compatible_server_is_asked_for_the_tool_as_a_function() -> None:
    async with opened("openai", Step()) as (model, stand_in):
        await model.answer(first_call("openai"))

    (asked,) = stand_in.requests
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert asked["tool_choice"] == {"type": "function", "function": {"name": "record_verdict"}}


@pytest.mark.parametrize(
    "bad",
    [
        Step(kind="text", text="I prefer A."),
        Step(input={"verdict": "A is better"}),
        Step(input={"rationale": "none"}),
        Step(input=GOOD_INPUT, stop="max_tokens"),
        Step(kind="broken_arguments", input={"verdict": ["A>"]}),
    ],
    ids=["no tool call", "unknown verdict", "no verdict", "cut by the token limit", "broken arguments"],
)
async def test_an_unreadable_answer_is_asked_again_once_and_then_is_no_verdict(
    provider: str, bad: Step
) -> None:
    stop = "length" if provider == "openai" and bad.stop else bad.stop
    bad = Step(kind=bad.kind, input=bad.input, text=bad.text, stop=stop)
    async with opened(provider, bad, bad, bad, Step()) as (model, stand_in):
        first, second = await judged(model, judge_of(provider))

    assert len(stand_in.requests) == 4
    assert [first.verdict, second.verdict].count(None) == 1
    assert first.usage is not None
    assert first.usage.output_tokens == 14


async def test_rate_limits_pass_with_the_wait_that_is_asked_for(provider: str) -> None:
    limited = Step(kind="status", status=429, headers={"retry-after": "7"})
    told = await failure(provider, limited)

    assert (told.reason, told.transient, told.retry_after_s) == ("rate_limited", True, 7.0)


@pytest.mark.parametrize(
    ("status", "reason", "transient"),
    [
        (529, "overloaded", True),
        (500, "server_error", True),
        (503, "server_error", True),
        (400, "bad_request", False),
        (404, "unknown_model", False),
        (413, "too_large", False),
    ],
)
async def test_a_status_says_whether_trying_later_helps(
    provider: str, status: int, reason: str, transient: bool
) -> None:
    told = await failure(provider, Step(kind="status", status=status))

    assert (told.reason, told.transient) == (reason, transient)


async def test_one_call_is_one_request_even_when_it_fails(provider: str) -> None:
    async with opened(provider, Step(kind="status", status=529)) as (model, stand_in):
        await model.answer(first_call(provider))

    assert len(stand_in.requests) == 1


async def test_a_slow_answer_is_a_time_out(provider: str) -> None:
    told = await failure(provider, Step(kind="slow"), timeout_s=0.3)

    assert (told.reason, told.transient) == ("timeout", True)


async def test_a_body_that_is_cut_off_may_be_tried_again(provider: str) -> None:
    told = await failure(provider, Step(kind="cut_off"))

    assert (told.reason, told.transient) == ("connection", True)


async def test_nonsense_with_status_200_is_a_failure_that_names_no_content(provider: str) -> None:
    told = await failure(provider, Step(kind="nonsense"))

    assert (told.reason, told.transient) == ("unreadable_answer", True)


async def test_a_server_that_is_not_there_may_be_tried_again(provider: str) -> None:
    model = open_model(provider, "http://127.0.0.1:9")
    told = await model.answer(first_call(provider))
    await model.aclose()

    assert isinstance(told, Failure)
    assert (told.reason, told.transient) == ("connection", True)


async def test_a_wrong_key_makes_pairs_wait_and_shows_in_no_log(
    provider: str, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "sk-secret-9e1f77aa"
    with caplog.at_level(logging.DEBUG):
        told = await failure(provider, Step(), key=secret)

    assert (told.reason, told.transient, told.waiting) == ("wrong_key", True, True)
    assert told.retry_after_s == 60
    assert secret not in told.detail
    assert secret not in caplog.text


def test_without_a_key_nothing_is_started() -> None:
    with pytest.raises(BadInput, match="PREFSTREAM_JUDGE__ANTHROPIC_API_KEY"):
        AnthropicModel(api_key="")


async def test_a_generator_writes_what_the_model_says(provider: str) -> None:
    generator = ModelGenerator(provider=provider, model="stand-in-1", system="Be brief.")
    async with opened(provider, Step(kind="text", text="Paris.")) as (model, stand_in):
        answer = await model.answer(generator.call(a_prompt_curated()))

    assert isinstance(answer, Reply)
    assert answer.at_ms == NOON_MS
    assert generator.response(answer.content).text == "Paris."
    assert "tools" not in stand_in.requests[0]


async def test_the_offline_provider_refuses_an_unknown_writer() -> None:
    call = Call(provider="offline", request={"style": "brilliant", "prompt": "x"}, journalled=False)
    answer = await OfflineModel().answer(call)

    assert isinstance(answer, Failure)
    assert not answer.transient
