"""`prefstream run`: one process of the chain, for whoever supervises processes."""

from typing import Annotated

import typer


def run(
    process: Annotated[str, typer.Argument(help="worker, llm-worker, calibrator, console or sink")],
) -> None:
    """Run one process of the chain until SIGTERM.

    It drains what it has begun and exits with 0; whatever it needs and does not find ends it with 3,
    for its supervisor to start it again.

    Example: prefstream run worker
    """
    import asyncio

    from prefstream.adapters.logging import configure_logging
    from prefstream.adapters.settings import Settings
    from prefstream.schemas.errors import BadInput
    from prefstream.streams.collector import spare_the_collector
    from prefstream.streams.topology import PROCESSES, SUPERVISED

    if process == "console":
        from prefstream.cli.console_command import run_console

        run_console(Settings())
        return
    name = next((known for known in PROCESSES if known == process), None)
    if name is None:
        raise BadInput(f"there is no process {process!r}; there are {', '.join(SUPERVISED)}")
    settings = Settings()
    configure_logging(process=name, level=settings.log_level)
    spare_the_collector()

    async def main() -> None:
        from prefstream.adapters.signals import stop_on_signals
        from prefstream.streams.processes import run_process

        await run_process(name, settings, stop_on_signals())

    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
