"""`prefstream console`: the HTTP API and the pages for people."""

from typing import TYPE_CHECKING, Annotated

import typer

from prefstream.cli.console import note

if TYPE_CHECKING:
    import asyncio

    from prefstream.adapters.settings import Settings


def console(
    host: Annotated[str, typer.Option(help="Address to listen on; empty: as set, 127.0.0.1 else.")] = "",
    port: Annotated[
        int, typer.Option(help="Port; 0 lets the system choose, -1: as set, 8484 else.", min=-1, max=65_535)
    ] = -1,
) -> None:
    """Serve the console until Ctrl-C; `prefstream up` does it too.

    The first person is made by `prefstream people add NAME --role admin`.

    Example: prefstream console --port 8484
    """
    from prefstream.adapters.settings import Settings

    settings = Settings()
    changes = ({"host": host} if host else {}) | ({"port": port} if port >= 0 else {})
    told = settings.console.model_copy(update=changes)
    run_console(settings.model_copy(update={"console": told}))


def run_console(settings: "Settings") -> None:
    """Run the process of the console until SIGTERM or SIGINT.

    Raises:
        BadInput: What it is made of is not installed.
    """
    import asyncio

    from prefstream.adapters.logging import configure_logging

    need_server()
    configure_logging(process="console", level=settings.log_level)
    import uvloop

    async def main() -> None:
        from prefstream.adapters.signals import stop_on_signals

        await _serve(settings, stop_on_signals())

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def need_server() -> None:
    """Make sure that what the console is made of is installed.

    Raises:
        BadInput: It is not.
    """
    from prefstream.schemas.errors import BadInput

    if not server_installed():
        raise BadInput("the console is not installed; run pip install 'prefstream[server]'")


def server_installed() -> bool:
    """Return whether what the console is made of is installed."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("fastapi", "uvicorn", "argon2", "itsdangerous"))


async def _serve(settings: "Settings", stop: "asyncio.Event") -> None:
    import secrets
    from contextlib import AsyncExitStack, closing
    from datetime import UTC, datetime

    from prefstream.adapters.postgres.connection import pool_of
    from prefstream.console.parts import Parts
    from prefstream.console.quality import live_quality
    from prefstream.console.server import address_of, listening, serve
    from prefstream.streams.memory import settle
    from prefstream.streams.places import find_places, open_log

    places = find_places(settings)
    settings = _with_key(settings)
    told = settings.console
    async with AsyncExitStack() as stack:
        main = stack.enter_context(closing(listening(told.host, told.port)))
        listeners = [main]
        if settings.health_port and settings.health_port != told.port:
            listeners.append(stack.enter_context(closing(listening("127.0.0.1", settings.health_port))))
        pool = await stack.enter_async_context(pool_of(places.dsn.get_secret_value(), size=told.connections))
        log = await stack.enter_async_context(open_log(places, partitions=settings.partitions))
        writer = await log.writer()
        stack.push_async_callback(writer.close)
        parts = Parts(
            pool=pool,
            writer=writer,
            settings=settings,
            now=lambda: datetime.now(UTC),
            secret=lambda: secrets.token_urlsafe(32),
            quality=await live_quality(pool, settings.quality),
        )
        note(f"console: {told.public_url or address_of(main)}")
        settle()  # else a search for cycles now and then makes everybody wait for a tenth of a second
        await serve(parts, listeners, stop)


def _with_key(settings: "Settings") -> "Settings":
    """Return the settings with the key that signs cookies, made and kept where none is set."""
    from pydantic import SecretStr

    from prefstream.adapters.local.secret_files import kept_secret

    if settings.console.secret_key.get_secret_value():
        return settings
    key = SecretStr(kept_secret(settings.folder, "console-cookies"))
    told = settings.console.model_copy(update={"secret_key": key})
    return settings.model_copy(update={"console": told})
