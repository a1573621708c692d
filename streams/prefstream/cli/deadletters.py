"""`prefstream deadletters`: what no stage could handle, and putting it back."""

from typing import Annotated

import typer

from prefstream.cli.console import print_json, say

app = typer.Typer(help="List, show and put back records that no stage could handle.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
Stage = Annotated[str, typer.Option(help="Only those of this stage.")]
Where = Annotated[str, typer.Argument(help="Where the record came from, as topic/partition@offset.")]


@app.command("list")
def list_letters(
    stage: Stage = "",
    limit: Annotated[int, typer.Option(help="At most this many.", min=1)] = 50,
    json: Json = False,
) -> None:
    """List dead letters, the newest first.

    Example: prefstream deadletters list --stage judging
    """
    import asyncio

    from prefstream.streams.dead_letters import listed

    letters = asyncio.run(listed(stage=stage or None, limit=limit))
    if json:
        print_json({"dead_letters": [letter.summary() for letter in letters]})
        return
    if not letters:
        say("no dead letters")
    for letter in letters:
        what = f"{letter.stage}  {letter.reason}  attempt {letter.attempt}"
        say(f"{letter.where}  {what}  {letter.detail[:120]}")


@app.command()
def show(where: Where, json: Json = False) -> None:
    """Show one dead letter with its original bytes and headers.

    Example: prefstream deadletters show pairs.proposed.v1/0@42
    """
    import asyncio

    from prefstream.streams.dead_letters import found

    letters = asyncio.run(found(where))
    if json:
        print_json({"dead_letters": [letter.document() for letter in letters]})
        return
    for letter in letters:
        for name, value in letter.document().items():
            say(f"{name}: {value}")


@app.command()
def redrive(
    where: Annotated[str, typer.Argument(help="topic/partition@offset; empty with --all.")] = "",
    every: Annotated[bool, typer.Option("--all", help="All dead letters of --stage.")] = False,
    stage: Stage = "",
    json: Json = False,
) -> None:
    """Put dead letters back on their topics; the bytes and so the event ids stay the same.

    What was handled meanwhile is recognised by its id and not done twice.

    Example: prefstream deadletters redrive --all --stage judging
    """
    import asyncio

    from prefstream.schemas.errors import BadInput
    from prefstream.streams.dead_letters import put_back

    if bool(where) == every:
        raise BadInput("name one dead letter as topic/partition@offset, or say --all")
    count = asyncio.run(put_back(where=where or None, stage=stage or None))
    if json:
        print_json({"redriven": count})
    else:
        say(f"put back {count}")
