"""The provider "anthropic": the Messages API, spoken as its SDK speaks it.

The SDK writes the head of a request - address, key, versions - once, and every request then bears
it; the body is JSON of our own. What the SDK does besides with every call takes longer than thousands
of calls a second leave time for (docs/decisions/0011-the-sdk-writes-the-head.md). Behind a proxy, or
where `plain` is asked for, every call goes through the SDK.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from prefstream.adapters.models.connections import LeanWire, lean_suffices
from prefstream.adapters.models.exchange import content_of, now_ms, posted, said_in, unreadable
from prefstream.adapters.models.wire import ANSWER_BYTES, BadAnswer, Received, Wire, bounded_client
from prefstream.schemas.calls import Answer, Call, Failure, Reply
from prefstream.schemas.errors import BadInput

_NAME = "anthropic"
_PATH = "/v1/messages"
_STOPS: Mapping[str, str] = {"end_turn": "end", "stop_sequence": "end", "tool_use": "tool"}


class AnthropicModel:
    """Performs calls against the Messages API.

    The SDK's own retries are off: a failure that may pass is handed to the stage, which tries again
    later without holding a place, and counts every try.

    Raises:
        BadInput: There is no key, or the address or the key cannot be used.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None = None,
        timeout_s: float = 60.0,
        answer_bytes: int = ANSWER_BYTES,
        plain: bool = False,
        clock_ms: Callable[[], int] = now_ms,
    ) -> None:
        if not api_key:
            # Without one the SDK would go and look for credentials elsewhere on the machine.
            raise BadInput("no Anthropic key is set; set PREFSTREAM_JUDGE__ANTHROPIC_API_KEY")
        # The SDK takes seconds to import; only who talks to it should pay.
        import anthropic

        self._key = api_key
        self._timeout_s = timeout_s
        self._clock_ms = clock_ms
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key,
            base_url=base_url,
            max_retries=0,
            timeout=timeout_s,
            http_client=bounded_client(timeout_s=timeout_s, answer_bytes=answer_bytes),
        )
        url, headers = _head_of(api_key, base_url)
        if plain or not lean_suffices(url):
            self._wire: Wire = SdkWire(self._client)
        else:
            self._wire = LeanWire(url, headers, answer_bytes=answer_bytes)

    async def answer(self, call: Call) -> Answer:
        """Return the model's reply, or why there is none."""
        body = orjson.dumps(message_body(call.request))
        received = await posted(self._wire, _NAME, body, timeout_s=self._timeout_s, secret=self._key)
        return received if isinstance(received, Failure) else self._reply(received)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._wire.aclose()
        await self._client.close()

    def _reply(self, received: Received) -> Answer:
        try:
            return Reply(content=message_content(said_in(received.body)), at_ms=self._clock_ms())
        except (LookupError, AttributeError, TypeError, ValueError) as error:
            return unreadable(_NAME, f"the answer is not a message ({type(error).__name__})")


class SdkWire:
    """The way through the SDK: slower, and through whatever proxy the environment names."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def post(self, body: bytes) -> Received:
        """Post a body and return the answer, whatever its status.

        Raises:
            BadAnswer: What came back cannot be read.
            OSError: No whole answer came back.
        """
        import anthropic
        import httpx2

        options = {"headers": {"content-type": "application/json"}}
        try:
            answer = await self._client.post(_PATH, content=body, cast_to=httpx2.Response, options=options)
        except anthropic.APIStatusError as error:
            answer = error.response
        except anthropic.APITimeoutError as error:
            raise TimeoutError(str(error)) from error
        except anthropic.APIConnectionError as error:
            cause = error.__cause__ or error
            if isinstance(cause, BadAnswer):
                raise cause from None
            raise ConnectionError(f"{type(cause).__name__}: {cause}") from error
        return Received(status=answer.status_code, headers=answer.headers, body=answer.content)

    async def aclose(self) -> None:
        """Close nothing: the client is its owner's."""


def message_body(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is posted for a call's request; a batch takes the same as `params`."""
    asked: dict[str, Any] = {
        "model": request["model"],
        "max_tokens": request["max_tokens"],
        "messages": request["messages"],
    }
    if request.get("system"):
        cached = {"cache_control": {"type": "ephemeral"}} if request.get("cache") else {}
        asked["system"] = [{"type": "text", "text": request["system"], **cached}]
    if request.get("tools"):
        asked["tools"] = request["tools"]
    if request.get("tool"):
        asked["tool_choice"] = {"type": "tool", "name": request["tool"]}
    return asked | dict(request.get("parameters") or {})


def message_content(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a reply from a message, as the API writes it.

    Raises:
        LookupError: It is not a message; so may be an AttributeError, a TypeError or a ValueError.
    """
    blocks = message["content"]
    tool = next((block for block in blocks if block["type"] == "tool_use"), None)
    usage, stop = message["usage"], message.get("stop_reason") or ""
    return content_of(
        text="".join(_text(block["text"]) for block in blocks if block["type"] == "text"),
        tool={"name": tool["name"], "input": tool["input"]} if tool else None,
        stop=_STOPS.get(stop, stop),
        model=_text(message["model"]),
        usage={
            "input_tokens": _count(usage["input_tokens"]),
            "output_tokens": _count(usage["output_tokens"]),
            "cache_write_tokens": _count(usage.get("cache_creation_input_tokens") or 0),
            "cache_read_tokens": _count(usage.get("cache_read_input_tokens") or 0),
        },
    )


def _text(said: Any) -> str:
    if not isinstance(said, str):
        raise TypeError("no text")
    return said


def _count(said: Any) -> int:
    if not isinstance(said, int) or said < 0:
        raise TypeError("no count")
    return said


def _head_of(api_key: str, base_url: str | None) -> tuple[str, Mapping[str, str]]:
    """Return the address and the headers of a message as the SDK sends it; nothing is sent."""
    import anthropic
    import httpx2

    seen: list[httpx2.Request] = []

    def noted(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={})

    with httpx2.Client(transport=httpx2.MockTransport(noted)) as nowhere:
        client = anthropic.Anthropic(api_key=api_key, base_url=base_url, max_retries=0, http_client=nowhere)
        client.messages.create(model="m", max_tokens=1, messages=[{"role": "user", "content": "?"}])
    return str(seen[0].url), dict(seen[0].headers)
