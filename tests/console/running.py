"""A console that runs for a test, over real HTTP, with a real database and a real log."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx2
from argon2 import PasswordHasher

from prefstream.adapters.log import LogWriter
from prefstream.adapters.postgres.connection import connect, pool_of
from prefstream.adapters.postgres.console import people, tokens
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.settings import Settings
from prefstream.console.credentials import TOKEN_PREFIX, hash_of
from prefstream.console.parts import Parts
from prefstream.console.server import address_of, listening, serve
from prefstream.domain.people import Role

PARTITIONS = 4
#: Real hashes that cost a test nothing.
_FAST = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """A person of a test, with what they log in with."""

    person_id: str
    role: Role
    password: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of a request by token."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(slots=True, kw_only=True)
class RunningConsole:
    """The console and what it stands on."""

    base_url: str
    pool: asyncpg.Pool
    parts: Parts
    log: PostgresLog
    dsn: str
    _clients: list[httpx2.AsyncClient] = field(default_factory=list)

    def client(self, somebody: Somebody | None = None, **options: Any) -> httpx2.AsyncClient:
        """Return a client, with a person's token or with nothing; it is closed with the console."""
        headers = (somebody.headers if somebody else {}) | options.pop("headers", {})
        one = httpx2.AsyncClient(
            base_url=self.base_url, headers=headers, timeout=30, trust_env=False, **options
        )
        self._clients.append(one)
        return one

    async def logged_in(self, somebody: Somebody) -> httpx2.AsyncClient:
        """Return a client with a person's session, which sends the CSRF token with everything."""
        one = self.client()
        answer = await one.post(
            "/api/v1/session", json={"name": somebody.person_id, "password": somebody.password}
        )
        assert answer.status_code == 204, answer.text
        one.headers["X-CSRF-Token"] = (await one.get("/api/v1/session")).json()["csrf_token"]
        return one

    async def person(
        self,
        role: Role | str = Role.ANNOTATOR,
        *,
        person_id: str = "",
        slices: Sequence[str] = (),
        simulated: bool = False,
        language: str = "en",
    ) -> Somebody:
        """Make a person of a role, with a password and a token."""
        one = Somebody(
            person_id=person_id or f"{role}-{secrets.token_hex(3)}",
            role=Role(role),
            password=secrets.token_urlsafe(16),
            token=TOKEN_PREFIX + secrets.token_urlsafe(32),
        )
        new = people.NewPerson(
            person_id=one.person_id,
            name=one.person_id.title(),
            role=one.role,
            email=f"{one.person_id}@example.org",
            password_hash=_FAST.hash(one.password),
            simulated=simulated,
            language=language,
        )
        async with self.pool.acquire() as connection, connection.transaction():
            assert await people.add(connection, new), f"{one.person_id} is there already"
            await people.set_skills(connection, one.person_id, slices)
            await tokens.issue(
                connection,
                token_hash=hash_of(one.token),
                token_id=secrets.token_hex(8),
                person_id=one.person_id,
                name="test",
                expires_at=None,
            )
        return one

    async def close_clients(self) -> None:
        """Close what `client` opened."""
        for one in self._clients:
            await one.aclose()


def settings_of(dsn: str, **console: Any) -> Settings:
    """Return the settings of a console on a database; values of `console` go before ours."""
    ours = {"secret_key": "the key of a test", "anonymous_per_min": 100_000, "logins_per_min": 10_000}
    ours |= {"requests_per_min": 10_000_000}
    return Settings(postgres={"dsn": dsn}, log="postgres", partitions=PARTITIONS, console=ours | console)


@asynccontextmanager
async def running_console(
    dsn: str, *, writer: LogWriter | None = None, parts: dict[str, Any] | None = None, **console: Any
) -> AsyncIterator[RunningConsole]:
    """Run a console on a port that the system chooses.

    Args:
        dsn: A fresh database.
        writer: Another writer than that of the Postgres log.
        parts: Other values of `Parts`, e.g. `quality`.
        console: Settings of the console.
    """
    connection = await connect(dsn)
    try:
        await upgrade(connection)
    finally:
        await connection.close()
    settings = settings_of(dsn, **console)
    async with AsyncExitStack() as stack:
        log = await PostgresLog.open(dsn, partitions=PARTITIONS)
        stack.push_async_callback(log.close)
        await log.ensure_topics(partitions=PARTITIONS, replication=1)
        pool = await stack.enter_async_context(pool_of(dsn, size=settings.console.connections))
        ours = writer or await log.writer()
        stack.push_async_callback(ours.close)
        values = {"now": lambda: datetime.now(UTC), "secret": lambda: secrets.token_urlsafe(32)}
        whole = Parts(pool=pool, writer=ours, settings=settings, **values | (parts or {}))
        base_url = await stack.enter_async_context(_served(whole))
        running = RunningConsole(base_url=base_url, pool=pool, parts=whole, log=log, dsn=dsn)
        stack.push_async_callback(running.close_clients)
        yield running


@asynccontextmanager
async def _served(parts: Parts) -> AsyncIterator[str]:
    stop = asyncio.Event()
    with closing(listening("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(serve(parts, [listener], stop))
        try:
            await _answers(address_of(listener), serving)
            yield address_of(listener)
        finally:
            stop.set()
            await serving


async def _answers(base_url: str, serving: asyncio.Task[None]) -> None:
    """Wait until it answers; connections made before that are kept until then."""
    async with httpx2.AsyncClient(trust_env=False) as client, asyncio.timeout(20):
        asking = asyncio.create_task(client.get(f"{base_url}/livez"))
        await asyncio.wait({asking, serving}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        assert (await asking).status_code == 200
