"""`prefstream db`: the database's schema."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from prefstream.cli.console import print_json, say

if TYPE_CHECKING:
    import asyncpg

app = typer.Typer(help="Bring the database's schema up to date, or see how it stands.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
T = TypeVar("T")


@app.command()
def upgrade(json: Json = False) -> None:
    """Apply the migrations that are missing; several may run at once, one does the work.

    Example: prefstream db upgrade
    """
    from prefstream.adapters.postgres import migrations

    applied = _run(migrations.upgrade)
    if json:
        print_json({"applied": list(applied)})
    else:
        say(f"applied: {', '.join(applied)}" if applied else "nothing to do: the schema is up to date")


@app.command()
def status(json: Json = False) -> None:
    """Show every migration and whether this database has it.

    Example: prefstream db status --json
    """
    from prefstream.adapters.postgres import migrations

    known = _run(migrations.status)
    if json:
        print_json({"migrations": [asdict(one) for one in known]})
        return
    for one in known:
        say(f"{one.number:04}  {'applied' if one.applied else 'missing'}  {one.name}")


def _run(work: "Callable[[asyncpg.Connection], Awaitable[T]]") -> T:
    import asyncio

    from prefstream.adapters.postgres.connection import connect
    from prefstream.adapters.settings import Settings
    from prefstream.streams.places import find_places

    async def main() -> T:
        connection = await connect(find_places(Settings()).dsn.get_secret_value())
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(main())
