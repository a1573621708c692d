"""The stand-in for the vendors' HTTP APIs, asked by their own clients and by ours."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import anthropic
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefstream.adapters.models.anthropic import AnthropicModel
from prefstream.adapters.models.openai_compatible import OpenAICompatibleModel
from prefstream.adapters.stand_in.answers import Draw, Rules
from prefstream.adapters.stand_in.options import FAULTS, Options, fault_of
from prefstream.adapters.stand_in.server import running
from prefstream.adapters.stand_in.state import HEADER, StandIn
from prefstream.schemas.calls import Answer, Call, Failure, Reply
from prefstream.schemas.errors import BadInput

VERDICT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "clauses": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "clause": {"type": "string", "enum": ["correct", "kind", "brief"]},
                    "verdict": {"type": "string", "enum": ["A", "B", "both"]},
                    "quote": {"type": "string", "maxLength": 200},
                },
                "required": ["clause", "verdict"],
            },
        },
        "rationale": {"type": "string"},
        "verdict": {"enum": ["A>>", "A>", "=", "B>", "B>>"]},
        "unsure": {"type": "boolean"},
        "p_a": {"type": "number", "minimum": 0, "maximum": 1},
    },
    "required": ["clauses", "rationale", "verdict"],
}
TOOL = {"name": "record_verdict", "description": "Record it.", "input_schema": VERDICT}
PROMPT = "The first response says that 17 times 23 is 391, the second one says 381."


def request(text: str = PROMPT, **changes: Any) -> dict[str, Any]:
    said = [{"role": "user", "content": text}]
    return {"model": "claude-x", "max_tokens": 2000, "messages": said} | changes


def a_call(provider: str, text: str = PROMPT) -> Call:
    return Call(provider=provider, request=request(text, tools=[TOOL], tool="record_verdict"))


@asynccontextmanager
async def posting(**options: Any) -> AsyncIterator[tuple[StandIn, aiohttp.ClientSession]]:
    async with running(Options(**options)) as stand_in, aiohttp.ClientSession(stand_in.url) as session:
        yield stand_in, session


@asynccontextmanager
async def sdk(**options: Any) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with running(Options(**options)) as stand_in:
        client = anthropic.AsyncAnthropic(api_key="k", base_url=stand_in.url)
        try:
            yield client
        finally:
            await client.close()


async def message(session: aiohttp.ClientSession, **changes: Any) -> dict[str, Any]:
    async with session.post("/v1/messages", json=request(**changes)) as answer:
        assert answer.headers[HEADER]
        told: dict[str, Any] = await answer.json()
    return told


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_our_judges_get_an_answer_that_fits_the_schema_and_names_itself(provider: str) -> None:
    answer = await answered(provider, a_call(provider), Options())

    assert isinstance(answer, Reply)
    jsonschema_rs.validate(VERDICT, answer.content["tool"]["input"])
    said = answer.content["tool"]["input"]
    assert [entry["clause"] for entry in said["clauses"]] == ["correct", "kind", "brief"]
    assert all(entry["quote"] in PROMPT for entry in said["clauses"])
    assert answer.content["model"] == "stand-in:claude-x"
    assert answer.content["stand_in"] is True


async def answered(provider: str, call: Call, options: Options) -> Answer:
    async with running(options) as stand_in:
        model: AnthropicModel | OpenAICompatibleModel
        if provider == "anthropic":
            model = AnthropicModel(api_key="k", base_url=stand_in.url, timeout_s=0.5)
        else:
            model = OpenAICompatibleModel(api_key="k", base_url=f"{stand_in.url}/v1", timeout_s=0.5)
        try:
            return await model.answer(call)
        finally:
            await model.aclose()


async def test_the_same_request_has_the_same_answer_and_another_seed_another_one() -> None:
    async def one(seed: int) -> Any:
        async with posting(seed=seed) as (_, session):
            return [
                (await message(session, text=f"{PROMPT} {n}", tools=[TOOL]))["content"] for n in range(20)
            ]

    assert await one(7) == await one(7)
    assert await one(7) != await one(8)


async def test_what_was_paid_for_is_counted_by_the_content_of_the_request() -> None:
    async with posting() as (_, session):
        for text in ("one", "two", "one"):
            await message(session, text=text)
        async with session.get("/_stand_in/counts") as answer:
            told = await answer.json()
        async with session.post("/_stand_in/reset"):
            pass
        async with session.get("/_stand_in/counts") as answer:
            after = await answer.json()

    assert (told["requests"], told["paid"], told["distinct"], told["paid_more_than_once"]) == (3, 3, 2, 1)
    assert [*told["by_request"].values()] == [2]
    assert (after["requests"], after["paid"]) == (0, 0)


async def test_a_prefix_is_written_to_the_cache_once_and_read_from_then_on() -> None:
    system = [{"type": "text", "text": "rule " * 2000, "cache_control": {"type": "ephemeral"}}]
    async with posting() as (_, session):
        first = (await message(session, text="a", system=system))["usage"]
        second = (await message(session, text="b", system=system))["usage"]
        short = [{"type": "text", "text": "rule", "cache_control": {"type": "ephemeral"}}]
        third = (await message(session, text="c", system=short))["usage"]

    assert (first["cache_creation_input_tokens"], first["cache_read_input_tokens"]) == (2500, 0)
    assert (second["cache_creation_input_tokens"], second["cache_read_input_tokens"]) == (0, 2500)
    assert first["input_tokens"] == second["input_tokens"] == 1
    assert (third["cache_creation_input_tokens"], third["input_tokens"]) == (0, 2)


async def test_the_sdk_counts_tokens_and_gets_structured_output() -> None:
    schema: Any = {
        "type": "object",
        "properties": {"answer": {"type": "integer", "minimum": 3, "maximum": 3}},
    }
    async with sdk() as client:
        said: Any = [{"role": "user", "content": "x" * 400}]
        counted = await client.messages.count_tokens(model="m", messages=said)
        told = await client.messages.create(
            model="m",
            max_tokens=100,
            messages=said,
            output_config={"format": {"type": "json_schema", "schema": schema}},
        )

    assert counted.input_tokens == 100
    assert (told.content[0].type, getattr(told.content[0], "text", "")) == ("text", '{"answer":3}')


async def test_an_answer_longer_than_it_may_be_is_cut() -> None:
    async with posting() as (_, session):
        told = await message(session, max_tokens=5, tools=[TOOL])

    assert (told["stop_reason"], told["usage"]["output_tokens"]) == ("max_tokens", 5)


FAILURES = {
    "server_error": "server_error",
    "rate_limited": "rate_limited",
    "slow": "timeout",
    "cut_off": "connection",
    "nonsense": "unreadable_answer",
}


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
@pytest.mark.parametrize(("fault", "reason"), FAILURES.items())
async def test_each_fault_is_the_failure_that_it_is_named_for(provider: str, fault: Any, reason: str) -> None:
    answer = await answered(provider, a_call(provider), Options(error_rate=1.0, faults=(fault,)))

    assert isinstance(answer, Failure)
    assert (answer.reason, answer.transient) == (reason, True)


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
async def test_a_malformed_answer_comes_through_and_does_not_fit_the_schema(provider: str) -> None:
    answer = await answered(provider, a_call(provider), Options(error_rate=1.0, faults=("malformed",)))

    assert isinstance(answer, Reply)
    assert not jsonschema_rs.is_valid(VERDICT, answer.content["tool"]["input"])


async def test_faults_come_at_their_rate_and_another_try_may_fare_better() -> None:
    options = Options(error_rate=0.3, overload_rate=0.1)
    first = Counter(fault_of(options, str(n).encode(), 1) for n in range(5000))
    again = [fault_of(options, str(n).encode(), nth) for n in range(500) for nth in (1, 2)]

    assert first["overloaded"] / 5000 == pytest.approx(0.1, abs=0.02)
    assert sum(first[fault] for fault in FAULTS) / 5000 == pytest.approx(0.3, abs=0.03)
    assert set(FAULTS) < set(first)
    assert [one for one in again[::2] if one] != [one for one in again[1::2] if one]


async def test_keys_are_checked_and_can_be_revoked_on_the_way() -> None:
    async with posting(key="right", revoke_after=1) as (_, session):
        async with session.post("/v1/messages", json=request()) as answer:
            assert answer.status == 401
        for expected in (200, 401):
            async with session.post("/v1/messages", json=request(), headers={"x-api-key": "right"}) as answer:
                assert answer.status == expected


async def test_more_requests_than_the_limit_are_told_when_to_come_back() -> None:
    async with posting(requests_per_minute=2) as (_, session):
        statuses = []
        for _ in range(3):
            async with session.post("/v1/messages", json=request()) as answer:
                statuses.append(answer.status)
        assert 1 <= float(answer.headers["retry-after"]) <= 60

    assert statuses == [200, 200, 429]


async def test_a_request_that_makes_no_sense_is_refused_with_the_reason() -> None:
    async with posting() as (_, session):
        for changes, why in (
            ({"messages": []}, "at least one"),
            ({"max_tokens": "many"}, "max_tokens"),
            ({"stream": True}, "does not stream"),
            ({"tool_choice": {"type": "tool", "name": "none"}}, "there is no tool"),
        ):
            async with session.post("/v1/messages", json=request(**changes)) as answer:
                assert answer.status == 400
                assert why in (await answer.json())["error"]["message"]
        async with session.post("/v1/messages", data=b"{") as answer:
            assert answer.status == 400
        async with session.get("/v1/elsewhere") as answer:
            assert answer.status == 404


async def test_a_compatible_server_lists_models_and_tells_log_probabilities() -> None:
    async with posting() as (_, session):
        async with session.get("/v1/models") as answer:
            names = [one["id"] for one in (await answer.json())["data"]]
        asked = request(logprobs=True, n=2)
        async with session.post("/v1/chat/completions", json=asked) as answer:
            told = await answer.json()

    assert all(name.startswith("stand-in:") for name in names)
    assert [choice["finish_reason"] for choice in told["choices"]] == ["stop", "stop"]
    words = [one["token"] for one in told["choices"][0]["logprobs"]["content"]]
    assert " ".join(words) == told["choices"][0]["message"]["content"]


async def test_a_batch_can_be_listed_cancelled_and_read_by_the_sdk() -> None:
    async with sdk(batch_s=0.05) as client:
        batches: Any = client.messages.batches
        asked = [{"custom_id": f"c{n}", "params": request(f"{PROMPT} {n}")} for n in range(50)]
        first = await batches.create(requests=asked)
        with pytest.raises(anthropic.AnthropicError):
            await batches.results(first.id)
        async with asyncio.timeout(20):
            while (await batches.retrieve(first.id)).processing_status != "ended":
                await asyncio.sleep(0.01)
        ids = [one.custom_id async for one in await batches.results(first.id)]
        second = await batches.create(requests=asked[:2])
        cancelled = await batches.cancel(second.id)
        listed = [one.id async for one in batches.list(limit=1)]

    assert ids != sorted(ids, key=lambda name: int(name[1:]))
    assert sorted(ids, key=lambda name: int(name[1:])) == [f"c{n}" for n in range(50)]
    assert cancelled.request_counts.canceled == 2
    assert listed == [second.id, first.id]


async def test_a_batch_with_an_id_twice_is_refused() -> None:
    asked = {"requests": [{"custom_id": "c", "params": request()}] * 2}
    async with posting() as (_, session), session.post("/v1/messages/batches", json=asked) as answer:
        assert answer.status == 400
        assert "occurs once" in (await answer.json())["error"]["message"]


def test_rates_that_are_no_shares_are_bad_input() -> None:
    wrongs: list[dict[str, Any]] = [
        {"error_rate": 1.5},
        {"overload_rate": -0.1},
        {"latency_s": -1.0},
        {"faults": ("flood",)},
    ]
    for wrong in wrongs:
        with pytest.raises(BadInput, match=re.escape(next(iter(wrong)).removesuffix("s"))):
            Options(**wrong)


SCALARS: Any = st.one_of(
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"enum": ["x", 3, None]}, {"const": "y"}]),
    st.builds(
        lambda low, span: {"type": "integer", "minimum": low, "maximum": low + span},
        st.integers(-50, 50),
        st.integers(0, 20),
    ),
    st.builds(
        lambda low, span: {"type": "number", "minimum": low, "maximum": low + span},
        st.integers(-5, 5),
        st.integers(1, 5),
    ),
    st.builds(
        lambda low, span: {"type": "string", "minLength": low, "maxLength": low + span},
        st.integers(0, 20),
        st.integers(0, 90),
    ),
)
SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("abcd"), inner, max_size=3).map(
            lambda parts: {"type": "object", "properties": parts, "required": [*parts]}
        ),
        st.builds(
            lambda items, least, more: {
                "type": "array",
                "items": items,
                "minItems": least,
                "maxItems": least + more,
            },
            inner,
            st.integers(0, 4),
            st.integers(0, 4),
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"anyOf": some}),
    ),
    max_leaves=8,
)


@given(SCHEMAS, st.binary(min_size=8, max_size=16), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_what_it_says_fits_any_schema_of_the_kinds_it_follows(
    schema: dict[str, Any], digest: bytes, prompt: str
) -> None:
    jsonschema_rs.validate(schema, Rules().rule(schema)(Draw(digest, prompt)))


def test_references_and_joined_schemas_are_followed() -> None:
    schema = {
        "$defs": {"side": {"enum": ["A", "B"]}, "tree": {"properties": {"next": {"$ref": "#/$defs/tree"}}}},
        "type": "object",
        "properties": {"side": {"$ref": "#/$defs/side"}, "tree": {"$ref": "#/$defs/tree"}},
        "allOf": [{"type": "object"}],
    }
    said = Rules().rule(schema)(Draw(b"12345678", "words"))

    assert said["side"] in ("A", "B")
    assert "next" in said["tree"]
