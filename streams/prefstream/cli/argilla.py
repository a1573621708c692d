"""`prefstream argilla`: people label in Argilla, by files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prefstream.cli.console import note, print_json, say

if TYPE_CHECKING:
    from prefstream.streams.argilla_files import Exported, Imported

app = typer.Typer(
    help="Write pairs as Argilla records and read what people answered there.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
#: Refusals that are shown; --json has more of them.
_SHOWN = 20
_REFUSED = 2


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="A .json file (one array) or .jsonl (a line each).")],
    slice_: Annotated[str, typer.Option("--slice", help="Only this slice.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also pairs that nobody is asked for.")] = False,
    suggestions: Annotated[
        bool,
        typer.Option("--suggestions", help="Show the judge's verdict; labels are then no check on it."),
    ] = False,
    labels: Annotated[
        bool, typer.Option("--labels", help="Write what people said already as responses.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    json: Json = False,
) -> None:
    """Write pairs that wait for people as Argilla records, and say what records cannot hold.

    Example: prefstream argilla export pairs.jsonl --slice law
    """
    import asyncio

    from prefstream.adapters.postgres.connection import pool_of
    from prefstream.adapters.settings import Settings
    from prefstream.streams.argilla_files import Chosen, write_records
    from prefstream.streams.places import find_places

    chosen = Chosen(slice=slice_ or None, every=every, suggestions=suggestions, labels=labels, limit=limit)

    async def main() -> "Exported":
        async with pool_of(find_places(Settings()).dsn.get_secret_value(), size=1) as pool:
            return await write_records(pool, file, chosen)

    done = asyncio.run(main())
    if json:
        print_json(_exported(file, done))
        return
    say(
        f"written: {file}, {done.records} records, {done.suggestions} suggestions, {done.responses} responses"
    )
    for name, count in sorted(done.lost.items()):
        note(f"not in the records, which have no place for it: {name} of {count} labels")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Records as Argilla writes them: .json or .jsonl.")],
    users: Annotated[
        Path | None, typer.Option(help='A JSON file {"USER ID": "PERSON"}; else they are argilla:USER ID.')
    ] = None,
    provenance: Annotated[str, typer.Option(help="real, recorded, offline or simulated.")] = "real",
    json: Json = False,
) -> None:
    """Read submitted responses as labels; the same file again changes nothing. Exit code 2 on refusals.

    Example: prefstream argilla import answered.json --users users.json
    """
    import asyncio
    from datetime import UTC, datetime

    from prefstream.adapters.postgres.connection import pool_of
    from prefstream.adapters.settings import Settings
    from prefstream.schemas.errors import BadInput
    from prefstream.schemas.values import Provenance
    from prefstream.streams.argilla_files import read_records, read_users
    from prefstream.streams.places import find_places, open_log

    if provenance not in list(Provenance):
        raise BadInput(f"there is no provenance {provenance!r}; it is one of {', '.join(Provenance)}")
    named, settings = read_users(users), Settings()
    places = find_places(settings)

    async def main() -> "Imported":
        async with (
            pool_of(places.dsn.get_secret_value(), size=2) as pool,
            open_log(places, partitions=settings.partitions) as log,
        ):
            writer = await log.writer()
            try:
                return await read_records(
                    pool,
                    writer,
                    file,
                    now=datetime.now(UTC),
                    users=named,
                    provenance=Provenance(provenance),
                )
            finally:
                await writer.close()

    done = asyncio.run(main())
    if json:
        print_json(_imported(file, done))
    else:
        _tell(file, done)
    if done.refused:
        raise typer.Exit(_REFUSED)


def _exported(file: Path, done: "Exported") -> dict[str, Any]:
    return {
        "file": str(file),
        "records": done.records,
        "suggestions": done.suggestions,
        "responses": done.responses,
        "lost": dict(done.lost),
    }


def _imported(file: Path, done: "Imported") -> dict[str, Any]:
    return {
        "file": str(file),
        "records": done.records,
        "labels": done.labels,
        "known": done.known,
        "unfinished": done.unfinished,
        "refused": done.refused,
        "refusals": [{"line": line, "reason": reason} for line, reason in done.findings],
    }


def _tell(file: Path, done: "Imported") -> None:
    for line, reason in done.findings[:_SHOWN]:
        note(f"{file}:{line}: {reason}")
    if done.refused > _SHOWN:
        note(f"... and {done.refused - _SHOWN} more refused; --json shows up to a thousand")
    say(
        f"read {done.records} records of {file}: {done.labels} labels, {done.known} known already,"
        f" {done.unfinished} drafts or discarded, {done.refused} refused"
    )
