"""The sender of webhooks: makes deliveries of what the archive gains, and sends what is due.

It keeps nothing that is not in the database, so several may run, and one that was killed goes on where it
was: a delivery whose end nobody noted is sent again under the same id.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import SystemRandom
from typing import Protocol

import asyncpg
import structlog

from prefstream.adapters.postgres.connection import AWAY
from prefstream.adapters.postgres.console import webhook_deliveries as deliveries
from prefstream.adapters.postgres.console.webhook_deliveries import Due
from prefstream.adapters.postgres.console.webhook_endpoints import active, disable, signing_secrets
from prefstream.adapters.postgres.console.webhook_filling import fill
from prefstream.adapters.settings import WebhookSettings
from prefstream.adapters.webhooks.calls import Caller
from prefstream.adapters.webhooks.signatures import signed_headers
from prefstream.console.parts import Parts
from prefstream.domain.exchange.webhook_retries import Answer, verdict_on
from prefstream.schemas.errors import Unavailable

log = structlog.get_logger(__name__)

_SWEEP_EVERY = timedelta(hours=1)


class Calls(Protocol):
    """Whoever posts to receivers."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a body and return what came of it, whatever that is."""
        ...


@dataclass(slots=True, kw_only=True)
class WebhookSender:
    """Makes and sends deliveries."""

    pool: asyncpg.Pool
    calls: Calls
    settings: WebhookSettings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    chance: Callable[[], float] = SystemRandom().random
    delivered: int = 0
    refused: int = 0
    _under_way: dict[asyncio.Task[None], str] = field(default_factory=dict)
    _swept_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    async def run(self, stop: asyncio.Event) -> None:
        """Make and send until `stop` is set; calls under way are waited for.

        Raises:
            Unavailable: The database is away.
        """
        try:
            while not stop.is_set():
                more = await self.step()
                await self._pause(stop, 0.0 if more else self.settings.every_s)
        except AWAY as error:
            raise Unavailable(f"webhooks: the database is away: {error or type(error).__name__}") from error
        finally:
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def step(self) -> bool:
        """Make what is to be told, begin what is due, and return whether there is more to do at once."""
        _, more = await fill(self.pool)
        now = self.clock()
        due = await deliveries.claim(
            self.pool, await self._room(), now=now, lost_after_s=4 * self.settings.timeout_s
        )
        secrets = await signing_secrets(self.pool, [one.endpoint_id for one in due])
        for one in due:
            task = asyncio.create_task(self._send(one, secrets.get(one.endpoint_id, ())))
            self._under_way[task] = one.endpoint_id
            task.add_done_callback(self._ended)
        if now - self._swept_at > _SWEEP_EVERY:
            await deliveries.sweep(self.pool, before=now - timedelta(days=self.settings.keep_days))
            self._swept_at = now
        return more

    async def settled(self) -> None:
        """Wait until no call is under way."""
        while self._under_way:
            await asyncio.gather(*self._under_way)

    async def _room(self) -> dict[str, int]:
        busy = list(self._under_way.values())
        return {name: self.settings.at_once - busy.count(name) for name in await active(self.pool)}

    async def _send(self, due: Due, secrets: Sequence[str]) -> None:
        now = self.clock()
        if secrets:
            headers = signed_headers(
                message_id=due.message_id, timestamp_s=int(now.timestamp()), body=due.body, secrets=secrets
            )
            answer = await self.calls.post(due.url, due.body, {**headers, "user-agent": "prefstream"})
        else:
            answer = Answer(status=None, error="the endpoint has no secret; rotate it to give it one")
        await self._settle(due, answer)

    async def _settle(self, due: Due, answer: Answer) -> None:
        now = self.clock()
        verdict = verdict_on(answer, attempts=due.attempts, now=now, chance=self.chance())
        if verdict.disables:
            await disable(self.pool, due.endpoint_id, "the receiver answered 410 Gone")
        await deliveries.settle(self.pool, due, answer, verdict, now=now)
        if verdict.state == "delivered":
            self.delivered += 1
            return
        self.refused += 1
        log.warning(
            "webhook.refused",
            endpoint_id=due.endpoint_id,
            message_id=due.message_id,
            status=answer.status,
            attempts=due.attempts,
            state=verdict.state,
        )

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if not task.cancelled() and task.exception() is not None:
            # What is due again by itself when its time is up.
            log.error("webhook.unsettled", error=repr(task.exception()))

    async def _pause(self, stop: asyncio.Event, seconds: float) -> None:
        """Wait, but no longer than until a place becomes free where all that was due was not taken."""
        waiting = [asyncio.create_task(stop.wait()), *self._under_way]
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        waiting[0].cancel()


async def send_webhooks(parts: Parts, stop: asyncio.Event) -> None:
    """Send webhooks beside a console until `stop` is set."""
    settings = parts.settings.webhooks
    calls = Caller(allow_private=settings.allow_private, timeout_s=settings.timeout_s)
    sender = WebhookSender(pool=parts.pool, calls=calls, settings=settings, clock=parts.now)
    await sender.run(stop)
