"""Connections to PostgreSQL, and plain words for what goes wrong with them."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from prefstream.schemas.errors import BadInput, Unavailable

#: Errors that mean the server is away for now; whoever waits may try again.
AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    # What the client says of itself when the server dies in the middle of an exchange.
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
    OSError,
)
#: Errors that two transactions cause each other; trying again settles them.
CLASH = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)

MINIMUM_VERSION = 15

#: A connection, whether of our own or lent by a pool.
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy


def shown(dsn: str) -> str:
    """Return the DSN as host, port and database, fit for messages: no user, no password.

    >>> shown("postgresql://me:secret@db.example:5433/prefs?sslmode=require")
    'db.example:5433/prefs'
    """
    try:
        parts = urlsplit(dsn)
        port = parts.port or 5432
    except ValueError:
        return "the configured address"
    return f"{parts.hostname or 'local socket'}:{port}{parts.path}"


async def connect(dsn: str, *, timeout_s: float = 10.0) -> asyncpg.Connection:
    """Open one connection.

    Raises:
        BadInput: The address cannot be read.
        Unavailable: No server answers, or it refuses us.
    """
    try:
        return await asyncpg.connect(dsn, timeout=timeout_s)
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidPasswordError) as error:
        raise Unavailable(f"PostgreSQL at {shown(dsn)} refuses the user or password: {error}") from error
    except asyncpg.InvalidCatalogNameError as error:
        raise Unavailable(f"PostgreSQL at {shown(dsn)} has no such database: {error}") from error
    except ssl.SSLError as error:
        said = getattr(error, "verify_message", None) or error.reason
        raise Unavailable(f"PostgreSQL at {shown(dsn)} is not who the settings trust: {said}") from error
    except (ValueError, asyncpg.ClientConfigurationError) as error:
        raise BadInput(f"the PostgreSQL address cannot be read: {type(error).__name__}") from error
    except AWAY as error:
        raise Unavailable(_away(dsn, error)) from error


async def open_pool(dsn: str, *, size: int = 8, wait_for_disk: bool = True) -> asyncpg.Pool:
    """Open a pool of connections, after making sure the server is there and new enough.

    Args:
        dsn: Where the server is.
        size: Most connections.
        wait_for_disk: Whether a commit waits until it is durable. Only who can do all of it again
            after a crash of the server may say no.

    Raises:
        Unavailable: No server answers, it refuses us, or it is too old.
    """
    connection = await connect(dsn)
    version = connection.get_server_version().major
    await connection.close()
    if version < MINIMUM_VERSION:
        raise Unavailable(
            f"PostgreSQL at {shown(dsn)} is version {version}; {MINIMUM_VERSION} or newer is needed"
        )
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        command_timeout=60,
        reset=_leave_as_is,
        server_settings={} if wait_for_disk else {"synchronous_commit": "off"},
    )


async def _leave_as_is(_connection: Connection) -> None:
    """Skip the round trip that clears a connection's session: nothing of ours is left in one."""


@asynccontextmanager
async def pool_of(dsn: str, *, size: int = 8, wait_for_disk: bool = True) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool for as long as the block lasts."""
    pool = await open_pool(dsn, size=size, wait_for_disk=wait_for_disk)
    try:
        yield pool
    finally:
        try:
            await asyncio.wait_for(pool.close(), 5)
        except TimeoutError:
            pool.terminate()


def _away(dsn: str, error: BaseException) -> str:
    said = str(error) or type(error).__name__
    return f"PostgreSQL at {shown(dsn)} does not answer ({said}); is it running, and is the address right?"
