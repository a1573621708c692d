"""A receiver of webhooks on this machine: it keeps what it is sent and answers as it is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answering = Callable[[], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Receiver:
    """What it got, and how it answers."""

    url: str = ""
    got: list[Received] = field(default_factory=list)
    #: Statuses of the answers to come; after them 204.
    statuses: list[int] = field(default_factory=list)
    #: Headers of every answer.
    headers: dict[str, str] = field(default_factory=dict)
    #: While it is not set, nothing is answered.
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        self.got.append(Received(headers=dict(request.headers), body=await request.read()))
        status = self.statuses.pop(0) if self.statuses else 204
        await self.open.wait()
        text = None if status == 204 else "no, since this is a test"
        return web.Response(status=status, text=text, headers=self.headers)


@asynccontextmanager
async def receiving(secure: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Run a receiver on a port that the system chooses."""
    receiver = Receiver()
    receiver.open.set()
    app = web.Application(client_max_size=10**7)
    app.router.add_post("/hook", receiver.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=secure)
    await site.start()
    port = runner.addresses[0][1]
    receiver.url = f"http{'s' if secure else ''}://127.0.0.1:{port}/hook"
    try:
        yield receiver
    finally:
        receiver.open.set()
        await runner.cleanup()
