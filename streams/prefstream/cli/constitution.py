"""`prefstream constitution`: what people and judges judge by."""

from pathlib import Path
from typing import Annotated

import typer

from prefstream.cli.console import print_json, say

app = typer.Typer(help="Check constitutions and put them in force.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
File = Annotated[Path, typer.Argument(help="The constitution as YAML.")]


@app.command()
def publish(file: File, json: Json = False) -> None:
    """Put a constitution in force; versions are immutable, the content's hash is their identity.

    Example: prefstream constitution publish constitution.yaml
    """
    import asyncio

    from prefstream.streams.commands import publish_constitution_file

    constitution_id, fresh = asyncio.run(publish_constitution_file(file))
    if json:
        print_json({"constitution_id": constitution_id, "published": fresh})
    else:
        say(f"in force: {constitution_id}" if fresh else f"already in force: {constitution_id}")


@app.command()
def check(file: File, json: Json = False) -> None:
    """Read a constitution and say what is wrong with it; exit code 2 when something is.

    Example: prefstream constitution check constitution.yaml
    """
    from prefstream.adapters.constitutions import load_constitution

    constitution = load_constitution(file)
    if json:
        print_json({"constitution_id": constitution.id, "principles": len(constitution.principles)})
    else:
        say(f"{constitution.id}: {len(constitution.principles)} principles, nothing wrong")
