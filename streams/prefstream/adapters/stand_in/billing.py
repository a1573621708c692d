"""What a stand-in bills: tokens by length, prompt caching by prefix, and every request it was paid for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

#: Shorter prefixes are not cached, as with the vendor's smaller minimum.
LEAST_CACHED_TOKENS = 1024
#: Seconds a cached prefix lasts after its last use.
CACHE_S = 300.0
#: Most prefixes remembered.
_MAX_PREFIXES = 100_000


def tokens_in(size: int) -> int:
    """Return the tokens that so many bytes of text count as.

    >>> tokens_in(0), tokens_in(1), tokens_in(400)
    (0, 1, 100)
    """
    return -(-size // 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTokens:
    """How a prompt is billed."""

    fresh: int
    written: int = 0
    read: int = 0


@dataclass(slots=True)
class PromptCache:
    """Prefixes of prompts that were marked for caching; time is an argument."""

    _until: dict[bytes, float] = field(default_factory=dict)

    def billed(self, request: Mapping[str, Any], now_s: float) -> PromptTokens:
        """Return how a Messages request is billed, and remember the prefixes it marks."""
        breakpoints, total = _breakpoints(request)
        usable = [(digest, tokens) for digest, tokens in breakpoints if tokens >= LEAST_CACHED_TOKENS]
        read = max((tokens for digest, tokens in usable if self._until.get(digest, 0.0) > now_s), default=0)
        last = usable[-1][1] if usable else 0
        if len(self._until) > _MAX_PREFIXES:
            self._until.clear()
        for digest, _ in usable:
            self._until[digest] = now_s + CACHE_S
        return PromptTokens(fresh=total - max(last, read), written=max(0, last - read), read=read)


def prompt_tokens(request: Mapping[str, Any]) -> int:
    """Return the tokens of a whole Messages prompt."""
    return _breakpoints(request)[1]


def _breakpoints(request: Mapping[str, Any]) -> tuple[list[tuple[bytes, int]], int]:
    """Return each marked prefix with its tokens, and the tokens of the whole prompt."""
    digest = blake2b(str(request.get("model")).encode(), digest_size=16)
    found, size = [], 0
    for block, marked in _blocks(request):
        digest.update(block)
        size += len(block)
        if marked:
            found.append((digest.digest(), tokens_in(size)))
    return found, tokens_in(size)


def _blocks(request: Mapping[str, Any]) -> Iterator[tuple[bytes, bool]]:
    """Yield the parts of a prompt in the order in which they are cached: tools, system, messages."""
    for tool in request.get("tools") or ():
        yield orjson.dumps(tool), "cache_control" in tool
    yield from _content(request.get("system") or "")
    for message in request.get("messages") or ():
        yield from _content(message.get("content") or "")


def _content(content: str | Sequence[Mapping[str, Any]]) -> Iterator[tuple[bytes, bool]]:
    if isinstance(content, str):
        yield content.encode(errors="replace"), False
        return
    for block in content:
        text = block.get("text")
        said = text.encode(errors="replace") if isinstance(text, str) else orjson.dumps(block)
        yield said, "cache_control" in block


@dataclass(slots=True)
class Counts:
    """What came in and what was paid for, by the content of the request."""

    requests: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    _came: dict[bytes, int] = field(default_factory=dict)
    _paid: dict[bytes, int] = field(default_factory=dict)

    def came(self, digest: bytes) -> int:
        """Count a request and return how often this one came."""
        self.requests += 1
        self._came[digest] = nth = self._came.get(digest, 0) + 1
        return nth

    def struck(self, fault: str) -> None:
        """Count a fault."""
        self.faults[fault] = self.faults.get(fault, 0) + 1

    def paid(self, digest: bytes) -> None:
        """Count a good answer, which a vendor would bill."""
        self._paid[digest] = self._paid.get(digest, 0) + 1

    def told(self, *, every: bool) -> dict[str, Any]:
        """Return the counts as a document; `every` adds those of each request."""
        more = {digest.hex(): count for digest, count in self._paid.items() if every or count > 1}
        return {
            "requests": self.requests,
            "faults": dict(sorted(self.faults.items())),
            "paid": sum(self._paid.values()),
            "distinct": len(self._paid),
            "paid_more_than_once": sum(1 for count in self._paid.values() if count > 1),
            "by_request": more,
        }
