"""The Messages API as the stand-in speaks it: what is refused, and how an answer looks."""

from collections.abc import Mapping
from typing import Any

import orjson

from prefstream.adapters.stand_in.answers import Draw, Rules
from prefstream.adapters.stand_in.billing import PromptTokens, tokens_in
from prefstream.adapters.stand_in.options import MODEL_PREFIX

_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}
_RULES = Rules()


def error_of(status: int, message: str) -> dict[str, Any]:
    """Return the body of an error."""
    return {"type": "error", "error": {"type": _TYPES.get(status, "api_error"), "message": message}}


def refusal(request: Any) -> str:
    """Return why a request is no request for a message; empty: it is one."""
    if not isinstance(request, dict):
        return "the body is not an object"
    for name, kind in (("model", str), ("max_tokens", int), ("messages", list)):
        if not isinstance(request.get(name), kind):
            return f"{name}: field required"
    if request.get("stream"):
        return "stream: the stand-in does not stream"
    return _refused_parts(request)


def _refused_parts(request: Mapping[str, Any]) -> str:
    said = request["messages"]
    if not said or request["max_tokens"] < 1:
        return "messages and max_tokens: at least one"
    if not all(isinstance(m, dict) and m.get("role") in ("user", "assistant", "system") for m in said):
        return "messages: each has the role user, assistant or system"
    choice = request.get("tool_choice") or {}
    names = [tool.get("name") for tool in request.get("tools") or ()]
    if choice.get("type") == "tool" and choice.get("name") not in names:
        return f"tool_choice: there is no tool {choice.get('name')!r}"
    return ""


def named(model: str) -> str:
    """Return the name under which the stand-in answers for a model.

    >>> named("claude-x"), named("stand-in:claude-x")
    ('stand-in:claude-x', 'stand-in:claude-x')
    """
    return model if model.startswith(MODEL_PREFIX) else MODEL_PREFIX + model


def prompt_in(request: Mapping[str, Any]) -> str:
    """Return the text of a request's last message."""
    content = request["messages"][-1].get("content") or ""
    if isinstance(content, str):
        return content
    texts = (block.get("text") for block in content)
    return "\n".join(text for text in texts if isinstance(text, str))


def message_of(
    request: Mapping[str, Any], digest: bytes, billed: PromptTokens, *, malformed: bool = False, tier: str
) -> dict[str, Any]:
    """Return the message that answers a request."""
    block, stop = _block(request, Draw(digest, prompt_in(request)), malformed=malformed)
    said = tokens_in(len(orjson.dumps(block)))
    if said > request["max_tokens"]:
        block, stop, said = _cut(block, request["max_tokens"]), "max_tokens", request["max_tokens"]
    return {
        "id": f"msg_standin_{digest.hex()[:24]}",
        "type": "message",
        "role": "assistant",
        "model": named(request["model"]),
        "content": [block],
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {
            "input_tokens": billed.fresh,
            "cache_creation_input_tokens": billed.written,
            "cache_read_input_tokens": billed.read,
            "cache_creation": {"ephemeral_5m_input_tokens": billed.written, "ephemeral_1h_input_tokens": 0},
            "output_tokens": said,
            "service_tier": tier,
        },
    }


def _block(request: Mapping[str, Any], draw: Draw, *, malformed: bool) -> tuple[dict[str, Any], str]:
    tool = _tool(request)
    if tool is not None:
        given = {"stand_in": "malformed on purpose"} if malformed else _RULES.rule(tool["input_schema"])(draw)
        return {"type": "tool_use", "id": "toolu_standin", "name": tool["name"], "input": given}, "tool_use"
    asked = (request.get("output_config") or {}).get("format") or {}
    if asked.get("type") == "json_schema":
        said = orjson.dumps(_RULES.rule(asked.get("schema") or {})(draw)).decode()
        return {"type": "text", "text": said[:-1] if malformed else said}, "end_turn"
    return {"type": "text", "text": "" if malformed else draw.prose(40)}, "end_turn"


def _tool(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the tool that the answer uses: the one asked for, else the first, else none."""
    choice = request.get("tool_choice") or {}
    tools: list[Mapping[str, Any]] = [tool for tool in request.get("tools") or () if "input_schema" in tool]
    if choice.get("type") == "none" or not tools:
        return None
    return next((tool for tool in tools if tool["name"] == choice.get("name")), tools[0])


def _cut(block: Mapping[str, Any], tokens: int) -> dict[str, Any]:
    cut = {"input": {}} if "input" in block else {"text": block["text"][: tokens * 4]}
    return {**block, **cut}
