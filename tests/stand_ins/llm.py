"""A stand-in for the HTTP APIs of language models, on loopback, with faults on demand.

It answers the Messages API and chat completions from one script: each request takes the next step;
when the script is at its end, the last step holds.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

KEY = "sk-test-4f1d0c5a7b"
GOOD_INPUT: dict[str, Any] = {
    "verdict": "A>",
    "clauses": [{"clause": "correctness", "verdict": "A", "quote": "391"}],
    "rationale": "A is right under correctness.",
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """How one request is answered."""

    kind: Literal["tool", "text", "status", "slow", "cut_off", "nonsense", "broken_arguments"] = "tool"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    input: Any = field(default_factory=lambda: GOOD_INPUT)
    text: str = "Paris."
    stop: str = ""
    #: The tool that the answer calls.
    tool: str = "record_verdict"


@dataclass
class LlmStandIn:
    """The running stand-in."""

    script: Sequence[Step]
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    def next_step(self) -> Step:
        return self.script[min(len(self.requests), len(self.script)) - 1]

    async def messages(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, _message)

    async def completions(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, _completion)

    async def _answer(self, request: web.Request, shape: Any) -> web.StreamResponse:
        self.requests.append(await request.json())
        step = self.next_step()
        # Anthropic's SDK says the key in one header or the other, depending on its version.
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        key = request.headers.get("x-api-key") or bearer
        if key != KEY:
            # A careless server that quotes the key it was given.
            return _error(401, f"invalid key {key}", {})
        if step.kind == "status":
            return _error(step.status, "no", step.headers)
        if step.kind == "nonsense":
            return web.json_response({"hello": "world"})
        if step.kind == "slow":
            await self.let_go.wait()
        if step.kind == "cut_off":
            return await _cut_off(request)
        return web.json_response(shape(step))


@asynccontextmanager
async def running(*script: Step) -> AsyncIterator[LlmStandIn]:
    """Run a stand-in on a port that the system chooses."""
    stand_in = LlmStandIn(script=script or (Step(),))
    app = web.Application()
    app.router.add_post("/v1/messages", stand_in.messages)
    app.router.add_post("/v1/chat/completions", stand_in.completions)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        stand_in.url = f"http://{host}:{port}"
        yield stand_in
    finally:
        stand_in.let_go.set()
        await runner.cleanup()


def _error(status: int, message: str, headers: dict[str, str]) -> web.Response:
    body = {"type": "error", "error": {"type": "some_error", "message": message}}
    return web.json_response(body, status=status, headers=headers)


async def _cut_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "application/json", "content-length": "5000"})
    await response.prepare(request)
    await response.write(b'{"id": "msg_1", "content": [')
    assert request.transport is not None
    request.transport.close()
    return response


def _message(step: Step) -> dict[str, Any]:
    tool = {"type": "tool_use", "id": "t1", "name": step.tool, "input": step.input}
    says_tool = step.kind in ("tool", "broken_arguments")
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-stand-in-1",
        "content": [tool] if says_tool else [{"type": "text", "text": step.text}],
        "stop_reason": step.stop or ("tool_use" if says_tool else "end_turn"),
        "stop_sequence": None,
        "usage": {
            "input_tokens": 20,
            "output_tokens": 7,
            "cache_creation_input_tokens": 900,
            "cache_read_input_tokens": 0,
        },
    }


def _completion(step: Step) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None}
    if step.kind in ("tool", "broken_arguments"):
        import json

        said = '{"verdict": "A>' if step.kind == "broken_arguments" else json.dumps(step.input)
        call = {"id": "c1", "type": "function", "function": {"name": step.tool, "arguments": said}}
        message["tool_calls"] = [call]
    else:
        message["content"] = step.text
    stop = step.stop or ("tool_calls" if "tool_calls" in message else "stop")
    return {
        "id": "chat_1",
        "object": "chat.completion",
        "model": "open-stand-in-1",
        "choices": [{"index": 0, "message": message, "finish_reason": stop}],
        "usage": {
            "prompt_tokens": 920,
            "completion_tokens": 7,
            "prompt_tokens_details": {"cached_tokens": 900},
        },
    }
