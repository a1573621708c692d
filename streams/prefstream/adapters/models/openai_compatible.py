"""The provider "openai": chat completions of any compatible server (vLLM, Ollama, ...)."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from prefstream.adapters.models.connections import LeanWire, lean_suffices
from prefstream.adapters.models.exchange import content_of, now_ms, posted, said_in, unreadable
from prefstream.adapters.models.wire import ANSWER_BYTES, Received, Wire, bounded_client
from prefstream.schemas.calls import Answer, Call, Failure, Reply

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
        answer_bytes: int = ANSWER_BYTES,
        clock_ms: Callable[[], int] = now_ms,
    ) -> None:
        """Prepare the way to the server.

        Args:
            base_url: Where it is, with the part of the path that all its addresses begin with.
            api_key: Its key; empty: it asks for none.
            timeout_s: Seconds one call may take.
            answer_bytes: Most bytes of an answer.
            clock_ms: The present, in milliseconds since 1970.

        Raises:
            BadInput: The address or the key cannot be used.
        """
        self._key = api_key
        self._timeout_s = timeout_s
        self._clock_ms = clock_ms
        url = f"{base_url.rstrip('/')}/chat/completions"
        headers = {
            "content-type": "application/json",
            "accept": "application/json",
            "user-agent": "prefstream",
        }
        if api_key:
            headers["authorization"] = f"Bearer {api_key}"
        if lean_suffices(url):
            self._wire: Wire = LeanWire(url, headers, answer_bytes=answer_bytes)
        else:
            self._wire = Httpx2Wire(url, headers, timeout_s=timeout_s, answer_bytes=answer_bytes)

    async def answer(self, call: Call) -> Answer:
        """Return the model's reply, or why there is none."""
        body = orjson.dumps(_request(call.request))
        received = await posted(self._wire, _NAME, body, timeout_s=self._timeout_s, secret=self._key)
        if isinstance(received, Failure):
            return received
        try:
            return Reply(content=_content(said_in(received.body)), at_ms=self._clock_ms())
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            return unreadable(_NAME, f"the answer is not a chat completion ({type(error).__name__})")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()


class Httpx2Wire:
    """The way through a general HTTP client: slower, and through whatever proxy the environment names."""

    def __init__(self, url: str, headers: Mapping[str, str], *, timeout_s: float, answer_bytes: int) -> None:
        self._url = url
        self._client = bounded_client(timeout_s=timeout_s, answer_bytes=answer_bytes, headers=dict(headers))

    async def post(self, body: bytes) -> Received:
        """Post a body and return the answer, whatever its status.

        Raises:
            BadAnswer: What came back cannot be read.
            OSError: No whole answer came back.
        """
        import httpx2

        try:
            answer = await self._client.post(self._url, content=body)
        except httpx2.TimeoutException as error:
            raise TimeoutError(str(error)) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise ConnectionError(f"{type(error).__name__}: {error}") from error
        return Received(status=answer.status_code, headers=answer.headers, body=answer.content)

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
