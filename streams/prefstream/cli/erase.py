"""`prefstream erase`: delete a prompt's or a person's content by destroying its keys."""

from typing import Annotated, Any, Literal

import typer

from prefstream.cli.console import note, print_json, say

app = typer.Typer(help="Delete a prompt's or a person's content for good.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
Reason = Annotated[str, typer.Option(help="Why, for the record.")]
By = Annotated[str, typer.Option(help="Who does it, for the record; empty: the command line.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would go; nothing is changed.")]
Scrub = Annotated[
    bool,
    typer.Option(
        "--scrub", help="Write the table of keys anew, so that its file has no old key; the sink waits."
    ),
]


@app.command()
def prompt(
    prompt_id: Annotated[str, typer.Argument(help="The prompt.")],
    reason: Reason,
    by: By = "",
    dry_run: DryRun = False,
    scrub: Scrub = False,
    json: Json = False,
) -> None:
    """Erase a prompt with its responses, judgements, labels' words and tasks.

    Example: prefstream erase prompt prompt-17 --reason "asked for by its author" --by lena --dry-run
    """
    _erase("prompt", prompt_id, reason=reason, by=by, dry_run=dry_run, scrub=scrub, json=json)


@app.command()
def person(
    person_id: Annotated[str, typer.Argument(help="The person.")],
    reason: Reason,
    by: By = "",
    dry_run: DryRun = False,
    scrub: Scrub = False,
    json: Json = False,
) -> None:
    """Erase what a person wrote and who they are; their verdicts stay counted under their id.

    Example: prefstream erase person ben --reason "left, and asked for it" --by lena
    """
    _erase("person", person_id, reason=reason, by=by, dry_run=dry_run, scrub=scrub, json=json)


@app.command()
def show(
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One prompt or person; none: all.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what was erased, when, by whom, and which releases hold it.

    Example: prefstream erase show prompt-17
    """
    import asyncio

    from prefstream.streams.erasure import shown

    found = asyncio.run(shown(id_))
    if json:
        print_json({"erasures": found})
        return
    if not found:
        say("nothing was erased" if id_ is None else f"{id_} was not erased")
    for one in found:
        say(f"{one['at']}  {one['what']} {one['id']}: {one['reason']} (by {one['by_whom']})")
        _say_reach(one)


def _erase(
    what: Literal["prompt", "person"],
    id_: str,
    *,
    reason: str,
    by: str,
    dry_run: bool,
    scrub: bool,
    json: bool,
) -> None:
    import asyncio

    from prefstream.streams.erasure import erased

    told = asyncio.run(erased(what, id_, reason=reason, by=by or None, dry_run=dry_run, scrub=scrub))
    if json:
        print_json(told)
        return
    would = "would be erased" if dry_run else "erased"
    if told["before"] and not told["erased"]:
        say(f"{what} {id_} was erased at {told['before']}; nothing has come since")
    else:
        say(f"{would}: {what} {id_}")
    for table, count in sorted(told["erased"].items()):
        say(f"{count:>9}  {table}")
    _say_reach(told)
    _say_log(told["log"])


def _say_reach(told: dict[str, Any]) -> None:
    say(f"  pairs: {len(told['pairs'])}, tasks: {len(told['tasks'])}")
    if told["releases"]:
        say(f"  releases that hold some of it: {', '.join(told['releases'])}")
        note("withdraw them or cut them anew: prefstream release withdraw RELEASE")


def _say_log(log: dict[str, Any]) -> None:
    if log["kind"] == "postgres":
        for topic, count in log["records"].items():
            say(f"  the log still has {count} records in {topic} until it is trimmed (setting keep_s)")
        return
    ends = {until for until in log["until"].values() if until is not None}
    if ends:
        say(f"  the log still holds it until {max(ends)} at the latest (retention of the topics)")
    for topic in sorted(topic for topic, until in log["until"].items() if until is None):
        say(f"  {topic} is kept for ever: delete its records up to now by kafka-delete-records.sh")
