"""`prefstream up`: everything on this machine, supervised, with one status view."""

from typing import Annotated

import typer


def up(
    log: Annotated[str, typer.Option(help="kafka or postgres; empty takes the best there is.")] = "",
    plain: Annotated[bool, typer.Option(help="Lines instead of a live view.")] = False,
) -> None:
    """Start what is not configured, create topics and tables, and run all processes until Ctrl-C.

    Data stays in the folder (PREFSTREAM_FOLDER, .prefstream by default) and is there the next time.

    Example: prefstream up --log postgres
    """
    from prefstream.cli.deployment import deployment, settings_with

    with deployment(settings_with(log=log), plain=plain) as running:
        running.watch()
