"""Message batches of the provider "anthropic": made, looked up, listed and read through its SDK."""

import asyncio
import re
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from prefstream.adapters.models.anthropic import message_body, message_content
from prefstream.adapters.models.exchange import now_ms, refused, unreached, unreadable
from prefstream.schemas.calls import Answer, Call, Failure, Reply
from prefstream.schemas.errors import BadInput

if TYPE_CHECKING:
    from anthropic.types.messages import MessageBatch

_NAME = "anthropic batches"
_PATH = "/v1/messages/batches"
#: Results handed on at once.
CHUNK = 200
#: Longest result that is read, in bytes.
MAX_RESULT_BYTES = 2_000_000
#: Batches asked for in one page of the list.
_PAGE = 100
#: Half of a character beyond the first plane, which no JSON that is kept may hold.
_HALF = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
#: What a request of ours is found again by; the API takes at most 64 characters, a SHA-256 has 64.
_CUSTOM_ID = re.compile(rb'"custom_id"\s*:\s*"([A-Za-z0-9_-]{1,64})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorBatch:
    """A batch as the vendor shows it."""

    vendor_id: str
    ended: bool
    calls: int
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one call of a batch; a failure that is not transient will be the same next time."""

    request_id: str
    answer: Answer


class AnthropicBatches:
    """Talks to the Message Batches API.

    Raises:
        BadInput: There is no key.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None = None,
        timeout_s: float = 120.0,
        clock_ms: Callable[[], int] = now_ms,
    ) -> None:
        if not api_key:
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

    async def create(self, calls: AsyncIterable[Sequence[Call]]) -> VendorBatch | Failure:
        """Create a batch of these calls, each under its request id."""
        from anthropic.types.messages import MessageBatch

        parts = await _parts(calls)
        headers = {"content-type": "application/json", "content-length": str(sum(map(len, parts)))}
        return await self._shown(
            self._client.post(
                _PATH, content=_streamed(parts), cast_to=MessageBatch, options={"headers": headers}
            )
        )

    async def batch(self, vendor_id: str) -> VendorBatch | Failure:
        """Return how a batch stands."""
        return await self._shown(self._client.messages.batches.retrieve(vendor_id))

    async def since(self, moment_ms: int) -> Sequence[VendorBatch] | Failure:
        """Return the batches created since a moment, the newest first."""
        found: list[VendorBatch] = []

        async def read() -> None:
            async for batch in self._client.messages.batches.list(limit=_PAGE):
                shown = _shown(batch)
                if shown.created_ms < moment_ms:
                    return
                found.append(shown)

        failure = await self._tried(read())
        return failure or found

    async def results(
        self, vendor_id: str, take: Callable[[Sequence[Result]], Awaitable[bool]]
    ) -> Failure | None:
        """Hand on the results of a batch that has ended, some at a time, until `take` returns `False`.

        What it was handed before a failure it may be handed again.
        """

        async def read() -> None:
            batches = self._client.messages.batches.with_streaming_response
            async with batches.results(vendor_id) as response:
                chunk: list[Result] = []
                async for line in _lines(response.iter_bytes()):
                    if (result := self._result(line)) is not None:
                        chunk.append(result)
                    if len(chunk) >= CHUNK:
                        if not await take(chunk):
                            return
                        chunk = []
                if chunk:
                    await take(chunk)

        return await self._tried(read(), whole=False)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _shown(self, asked: "Awaitable[MessageBatch]") -> VendorBatch | Failure:
        shown: list[VendorBatch] = []

        async def read() -> None:
            shown.append(_shown(await asked))

        return await self._tried(read()) or shown[0]

    async def _tried(self, work: Awaitable[None], *, whole: bool = True) -> Failure | None:
        """Return why the work failed; `None`: it did not.

        Args:
            work: What talks to the API.
            whole: Whether the time-out is for all of it; else it is for each read.
        """
        sdk = self._sdk
        try:
            async with asyncio.timeout(self._timeout_s if whole else None):
                await work
        except sdk.APIStatusError as error:
            return refused(_NAME, error.status_code, error.message, error.response.headers, secret=self._key)
        except (TimeoutError, sdk.APITimeoutError) as error:
            return unreached(_NAME, "timeout", error, secret=self._key)
        except sdk.APIConnectionError as error:
            return unreached(_NAME, "connection", error.__cause__ or error, secret=self._key)
        except _broken() as error:
            return unreached(_NAME, "connection", error, secret=self._key)
        except (sdk.AnthropicError, ValueError, TypeError, AttributeError) as error:
            return unreadable(_NAME, type(error).__name__)
        return None

    def _result(self, line: bytes) -> Result | None:
        """Return what a line says; `None` where it does not even say of which call."""
        named = _CUSTOM_ID.search(line)
        if named is None:
            return None
        try:
            document = _parsed(line)
            return Result(request_id=document["custom_id"], answer=self._answer(document["result"]))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            answer = unreadable(_NAME, f"a result cannot be read ({type(error).__name__})")
            return Result(request_id=named.group(1).decode(), answer=answer)

    def _answer(self, result: Mapping[str, Any]) -> Answer:
        kind = str(result["type"])
        if kind == "succeeded":
            return Reply(
                content={**message_content(result["message"]), "batched": True}, at_ms=self._clock_ms()
            )
        error = (result.get("error") or {}).get("error") or {}
        final = error.get("type") == "invalid_request_error"
        detail = f"{_NAME}: {kind} {error.get('type', '')} {error.get('message', '')}".strip()
        return Failure(reason=f"batch_{kind}", detail=detail[:300], transient=not final)


def _shown(batch: "MessageBatch") -> VendorBatch:
    counts = batch.request_counts
    return VendorBatch(
        vendor_id=batch.id,
        ended=batch.processing_status == "ended",
        calls=counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired,
        created_ms=int(batch.created_at.timestamp() * 1000),
    )


async def _parts(calls: AsyncIterable[Sequence[Call]]) -> Sequence[bytes]:
    """Return the body of a batch in parts: joined it would be there twice."""
    parts = [b'{"requests":[']
    async for some in calls:
        said = [
            orjson.dumps({"custom_id": call.request_id, "params": message_body(call.request)})
            for call in some
        ]
        parts += [b",".join(said)] if len(parts) == 1 else [b",", b",".join(said)]
    return [*parts, b"]}"]


async def _streamed(parts: Sequence[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the lines of a stream; of one that is too long only the beginning, which names its call."""
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line[:MAX_RESULT_BYTES]
        rest = rest if len(rest) <= 2 * MAX_RESULT_BYTES else rest[:MAX_RESULT_BYTES]
    if rest:
        yield rest[:MAX_RESULT_BYTES]


def _parsed(line: bytes) -> Mapping[str, Any]:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        document = orjson.loads(_HALF.sub(rb"\\ufffd", line))
    if not isinstance(document, dict):
        raise TypeError("a result is an object")
    return document


def _broken() -> tuple[type[Exception], ...]:
    """Return what the SDK's client raises when a stream breaks off."""
    import httpx2

    return httpx2.TransportError, httpx2.StreamError, httpx2.DecodingError, OSError
