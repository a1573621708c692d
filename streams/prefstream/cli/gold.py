"""`prefstream gold`: questions with a known answer between the work of people."""

from typing import Annotated

import typer

from prefstream.cli.console import note, print_json, say

app = typer.Typer(help="Ask people questions with a known answer between their work.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
Slice = Annotated[str | None, typer.Option("--slice", help="Only this slice.")]
PairIds = Annotated[list[str], typer.Argument(metavar="PAIR_ID...", help="One pair or more.")]
By = Annotated[str, typer.Option(help="Who does it, for the record; empty: the command line.")]


@app.command()
def add(
    pair_ids: PairIds,
    expected: Annotated[
        str, typer.Option(help="A>>, A>, =, B>, B>>, both_bad or unsure; empty: the label that the pair has.")
    ] = "",
    why: Annotated[str, typer.Option(help="What people in training are told.")] = "",
    clause: Annotated[
        list[str] | None, typer.Option(help="A clause that decides it; give it again for more.")
    ] = None,
    by: By = "",
    json: Json = False,
) -> None:
    """Make pairs gold questions; from now on no release takes them and nobody labels them as work.

    Example: prefstream gold add pair-17 --expected "A>" --why "17 times 23 is 391" --clause P1
    """
    import asyncio

    from prefstream.streams.quality_commands import gold_chosen

    chosen = asyncio.run(
        gold_chosen(pair_ids, by=by or None, expected=_verdict(expected), why=why, clauses=clause or ())
    )
    if json:
        print_json({"gold": chosen})
    else:
        say(f"gold questions now: {', '.join(chosen)}")


@app.command("list")
def list_(
    slice_name: Slice = None,
    retired: Annotated[bool, typer.Option("--retired", help="Those too that are asked no more.")] = False,
    json: Json = False,
) -> None:
    """List gold questions with how often each was answered, and how often rightly.

    Example: prefstream gold list --slice code
    """
    import asyncio

    from prefstream.streams.quality_commands import gold

    found = asyncio.run(gold(slice_name=slice_name, active=None if retired else True))
    if json:
        print_json({"gold": found})
        return
    if not found:
        say("there is no gold question; `prefstream gold suggest` names pairs that would make some")
        return
    say(f"{'right':>9}  {'expected':<8}  {'slice':<20}  pair")
    for one in found:
        right = f"{one['correct']}/{one['answers']}"
        mark = "" if one["active"] else "  retired"
        say(f"{right:>9}  {one['expected']:<8}  {one['slice']:<20}  {one['pair_id']}{mark}")


@app.command()
def retire(pair_ids: PairIds, by: By = "", json: Json = False) -> None:
    """Ask questions no more; they stay out of releases, for people were asked them.

    Example: prefstream gold retire pair-17
    """
    import asyncio

    from prefstream.streams.quality_commands import gold_retired

    retired = asyncio.run(gold_retired(pair_ids, by=by or None))
    if json:
        print_json({"retired": retired})
    else:
        say(f"asked no more: {', '.join(retired)}")


@app.command()
def suggest(
    slice_name: Slice = None,
    most: Annotated[int, typer.Option(min=1, help="Pairs that are named.")] = 20,
    take: Annotated[bool, typer.Option("--take", help="Make all of them gold questions.")] = False,
    by: By = "",
    json: Json = False,
) -> None:
    """Name pairs that would make gold questions: adjudicated ones, then those that three people agree on.

    Example: prefstream gold suggest --slice code --most 50
    """
    import asyncio

    from prefstream.streams.quality_commands import gold_chosen, gold_suggested

    found = asyncio.run(gold_suggested(slice_name=slice_name, most=most))
    if take and found:
        asyncio.run(gold_chosen([one["pair_id"] for one in found], by=by or None))
    if json:
        print_json({"suggestions": found, "taken": take})
        return
    if not found:
        say("no pair is decided well enough yet: adjudicated, or by three people who agree")
    for one in found:
        say(f"{one['method']:<13} {one['expected']:<4} {one['slice']:<20}  {one['pair_id']}")
    if take:
        say(f"gold questions now: {len(found)}")
    elif found:
        note("make them gold questions: the same command with --take, or prefstream gold add PAIR_ID")


def _verdict(said: str):  # type: ignore[no-untyped-def]
    """Return the verdict that somebody typed."""
    from prefstream.schemas.errors import BadInput
    from prefstream.schemas.values import Verdict

    try:
        return Verdict(said) if said else None
    except ValueError:
        known = ", ".join(Verdict)
        raise BadInput(f"{said!r} is not a verdict; say one of {known}") from None
