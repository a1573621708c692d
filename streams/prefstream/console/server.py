"""The server of the console: uvicorn on the console's port, and on that for health."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager

import structlog
import uvicorn

from prefstream.console.app import create_app
from prefstream.console.parts import Parts
from prefstream.schemas.errors import BadInput, Unavailable

log = structlog.get_logger(__name__)

_DRAIN_S = 10
_LOOPBACK = "127.0.0.1"
#: Connections that wait to be accepted.
_BACKLOG = 2048


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        BadInput: There is no such address here.
        Unavailable: The port is taken.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except socket.gaierror as error:
        raise BadInput(
            f"the console cannot listen on {host!r}: {error.strerror}; correct the host"
        ) from error
    except OSError as error:
        raise Unavailable(
            f"the console cannot listen on {host} port {port} ({error.strerror}); "
            "set PREFSTREAM_CONSOLE__PORT to another port, 0 lets the system choose"
        ) from error


def address_of(listener: socket.socket) -> str:
    """Return the address of the console as people type it."""
    host, port = listener.getsockname()[:2]
    host = _LOOPBACK if host in {"0.0.0.0", "::"} else host  # noqa: S104  it is compared, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(parts: Parts, listeners: Sequence[socket.socket], stop: asyncio.Event) -> None:
    """Answer on these sockets until `stop` is set; requests under way are answered."""
    console = parts.settings.console
    config = uvicorn.Config(
        create_app(parts),
        ws="websockets-sansio",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=console.at_once,
        timeout_graceful_shutdown=_DRAIN_S,
        h11_max_incomplete_event_size=65_536,
        proxy_headers=bool(console.trusted_proxies),
        forwarded_allow_ips=console.trusted_proxies,
    )
    server = _Server(config)
    async with AsyncExitStack() as stack:
        serving = asyncio.create_task(server.serve(sockets=list(listeners)))
        stack.callback(serving.cancel)
        stopping = asyncio.create_task(stop.wait())
        stack.callback(stopping.cancel)
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        parts.feed.close()
        server.should_exit = True
        await serving
