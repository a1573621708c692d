"""Chat completions as the stand-in speaks them."""

from collections.abc import Mapping
from typing import Any

import orjson

from prefstream.adapters.stand_in.answers import Draw, Rules
from prefstream.adapters.stand_in.billing import tokens_in
from prefstream.adapters.stand_in.messages import named, prompt_in

#: Models it lists; it answers for any other name too.
MODELS = ("stand-in:small", "stand-in:large")
_RULES = Rules()


def error_of(status: int, message: str) -> dict[str, Any]:
    """Return the body of an error."""
    return {"error": {"message": message, "type": "stand_in_error", "code": status}}


def models() -> dict[str, Any]:
    """Return the list of models."""
    return {
        "object": "list",
        "data": [{"id": name, "object": "model", "owned_by": "stand-in"} for name in MODELS],
    }


def refusal(request: Any) -> str:
    """Return why a request is no request for a completion; empty: it is one."""
    if not isinstance(request, dict):
        return "the body is not an object"
    said = request.get("messages")
    if not isinstance(request.get("model"), str) or not isinstance(said, list) or not said:
        return "model and messages are required"
    if not all(isinstance(message, dict) for message in said):
        return "messages: each is an object"
    if request.get("stream"):
        return "the stand-in does not stream"
    return ""


def completion_of(request: Mapping[str, Any], digest: bytes, *, malformed: bool = False) -> dict[str, Any]:
    """Return the completion that answers a request."""
    draw = Draw(digest, prompt_in(request))
    choices = [_choice(request, draw, number, malformed=malformed) for number in range(_count(request))]
    asked = tokens_in(len(orjson.dumps([request.get("tools") or [], request["messages"]])))
    said = sum(tokens_in(len(orjson.dumps(choice["message"]))) for choice in choices)
    return {
        "id": f"chatcmpl-standin-{digest.hex()[:24]}",
        "object": "chat.completion",
        "created": 0,
        "model": named(request["model"]),
        "choices": choices,
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": said,
            "total_tokens": asked + said,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }


def _count(request: Mapping[str, Any]) -> int:
    told = request.get("n")
    return told if isinstance(told, int) and 1 <= told <= 128 else 1


def _choice(request: Mapping[str, Any], draw: Draw, number: int, *, malformed: bool) -> dict[str, Any]:
    function = _function(request)
    if function is None:
        text = _text(request, draw, malformed=malformed)
        message: dict[str, Any] = {"role": "assistant", "content": text}
    else:
        said = orjson.dumps(_RULES.rule(function.get("parameters") or {})(draw)).decode()
        call = {"name": function["name"], "arguments": said[: len(said) // 2] if malformed else said}
        calls = [{"id": f"call_standin_{number}", "type": "function", "function": call}]
        message = {"role": "assistant", "content": None, "tool_calls": calls}
    size = tokens_in(len(orjson.dumps(message)))
    cut = size > (request.get("max_tokens") or request.get("max_completion_tokens") or size)
    stop = "length" if cut else "stop" if function is None else "tool_calls"
    told = {"index": number, "message": message, "finish_reason": stop}
    return told | ({"logprobs": _logprobs(message["content"] or "")} if request.get("logprobs") else {})


def _function(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the function that the answer calls: the one asked for, else the first, else none."""
    choice = request.get("tool_choice")
    functions: list[Mapping[str, Any]] = [
        tool["function"] for tool in request.get("tools") or () if "function" in tool
    ]
    if choice == "none" or not functions:
        return None
    asked = (choice.get("function") or {}).get("name") if isinstance(choice, dict) else None
    return next((one for one in functions if one["name"] == asked), functions[0])


def _text(request: Mapping[str, Any], draw: Draw, *, malformed: bool) -> str:
    schema = ((request.get("response_format") or {}).get("json_schema") or {}).get("schema")
    if schema is None:
        return "" if malformed else draw.prose(40)
    said = orjson.dumps(_RULES.rule(schema)(draw)).decode()
    return said[:-1] if malformed else said


def _logprobs(text: str) -> dict[str, Any]:
    """Return a log probability per word; a stand-in is equally sure of all."""
    tokens: list[dict[str, Any]] = [
        {"token": word, "logprob": -0.1, "bytes": None, "top_logprobs": []} for word in text.split(" ")
    ]
    return {"content": tokens}
