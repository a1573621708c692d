"""`prefstream sampling`: which share of each slice's prompts is used."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prefstream.cli.console import note, print_json, say

if TYPE_CHECKING:
    from prefstream.schemas.sampling import SamplingPlan

app = typer.Typer(help="Draw prompts towards target shares of the slices.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]


@app.command()
def plan(  # noqa: PLR0913, PLR0917  (one argument per option, as typer wants it)
    targets: Annotated[
        str,
        typer.Option(
            metavar="SLICE=SHARE,...",
            help="The share each slice shall have; what is left over to 1 goes to all others.",
        ),
    ],
    of: Annotated[str | None, typer.Option(metavar="FILE", help="Count the prompts of this file.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Count the prompts that came in lately.")] = False,
    days: Annotated[float, typer.Option(min=0.001, help="With --live: how many days back.")] = 7.0,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help="Read a field from this column of the file."),
    ] = None,
    constitution: Annotated[
        Path | None, typer.Option(help="With --of: the constitution whose rules give the slices.")
    ] = None,
    name: Annotated[str, typer.Option(help="The plan's name.")] = "sampling",
    seed: Annotated[str, typer.Option(help="Another seed draws other prompts.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the plan here, to be published.")] = None,
    json: Json = False,
) -> None:
    """Reckon from what arrives with which probability a prompt of each slice must be kept.

    Example: prefstream sampling plan --targets code=.3,math=.7 --of prompts.jsonl --out plan.json
    """
    from prefstream.domain.curation.sampling import expected, planned
    from prefstream.streams.sampling_plans import write_plan

    wanted = shares(targets)
    arrivals = _arrivals(of, live=live, days=days, columns=columns, constitution=constitution)
    reckoned = planned(name=name, seed=seed, targets=wanted, arrivals=arrivals)
    if out is not None:
        write_plan(out, reckoned)
    kept = expected(reckoned, arrivals)
    if json:
        print_json({"plan_id": reckoned.id, "plan": reckoned.model_dump(mode="json"), "expected": kept})
        return
    _tell(reckoned, arrivals, kept)
    if out is not None:
        say(f"written to {out}; put it in force: prefstream sampling publish {out}")


@app.command()
def publish(
    file: Annotated[Path, typer.Argument(help="The plan as JSON or YAML.")], json: Json = False
) -> None:
    """Put a sampling plan in force; it supersedes the one before.

    Example: prefstream sampling publish plan.json
    """
    import asyncio

    from prefstream.streams.sampling_plans import publish_plan_file

    plan_id, fresh = asyncio.run(publish_plan_file(file))
    if json:
        print_json({"plan_id": plan_id, "published": fresh})
    else:
        say(f"in force: {plan_id}" if fresh else f"already in force: {plan_id}")


@app.command()
def show(json: Json = False) -> None:
    """Show the sampling plan in force.

    Example: prefstream sampling show
    """
    import asyncio

    from prefstream.streams.sampling_plans import plan_in_force

    found = asyncio.run(plan_in_force())
    if json:
        print_json({"in_force": found})
        return
    if found is None:
        say("no sampling plan is in force: every prompt is kept")
        return
    say(f"in force: {found['plan_id']}, seed {found['seed']!r}")
    for slice_name, probability in sorted(found["keep"].items()):
        say(f"  {slice_name:<24} keeps {probability:.4g}")
    say(f"  {'(all others)':<24} keeps {found['keep_others']:.4g}")


@app.command()
def revoke(reason: Annotated[str, typer.Option(help="Why, for the record.")], json: Json = False) -> None:
    """Take the sampling plan in force out of force: every prompt is kept from now on.

    Example: prefstream sampling revoke --reason "the backlog is worked off"
    """
    import asyncio

    from prefstream.streams.sampling_plans import revoke_plan_in_force

    plan_id = asyncio.run(revoke_plan_in_force(reason))
    if json:
        print_json({"plan_id": plan_id, "revoked": True})
    else:
        say(f"revoked: {plan_id}")


def shares(text: str) -> dict[str, float]:
    """Return what a text of the form SLICE=SHARE,... says.

    >>> shares("code=.3,math=.7")
    {'code': 0.3, 'math': 0.7}

    Raises:
        BadInput: It is not of that form, or a slice occurs twice.
    """
    from prefstream.schemas.errors import BadInput

    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        slice_name, equals, share = part.rpartition("=")
        try:
            value = float(share)
        except ValueError:
            value = float("nan")
        if not equals or not slice_name.strip() or value != value:  # noqa: PLR0124  (NaN alone differs from itself)
            raise BadInput(f"--targets {part!r} is not of the form SLICE=SHARE, e.g. code=.3")
        if slice_name.strip() in found:
            raise BadInput(f"--targets names {slice_name.strip()} twice; choose one share")
        found[slice_name.strip()] = value
    return found


def _arrivals(
    of: str | None, *, live: bool, days: float, columns: list[str] | None, constitution: Path | None
) -> dict[str, int]:
    import asyncio

    from prefstream.adapters.settings import Settings
    from prefstream.cli.ingest import named_values
    from prefstream.cli.progress import ProgressLine
    from prefstream.schemas.errors import BadInput
    from prefstream.streams.sampling_plans import arrivals_in_file, arrivals_live

    if (of is None) == (not live):
        raise BadInput("say what to count: either --of FILE, or --live for what came in lately")
    if of is None:
        return asyncio.run(arrivals_live(Settings(), days=days))
    with ProgressLine("counting") as progress:
        return arrivals_in_file(
            of,
            constitution=constitution,
            columns=named_values(columns, option="--map"),
            on_row=lambda count: progress.show(rows=count, refused=0, share=None),
        )


def _tell(reckoned: "SamplingPlan", arrivals: dict[str, int], kept: dict[str, float]) -> None:
    total, left = sum(arrivals.values()), sum(kept.values())
    say(f"{'slice':<24} {'arrived':>9} {'share':>7} {'keep':>8} {'kept':>9} {'share':>7}")
    for slice_name, count in sorted(arrivals.items()):
        say(_line(slice_name, count, total, reckoned.probability(slice_name), kept[slice_name], left))
    say(f"{'together':<24} {total:>9} {'':>7} {'':>8} {left:>9.0f}")
    for slice_name in reckoned.targets:
        if slice_name not in arrivals:
            note(f"nothing arrived in {slice_name}: its target cannot be met; every prompt of it is kept")
    lost = [name for name in arrivals if not reckoned.probability(name)]
    if lost:
        note(f"nothing of {', '.join(sorted(lost))} is kept, so nothing can be said of it any more")


def _line(slice_name: str, count: int, total: int, keep: float, kept: float, left: float) -> str:
    share = kept / left if left else 0.0
    return f"{slice_name:<24} {count:>9} {count / total:>7.1%} {keep:>8.4f} {kept:>9.0f} {share:>7.1%}"
