"""`prefstream status`: how far everything is."""

from typing import Annotated, Any

import typer

from prefstream.cli.console import print_json, say


def status(
    json: Annotated[bool, typer.Option("--json", help="One JSON document for machines.")] = False,
) -> None:
    """Show counts per stage, lag per group, dead letters and agreement of the running deployment.

    Example: prefstream status --json
    """
    import asyncio

    from prefstream.adapters.settings import Settings
    from prefstream.streams.spending import told
    from prefstream.streams.status import overview

    seen = asyncio.run(overview(Settings()))
    if json:
        print_json(seen)
        return
    say(f"log: {seen['log']}")
    for name, count in seen["rows"].items():
        say(f"  {name.replace('_', ' '):<18} {count:>10,}")
    say("lag (records not yet read)")
    for group, lag in seen["lag"].items():
        say(f"  {group:<30} {lag:>10,}")
    for budget in seen["budgets"]:
        say(told(budget))
    _say_slices(seen["slices"], seen["agreement"])


def _say_slices(slices: list[dict[str, Any]], agreement: list[dict[str, Any]]) -> None:
    if not slices:
        return
    alphas = {row["slice"]: row for row in agreement if row["statistic"] == "alpha_nominal"}
    say(f"{'slice':<24} {'pairs':>8} {'accepted':>9} {'escalated':>10} {'validated':>10}  alpha among people")
    for one in slices:
        alpha = alphas.get(one["slice"])
        shown = _shown(alpha)
        say(
            f"{one['slice']:<24} {one['pairs']:>8,} {one['accepted']:>9,} {one['escalated']:>10,}"
            f" {one['validated']:>10,}  {shown}"
        )


def _shown(alpha: dict[str, Any] | None) -> str:
    if alpha is None:
        return "no labels yet"
    return (
        f"{alpha['value']:.3f} over {alpha['n']} pairs"
        if alpha["value"] is not None
        else str(alpha["reason"])
    )
