"""What the providers have in common: the shape of an answer, and how a failure is told.

An answer's content is the same for every provider:
`{"text", "tool": {"name", "input"} | None, "stop": "end" | "tool" | "max_tokens" | ..., "model", "usage"}`.
"""

import asyncio
import json
import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import orjson

from prefstream.adapters.models.wire import BadAnswer, Received, Wire
from prefstream.schemas.calls import Failure

#: Longest text of a failure, in characters.
MAX_DETAIL = 300
#: Anthropic's own status for an overloaded service.
OVERLOADED = 529
_TRANSIENT = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})
#: Seconds after which a call whose key was refused is worth another try.
KEY_RETRY_S = 60.0
_REASONS: Mapping[int, str] = {
    400: "bad_request",
    401: "wrong_key",
    403: "forbidden",
    404: "unknown_model",
    413: "too_large",
    429: "rate_limited",
    OVERLOADED: "overloaded",
}
#: What a key that is wrong, revoked or not allowed is called. The pairs wait for a better one.
KEY_REFUSED = frozenset({_REASONS[401], _REASONS[403]})


def now_ms() -> int:
    """Return the present in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def content_of(
    *, text: str, tool: Mapping[str, Any] | None, stop: str, model: str, usage: Mapping[str, int]
) -> dict[str, Any]:
    """Return the content of a reply in the shape that all providers share."""
    said = {"text": text, "tool": tool, "stop": stop, "model": model, "usage": dict(usage)}
    # What a stand-in says must not pass for a model's.
    return said | ({"stand_in": True} if model.startswith("stand-in:") else {})


def refused(
    provider: str, status: int, message: str, headers: Mapping[str, str], *, secret: str = ""
) -> Failure:
    """Return the failure that an HTTP status other than 2xx tells.

    Args:
        provider: Who answered.
        status: The HTTP status.
        message: What the body says.
        headers: The answer's headers, names in lower case.
        secret: The key; should the message quote it, it is taken out.
    """
    said = redacted(message, secret)
    reason = _REASONS.get(status, "server_error" if status >= 500 else "refused")
    key = reason in KEY_REFUSED
    return Failure(
        reason=reason,
        detail=f"{provider} answered {status}: {said}"[:MAX_DETAIL],
        transient=key or status >= 500 or status in _TRANSIENT,
        retry_after_s=KEY_RETRY_S if key else retry_after_s(headers),
        # No call was billed and no try would fare better: the pair waits until somebody mends the key.
        waiting=key,
    )


async def posted(wire: Wire, name: str, body: bytes, *, timeout_s: float, secret: str) -> Received | Failure:
    """Post a request and return the answer to it, or why there is none that can be read."""
    try:
        # A time-out per read would never be met by a body that drips.
        async with asyncio.timeout(timeout_s):
            received = await wire.post(body)
    except BadAnswer as error:
        return unreadable(name, f"the answer cannot be read: {error}")
    except TimeoutError as error:
        return unreached(name, "timeout", error, secret=secret)
    except OSError as error:
        return unreached(name, "connection", error, secret=secret)
    if 200 <= received.status < 300:
        return received
    return refused(name, received.status, message_in(received.body), received.headers, secret=secret)


def said_in(body: bytes) -> Any:
    r"""Return what a body says; what no JSON of ours could keep is made keepable.

    A model that is cut off may say half an emoji, and a number may be longer than any of ours.

    >>> said_in(rb'{"text": "cut \ud83d", "count": 1000000000000000000000}')
    {'text': 'cut ?', 'count': 1e+21}

    Raises:
        ValueError: It is no JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode(errors="replace")
    try:
        return _keepable(json.loads(text, parse_int=_number_in))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def message_in(body: bytes) -> str:
    """Return what an error's body says, as far as it can be read."""
    try:
        error = orjson.loads(body).get("error")
    except (orjson.JSONDecodeError, AttributeError):
        return body[:200].decode(errors="replace")
    told = error.get("message") if isinstance(error, dict) else error
    return str(told)


def _number_in(digits: str) -> int | float:
    return int(digits) if len(digits) < 19 else float(digits)


def _keepable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_keepable(name): _keepable(inner) for name, inner in value.items()}
    return [_keepable(inner) for inner in value] if isinstance(value, list) else value


def unreached(provider: str, reason: str, error: BaseException, *, secret: str = "") -> Failure:
    """Return the failure of a call that got no whole answer; trying later may help."""
    said = redacted(f"{type(error).__name__}: {error}", secret)
    return Failure(reason=reason, detail=f"{provider}: {said}"[:MAX_DETAIL], transient=True)


def unreadable(provider: str, detail: str) -> Failure:
    """Return the failure of an answer that says it is fine and is not what it should be."""
    return Failure(reason="unreadable_answer", detail=f"{provider}: {detail}"[:MAX_DETAIL], transient=True)


def redacted(text: str, secret: str) -> str:
    """Return the text in one line and without the secret.

    >>> redacted("bad key sk-1", "sk-1")
    'bad key ***'
    """
    one_line = " ".join(text.split())
    return one_line.replace(secret, "***") if secret else one_line


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds an answer asks to wait; `None` where it does not say.

    >>> retry_after_s({"retry-after": "7"}), retry_after_s({"retry-after-ms": "250"}), retry_after_s({})
    (7.0, 0.25, None)
    """
    ms = _number(headers.get("retry-after-ms"))
    if ms is not None:
        return ms / 1000
    said = headers.get("retry-after")
    seconds = _number(said)
    return seconds if seconds is not None or said is None else _until(said)


def _number(said: str | None) -> float | None:
    try:
        value = float(said) if said else math.nan
    except ValueError:
        return None
    return max(0.0, value) if math.isfinite(value) else None


def _until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
