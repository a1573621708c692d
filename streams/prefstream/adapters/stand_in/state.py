"""What a running stand-in remembers, and how every answer of it looks."""

import asyncio
import time
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib.metadata import version
from typing import Any

import orjson
from aiohttp import web

from prefstream.adapters.stand_in import completions, messages
from prefstream.adapters.stand_in.batches import Batch
from prefstream.adapters.stand_in.billing import Counts, PromptCache
from prefstream.adapters.stand_in.options import SLOW_S, SLOWER, Options, fault_of
from prefstream.adapters.stand_in.pace import RequestRate

#: Says in every answer's headers who gave it.
HEADER = "x-prefstream-stand-in"


@dataclass(slots=True)
class StandIn:
    """A running stand-in: what it was asked, what it remembers, where it is."""

    options: Options = field(default_factory=Options)
    url: str = ""
    counts: Counts = field(default_factory=Counts)
    cache: PromptCache = field(default_factory=PromptCache)
    rate: RequestRate = field(default_factory=RequestRate)
    batches: dict[str, Batch] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    #: Connections on the fast lane.
    connections: set[asyncio.Transport] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.headers = {HEADER: version("prefstream")}

    def came(self, digest: bytes) -> str | None:
        """Count a request and return the fault that befalls it."""
        return fault_of(self.options, digest, self.counts.came(digest))

    def drawn(self, digest: bytes) -> bytes:
        """Return what the answer to a request is drawn from: the request and the seed."""
        return blake2b(digest, digest_size=16, key=str(self.options.seed).encode()).digest()

    def reset(self) -> None:
        """Forget everything that was asked."""
        self.counts, self.cache, self.rate = Counts(), PromptCache(), RequestRate()
        self.batches.clear()

    def error(self, path: str, status: int, message: str, **headers: str) -> web.Response:
        """Return an error as the API that was asked words it."""
        api = completions if path in ("/v1/chat/completions", "/v1/models") else messages
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.json(api.error_of(status, message), status=status, headers=told)

    def json(
        self, document: Any, *, status: int = 200, headers: dict[str, str] | None = None
    ) -> web.Response:
        """Return a JSON answer with the headers that every answer has."""
        said = orjson.dumps(document)
        number = f"req_standin_{self.counts.requests:012}"
        told = {**self.headers, "request-id": number, "x-request-id": number, **(headers or {})}
        return web.Response(body=said, status=status, headers=told, content_type="application/json")

    async def struck(self, request: web.BaseRequest, fault: str) -> web.StreamResponse | None:
        """Return the answer that a fault makes; `None`: the request is answered after all."""
        self.counts.struck(fault)
        match fault:
            case "overloaded":
                return self.error(request.path, 529, "overloaded on purpose")
            case "server_error":
                return self.error(request.path, 500, "failed on purpose")
            case "rate_limited":
                return self.error(request.path, 429, "limited on purpose", retry_after="1")
            case "nonsense":
                return self.json({"hello": "this is no answer"})
            case "cut_off":
                return await cut_off(self, request)
            case "slow":
                await asyncio.sleep(max(SLOW_S, self.options.latency_s * SLOWER) - self.options.latency_s)
        return None

    def refused(self, request: web.BaseRequest) -> web.Response | None:
        """Return the refusal of who has no key, or comes too often."""
        options, path = self.options, request.path
        if options.key and _key_of(request) != options.key:
            return self.error(path, 401, "invalid x-api-key")
        if options.revoke_after and self.counts.requests >= options.revoke_after:
            return self.error(path, 401, "this key was revoked")
        wait_s = self.rate.wait_s(time.monotonic(), options.requests_per_minute)
        if wait_s:
            self.counts.struck("rate_limited")
            return self.error(path, 429, "too many requests", retry_after=f"{wait_s:.0f}")
        return None


async def cut_off(stand_in: StandIn, request: web.BaseRequest) -> web.StreamResponse:
    """Begin an answer and hang up."""
    response = web.StreamResponse(headers={**stand_in.headers, "content-type": "application/json"})
    response.content_length = 5000
    await response.prepare(request)
    await response.write(b'{"id": "msg_standin", "content": [')
    hang_up(request)
    return response


def hang_up(request: web.BaseRequest) -> None:
    """Close the connection under an answer."""
    if request.transport is not None:
        request.transport.close()


def digest_of(request: Any) -> bytes:
    """Return the identity of a request, however its keys are ordered."""
    return blake2b(orjson.dumps(request, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def parsed(body: bytes) -> Any:
    """Return what a body says; `None` where it is no JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _key_of(request: web.BaseRequest) -> str:
    bearer = request.headers.get("authorization", "")
    return request.headers.get("x-api-key") or bearer.removeprefix("Bearer ")
