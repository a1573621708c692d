"""The provider "openai": chat completions of any compatible server (vLLM, Ollama, ...)."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from prefstream.adapters.models.exchange import content_of, now_ms, refused, unreached, unreadable
from prefstream.schemas.calls import Answer, Call, Reply

_NAME = "openai"
_STOPS: Mapping[str, str] = {"stop": "end", "tool_calls": "tool", "length": "max_tokens"}


class OpenAICompatibleModel:
    """Performs calls against a server that speaks chat completions."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str = "",
        timeout_s: float = 60.0,
        clock_ms: Callable[[], int] = now_ms,
    ) -> None:
        import httpx2

        self._http = httpx2
        self._key = api_key
        self._timeout_s = timeout_s
        self._clock_ms = clock_ms
        self._client = httpx2.AsyncClient(
            base_url=base_url.rstrip("/"),
            headers={"authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=timeout_s,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100),
        )

    async def answer(self, call: Call) -> Answer:
        """Return the model's reply, or why there is none."""
        body = orjson.dumps(_request(call.request))
        try:
            # The client's time-out is per read; a body that drips would never meet it.
            async with asyncio.timeout(self._timeout_s):
                response = await self._client.post(
                    "/chat/completions", content=body, headers={"content-type": "application/json"}
                )
        except (TimeoutError, self._http.TimeoutException) as error:
            return unreached(_NAME, "timeout", error, secret=self._key)
        except (self._http.TransportError, self._http.DecodingError) as error:
            return unreached(_NAME, "connection", error, secret=self._key)
        if not response.is_success:
            message = _message_in(response.content)
            return refused(_NAME, response.status_code, message, response.headers, secret=self._key)
        try:
            return Reply(content=_content(orjson.loads(response.content)), at_ms=self._clock_ms())
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            return unreadable(_NAME, f"the answer is not a chat completion ({type(error).__name__})")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call's request as chat completions take it."""
    system = [{"role": "system", "content": request["system"]}] if request.get("system") else []
    asked: dict[str, Any] = {
        "model": request["model"],
        "max_tokens": request["max_tokens"],
        "messages": [*system, *request["messages"]],
        **request.get("parameters", {}),
    }
    if request.get("tools"):
        asked["tools"] = [{"type": "function", "function": _function(tool)} for tool in request["tools"]]
    if request.get("tool"):
        asked["tool_choice"] = {"type": "function", "function": {"name": request["tool"]}}
    return asked


def _function(tool: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": tool["name"],
        "description": tool["description"],
        "parameters": tool["input_schema"],
    }


def _content(answer: Mapping[str, Any]) -> dict[str, Any]:
    choice = answer["choices"][0]
    message = choice["message"]
    calls = message.get("tool_calls") or []
    stop = choice.get("finish_reason") or ""
    return content_of(
        text=message.get("content") or "",
        tool=_tool(calls[0]["function"]) if calls else None,
        stop=_STOPS.get(stop, stop),
        model=str(answer.get("model", "")),
        usage=_usage(answer.get("usage") or {}),
    )


def _tool(function: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tool's input; what is not JSON stays the text it is, for the judge to refuse."""
    arguments = function["arguments"]
    try:
        said = orjson.loads(arguments) if isinstance(arguments, str) else arguments
    except orjson.JSONDecodeError:
        said = arguments
    return {"name": function["name"], "input": said}


def _usage(usage: Mapping[str, Any]) -> dict[str, int]:
    """Return the usage; the prompt's cached part is counted apart, as others bill it."""
    cached = int((usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0)
    return {
        "input_tokens": max(0, int(usage.get("prompt_tokens") or 0) - cached),
        "output_tokens": int(usage.get("completion_tokens") or 0),
        "cache_write_tokens": 0,
        "cache_read_tokens": cached,
    }


def _message_in(body: bytes) -> str:
    """Return what an error's body says, as far as it can be read."""
    try:
        error = orjson.loads(body).get("error")
    except (orjson.JSONDecodeError, AttributeError):
        return body[:200].decode(errors="replace")
    told = error.get("message") if isinstance(error, dict) else error
    return str(told)
