"""`prefstream protect`: prompts that must not be used, e.g. those of evaluations."""

from typing import Annotated

import typer

from prefstream.cli.console import note, print_json, say

app = typer.Typer(
    help="Keep the prompts of evaluations out; only hashes of them are published.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
Name = Annotated[str, typer.Argument(help="The set's name.")]


@app.command()
def add(
    name: Name,
    file: Annotated[str, typer.Argument(help="Its prompts: JSONL, JSON, CSV, Parquet, or text, one a line.")],
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help="Read a field from this column of the file."),
    ] = None,
    format_name: Annotated[
        str | None, typer.Option("--format", help="jsonl, json, csv or parquet, if the name does not say.")
    ] = None,
    json: Json = False,
) -> None:
    """Protect the prompts of a file; a set of the same name is superseded.

    Example: prefstream protect add exam-2026 exam.jsonl --map prompt=question
    """
    import asyncio

    from prefstream.cli.ingest import named_values
    from prefstream.streams.protected_sets import add_set, document_of, read_set

    chosen = named_values(columns, option="--map")
    note(f"reading {file}")
    found = read_set(name, file, format_name=format_name, columns=chosen)
    fresh = asyncio.run(add_set(found))
    if json:
        print_json({**document_of(found), "published": fresh})
        return
    standing = "protected from now on" if fresh else "protected already"
    say(f"{standing}: {found.set_id}, {found.prompt_count} prompts, {len(found.grams)} runs of 13 words")


@app.command("list")
def list_sets(json: Json = False) -> None:
    """List the protected sets in force.

    Example: prefstream protect list
    """
    import asyncio

    from prefstream.streams.protected_sets import sets_in_force

    found = asyncio.run(sets_in_force())
    if json:
        print_json({"sets": found})
        return
    if not found:
        say("nothing is protected")
    for one in found:
        say(f"  {one['set_id']:<40} {one['prompts']:>9} prompts {one['grams']:>10} runs of 13 words")


@app.command()
def show(name: Name, json: Json = False) -> None:
    """Show one protected set: its id and how much it holds, for its texts are nowhere.

    Example: prefstream protect show exam-2026
    """
    import asyncio

    from prefstream.streams.protected_sets import set_in_force

    found = asyncio.run(set_in_force(name))
    if json:
        print_json(found)
        return
    for key, value in found.items():
        say(f"{key:<8} {value}")


@app.command()
def remove(name: Name, json: Json = False) -> None:
    """Protect a set no more.

    Example: prefstream protect remove exam-2026
    """
    import asyncio

    from prefstream.streams.protected_sets import remove_set

    set_id = asyncio.run(remove_set(name))
    if json:
        print_json({"set_id": set_id, "removed": True})
    else:
        say(f"protected no more: {set_id}")
