"""What an answer says about the provider, and what a call is thought to need."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from prefstream.schemas.calls import Answer, Call, Reply

Kind = Literal["answered", "objected", "failed", "nothing"]
#: Refusals because of too many calls: asked less often, the same call is answered.
TOO_MANY = frozenset({"rate_limited", "overloaded"})
BYTES_PER_TOKEN = 4
#: Tokens that count against a provider's limit; those read from its cache do not.
_COUNTED = ("input_tokens", "cache_write_tokens", "output_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one answer says about the provider."""

    kind: Kind
    #: Tokens the provider says it used; `None` where it does not say.
    tokens: int | None = None
    retry_after_s: float | None = None


def outcome_of(answer: Answer) -> Outcome:
    """Return what an answer says about the provider.

    A permanent refusal of one call says that the provider works. What merely waits says nothing.
    """
    if isinstance(answer, Reply):
        return Outcome(kind="answered", tokens=_used(answer.content))
    if answer.reason in TOO_MANY:
        return Outcome(kind="objected", tokens=0, retry_after_s=answer.retry_after_s)
    if answer.waiting:
        return Outcome(kind="nothing", tokens=0)
    return Outcome(kind="failed" if answer.transient else "answered", tokens=None if answer.transient else 0)


def tokens_of(call: Call) -> int:
    """Return about how many tokens a call may use: a fourth of its bytes, and all it may say.

    >>> tokens_of(Call(provider="p", request={"system": "x" * 100, "max_tokens": 100}))
    132
    """
    most = call.request.get("max_tokens")
    return len(orjson.dumps(dict(call.request))) // BYTES_PER_TOKEN + (most if isinstance(most, int) else 0)


def _used(content: Mapping[str, Any]) -> int | None:
    usage = content.get("usage")
    if not isinstance(usage, Mapping):
        return None
    counts = [usage.get(name) for name in _COUNTED]
    return sum(count for count in counts if isinstance(count, int) and count > 0)
