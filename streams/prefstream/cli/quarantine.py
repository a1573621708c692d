"""`prefstream quarantine`: pairs whose findings a person decides."""

from typing import Annotated

import typer

from prefstream.cli.console import note, print_json, say

app = typer.Typer(help="Let pairs with doubtful findings go, or keep them out.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
PairIds = Annotated[list[str], typer.Argument(metavar="PAIR_ID...", help="One pair or more.")]
By = Annotated[str, typer.Option(help="Who decides: a QA lead or an administrator.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the finding.")]
Findings = Annotated[
    list[str] | None,
    typer.Option("--finding", help="Only this finding; give it again for more. Else all that hold the pair."),
]


@app.command("list")
def list_(
    slice_name: Annotated[str | None, typer.Option("--slice", help="Only this slice.")] = None,
    check: Annotated[str | None, typer.Option(help="Only pairs with a finding of this check.")] = None,
    most: Annotated[int, typer.Option(min=1, help="Pairs that are named.")] = 50,
    json: Json = False,
) -> None:
    """List the pairs that wait for a person, longest first, with what was found.

    Example: prefstream quarantine list --check pii
    """
    import asyncio

    from prefstream.domain.checks.policies import known
    from prefstream.streams.quarantine import quarantined

    checked = known(check) if check else None
    found = asyncio.run(quarantined(slice_name=slice_name, check=checked, most=most))
    if json:
        print_json({"quarantined": found})
        return
    if not found:
        say("no pair is in quarantine")
    for one in found:
        say(f"{one['pair_id']}  ({one['slice']}, since {one['resolved_at'][:16]})")
        for name, finding in one["findings"].items():
            say(f"    {name}: {finding}")
    if found:
        note("let one go: prefstream quarantine release PAIR_ID --by NAME --reason WHY")


@app.command()
def release(pair_ids: PairIds, by: By, reason: Reason, finding: Findings = None, json: Json = False) -> None:
    """Let pairs go: their findings stay, with who let them go and why.

    Example: prefstream quarantine release pair-17 --by lea --reason "the address is invented"
    """
    _decide(pair_ids, released=True, by=by, reason=reason, findings=finding or [], json=json)


@app.command()
def reject(pair_ids: PairIds, by: By, reason: Reason, finding: Findings = None, json: Json = False) -> None:
    """Keep pairs out of every release.

    Example: prefstream quarantine reject pair-17 --by lea --reason "a real address"
    """
    _decide(pair_ids, released=False, by=by, reason=reason, findings=finding or [], json=json)


def _decide(
    pair_ids: list[str], *, released: bool, by: str, reason: str, findings: list[str], json: bool
) -> None:
    import asyncio

    from prefstream.streams.quarantine import decided

    done = asyncio.run(decided(pair_ids, released=released, by=by, reason=reason, findings=findings))
    if json:
        print_json({"released" if released else "rejected": done})
    else:
        say(f"{'let go' if released else 'kept out'}: {', '.join(done)}")
