"""The calls of the message batches API."""

import asyncio
import time
from contextlib import suppress
from hashlib import blake2b
from typing import Any

from aiohttp import web

from prefstream.adapters.stand_in.batches import Batch, answered
from prefstream.adapters.stand_in.batches import refusal as batch_refusal
from prefstream.adapters.stand_in.messages import message_of, refusal
from prefstream.adapters.stand_in.options import share_of
from prefstream.adapters.stand_in.state import StandIn, digest_of, hang_up, parsed

BATCHES = "/v1/messages/batches"
#: Requests of a batch that are answered, and results sent, before others get a turn.
_TURN = 100


async def new_batch(stand_in: StandIn, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
    """Create a batch: it is there half-way between request and answer, so that either side can crash."""
    asked = parsed(body)
    if why := batch_refusal(asked):
        return stand_in.error(request.path, 400, why)
    digest = blake2b(body, digest_size=16).digest()
    fault = stand_in.came(digest)
    await asyncio.sleep(stand_in.options.latency_s)
    if fault in ("server_error", "rate_limited", "overloaded"):
        told = await stand_in.struck(request, fault)
        assert told is not None
        return told
    now_s = time.time()
    batch_id = f"msgbatch_standin_{len(stand_in.batches) + 1:06}"
    batch = Batch(batch_id=batch_id, created_s=now_s, ends_s=now_s + stand_in.options.batch_s)
    stand_in.batches[batch_id] = batch
    work = answered(batch, asked["requests"], stand_in.options, lambda params: _performed(stand_in, params))
    for number, _ in enumerate(work):
        if number % _TURN == 0:
            await asyncio.sleep(0)
    await asyncio.sleep(stand_in.options.latency_s)
    if fault and (told := await stand_in.struck(request, fault)) is not None:
        return told
    return stand_in.json(batch.document(time.time(), stand_in.url))


def _performed(stand_in: StandIn, params: Any) -> tuple[dict[str, Any] | None, str]:
    if why := refusal(params):
        return None, why
    digest = digest_of(params)
    stand_in.counts.came(digest)
    stand_in.counts.paid(digest)
    billed = stand_in.cache.billed(params, time.monotonic())
    return message_of(params, stand_in.drawn(digest), billed, tier="batch"), ""


async def listed(stand_in: StandIn, request: web.BaseRequest, _body: bytes) -> web.StreamResponse:
    """List batches, the newest first."""
    newest = [*reversed(stand_in.batches.values())]
    after = request.query.get("after_id")
    ids = [batch.batch_id for batch in newest]
    start = ids.index(after) + 1 if after in ids else 0
    limit = int(request.query.get("limit") or 20)
    shown = newest[start : start + limit]
    now_s = time.time()
    return stand_in.json(
        {
            "data": [batch.document(now_s, stand_in.url) for batch in shown],
            "has_more": start + limit < len(newest),
            "first_id": shown[0].batch_id if shown else None,
            "last_id": shown[-1].batch_id if shown else None,
        }
    )


async def one_batch(stand_in: StandIn, request: web.BaseRequest) -> web.StreamResponse:
    """Show, cancel or read one batch."""
    batch_id, _, action = request.path.removeprefix(f"{BATCHES}/").partition("/")
    batch = stand_in.batches.get(batch_id)
    if batch is None:
        return stand_in.error(request.path, 404, f"there is no batch {batch_id}")
    now_s = time.time()
    match request.method, action:
        case "GET", "":
            return stand_in.json(batch.document(now_s, stand_in.url))
        case "POST", "cancel":
            batch.cancel(now_s)
            return stand_in.json(batch.document(now_s, stand_in.url))
        case "GET", "results" if batch.ended(now_s):
            return await _results(stand_in, request, batch)
        case "GET", "results":
            return stand_in.error(request.path, 404, f"batch {batch_id} has not ended")
        case _:
            return stand_in.error(request.path, 404, f"a batch has no {action}")


async def _results(stand_in: StandIn, request: web.BaseRequest, batch: Batch) -> web.StreamResponse:
    """Send the results; a share of the downloads breaks off half-way."""
    batch.downloads += 1
    options = stand_in.options
    share = share_of(options.seed, batch.batch_id.encode(), b"results", str(batch.downloads).encode())
    breaks = "cut_off" in options.faults and share < options.error_rate
    response = web.StreamResponse(headers={**stand_in.headers, "content-type": "application/x-jsonl"})
    response.content_length = sum(map(len, batch.lines))
    await response.prepare(request)
    last = len(batch.lines) // 2 if breaks else len(batch.lines)
    # Who asked may be gone in the middle: a crash is what this is for.
    with suppress(ConnectionError):
        for start in range(0, last, _TURN):
            await response.write(b"".join(batch.lines[start : min(start + _TURN, last)]))
    if breaks:
        stand_in.counts.struck("cut_off")
        hang_up(request)
    return response
