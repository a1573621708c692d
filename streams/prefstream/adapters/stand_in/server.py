"""The stand-in's HTTP server: one handler for both APIs, on loopback only."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from aiohttp import web

from prefstream.adapters.stand_in.batch_routes import BATCHES, listed, new_batch, one_batch
from prefstream.adapters.stand_in.fast_lane import FastLane
from prefstream.adapters.stand_in.options import Options
from prefstream.adapters.stand_in.routes import completion, message, models, tokens
from prefstream.adapters.stand_in.state import StandIn
from prefstream.schemas.errors import BadInput

#: Largest body: what the vendor takes for a batch.
MAX_BODY_BYTES = 256 * 1024 * 1024
_ROUTES: dict[tuple[str, str], Callable[[StandIn, web.BaseRequest, bytes], Awaitable[web.StreamResponse]]] = {
    ("POST", "/v1/messages"): message,
    ("POST", "/v1/messages/count_tokens"): tokens,
    ("POST", BATCHES): new_batch,
    ("GET", BATCHES): listed,
    ("POST", "/v1/chat/completions"): completion,
    ("GET", "/v1/models"): models,
}


@asynccontextmanager
async def running(options: Options, *, port: int = 0) -> AsyncIterator[StandIn]:
    """Run a stand-in on loopback for as long as the block lasts; port 0 lets the system choose.

    Raises:
        BadInput: The port is taken.
    """
    stand_in = StandIn(options=options)
    server = web.Server(partial(_handled, stand_in), request_factory=_request, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=0.5)
    await runner.setup()
    listening: asyncio.Server | None = None
    try:
        try:
            listening = await asyncio.get_running_loop().create_server(
                lambda: FastLane(stand_in, server), "127.0.0.1", port, backlog=4096
            )
        except OSError as error:
            raise BadInput(f"port {port} cannot be used: {error.strerror}; leave it out") from error
        stand_in.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield stand_in
    finally:
        if listening is not None:
            listening.close()
        for connection in list(stand_in.connections):
            connection.abort()
        await runner.cleanup()


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY_BYTES)


async def _handled(stand_in: StandIn, request: web.BaseRequest) -> web.StreamResponse:
    path = request.path
    if path.startswith("/_stand_in/"):
        return _told(stand_in, request)
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return stand_in.error(path, 413, "the body is too large")
    if refused := stand_in.refused(request):
        return refused
    if work := _ROUTES.get((request.method, path)):
        return await work(stand_in, request, body)
    if path.startswith(BATCHES):
        return await one_batch(stand_in, request)
    return stand_in.error(path, 404, f"the stand-in has no {request.method} {path}")


def _told(stand_in: StandIn, request: web.BaseRequest) -> web.Response:
    if request.method == "POST" and request.path == "/_stand_in/reset":
        stand_in.reset()
        return stand_in.json({"reset": True})
    if request.path == "/_stand_in/counts":
        told = stand_in.counts.told(every="all" in request.query)
        return stand_in.json(told | {"batches": len(stand_in.batches)})
    return stand_in.error(
        request.path, 404, "the stand-in tells /_stand_in/counts and takes /_stand_in/reset"
    )
