"""The provider "anthropic": the Messages API through its SDK."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from prefstream.adapters.models.exchange import content_of, now_ms, refused, unreached, unreadable
from prefstream.schemas.calls import Answer, Call, Reply
from prefstream.schemas.errors import BadInput

if TYPE_CHECKING:
    from anthropic.types import Message

_NAME = "anthropic"
_STOPS: Mapping[str, str] = {"end_turn": "end", "stop_sequence": "end", "tool_use": "tool"}


class AnthropicModel:
    """Performs calls against the Messages API.

    The SDK's own retries are off: a failure that may pass is handed to the stage, which tries again
    later without holding a place, and counts every try.

    Raises:
        BadInput: There is no key.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None = None,
        timeout_s: float = 60.0,
        clock_ms: Callable[[], int] = now_ms,
    ) -> None:
        if not api_key:
            # Without one the SDK would go and look for credentials elsewhere on the machine.
            raise BadInput("no Anthropic key is set; set PREFSTREAM_JUDGE__ANTHROPIC_API_KEY")
        # The SDK takes seconds to import; only who talks to it should pay.
        import anthropic

        self._sdk = anthropic
        self._key = api_key
        self._timeout_s = timeout_s
        self._clock_ms = clock_ms
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key, base_url=base_url, max_retries=0, timeout=timeout_s
        )

    async def answer(self, call: Call) -> Answer:
        """Return the model's reply, or why there is none."""
        sdk = self._sdk
        try:
            # The SDK's time-out is per read; a body that drips would never meet it.
            async with asyncio.timeout(self._timeout_s):
                message = await self._client.messages.create(**_request(call.request))
        except sdk.APIStatusError as error:
            return refused(_NAME, error.status_code, error.message, error.response.headers, secret=self._key)
        except (TimeoutError, sdk.APITimeoutError) as error:
            return unreached(_NAME, "timeout", error, secret=self._key)
        except sdk.APIConnectionError as error:
            return unreached(_NAME, "connection", error.__cause__ or error, secret=self._key)
        except (sdk.AnthropicError, ValueError, TypeError) as error:
            return unreadable(_NAME, type(error).__name__)
        return self._reply(message)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _reply(self, message: "Message") -> Answer:
        try:
            return Reply(content=_content(message), at_ms=self._clock_ms())
        except (AttributeError, TypeError) as error:
            # The SDK builds messages without checking them: a 200 with nonsense shows only here.
            return unreadable(_NAME, f"the answer is not a message ({type(error).__name__})")


def _request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call's request as the SDK takes it."""
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
    if request.get("parameters"):
        asked["extra_body"] = request["parameters"]
    return asked


def _content(message: "Message") -> dict[str, Any]:
    tool = next((block for block in message.content if block.type == "tool_use"), None)
    usage = message.usage
    return content_of(
        text="".join(block.text for block in message.content if block.type == "text"),
        tool={"name": tool.name, "input": tool.input} if tool else None,
        stop=_STOPS.get(message.stop_reason or "", message.stop_reason or ""),
        model=message.model,
        usage={
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cache_write_tokens": usage.cache_creation_input_tokens or 0,
            "cache_read_tokens": usage.cache_read_input_tokens or 0,
        },
    )
