"""`prefstream alerts`: what asks somebody to act, and what was done about it."""

from typing import Annotated, Any

import typer

from prefstream.cli.console import note, print_json, say

app = typer.Typer(help="See what asks somebody to act, take it in hand, or silence it.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
Slice = Annotated[str | None, typer.Option("--slice", help="Only this slice.")]
Who = Annotated[str, typer.Argument(metavar="ALERT_ID", help="Its id, or enough of its beginning.")]
Why = Annotated[str, typer.Option(help="Why, for the record.")]
By = Annotated[str, typer.Option(help="Who does it, for the record; empty: the command line.")]


@app.command("list")
def list_(
    slice_name: Slice = None,
    every: Annotated[bool, typer.Option("--all", help="Those too that are over or silenced.")] = False,
    json: Json = False,
) -> None:
    """List open alerts, the gravest first.

    Example: prefstream alerts list --slice law
    """
    import asyncio

    from prefstream.streams.alert_commands import listed

    found = asyncio.run(listed(slice_name=slice_name, cleared=every))
    if json:
        print_json(found)
        return
    silenced = [one for one in found["alerts"] if one["silenced_until"]]
    shown = found["alerts"] if every else [one for one in found["alerts"] if not one["silenced_until"]]
    if not shown:
        say("no alert is open" if not silenced else "no alert is open but silenced ones")
    for one in shown:
        say(_line(one))
    if silenced and not every:
        note(f"{len(silenced)} silenced; prefstream alerts list --all shows them")
    for one in found["silences"]:
        note(
            f"silence {one['n']}: {one['rule'] or 'every rule'} in {one['slice'] or 'every slice'} until "
            f"{one['until']:%Y-%m-%d %H:%M} UTC: {one['why']}"
        )


@app.command()
def show(
    alert_id: Who,
    pairs: Annotated[int, typer.Option(min=1, max=1000, help="Pairs that are named.")] = 20,
    json: Json = False,
) -> None:
    """Show one alert: what was found, what is asked for, whom and which pairs to look at.

    Example: prefstream alerts show 1f0c
    """
    import asyncio

    from prefstream.streams.alert_commands import shown

    found = asyncio.run(shown(alert_id, pairs=pairs))
    if json:
        print_json(found)
        return
    say(_line(found))
    say(f"found:   {found['detail']}")
    say(f"do:      {found['action']}")
    if found["annotators"]:
        say(f"people:  {', '.join(found['annotators'])}")
    if found["clauses"]:
        cited = ", ".join(f"{one['clause']} ({one['labels']})" for one in found["clauses"])
        say(f"clauses: {cited}")
    if found["runbook"]:
        say(f"runbook: {found['runbook']}")
    say(f"all:     {found['console']}")
    for one in found["pairs"]:
        say(f"pair     {one['pair_id']}  {one['console']}")


@app.command()
def ack(alert_id: Who, why: Why = "", by: By = "", json: Json = False) -> None:
    """Take an alert in hand; it clears by itself when its cause is over.

    Example: prefstream alerts ack 1f0c --why "calibration session on Monday"
    """
    import asyncio

    from prefstream.streams.alert_commands import acknowledged

    found = asyncio.run(acknowledged(alert_id, by=by or None, why=why))
    if json:
        print_json(found)
        return
    who = found["acknowledged_by"] or "the command line"
    say(f"in hand since {found['acknowledged_at']:%Y-%m-%d %H:%M} UTC by {who}")


@app.command()
def silence(
    rule: Annotated[str | None, typer.Option(help="Alerts of this rule.")] = None,
    slice_name: Annotated[str | None, typer.Option("--slice", help="Alerts of this slice.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=2160, help="For how long.")] = 24.0,
    end: Annotated[int | None, typer.Option(help="End the silence of this number instead.")] = None,
    why: Why = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Hide alerts of a rule, a slice or both for a while; they are raised all the same.

    Example: prefstream alerts silence --rule starvation --slice law --hours 48 --why "holiday"
    """
    import asyncio

    from prefstream.streams.alert_commands import ended, silenced

    if end is not None:
        asyncio.run(ended(end, by=by or None))
        if json:
            print_json({"ended": end})
        else:
            say(f"silence {end} is over")
        return
    told = asyncio.run(silenced(rule=rule, slice_name=slice_name, hours=hours, by=by or None, why=why))
    if json:
        print_json(told)
    else:
        say(f"silence {told['n']} until {told['until']:%Y-%m-%d %H:%M} UTC")


@app.command()
def rules(json: Json = False) -> None:
    """List the rules with their bounds, as the settings state them.

    Example: prefstream alerts rules
    """
    from prefstream.streams.alert_commands import rules as stated

    found = stated()
    if json:
        print_json(found)
        return
    for one in found["rules"]:
        say(f"{one['name']:<22} {_bounds(one)}")
        say(f"{'':<22} {one['title']}; see {one['runbook']}")
    say(f"change bounds by PREFSTREAM_ALERTS__BOUNDS; these are {found['id']}")


def _line(one: dict[str, Any]) -> str:
    """Return an alert in one line."""
    state = "open" if one["open"] else "over"
    if one["open"] and one["acknowledged_at"]:
        state = "in hand"
    if one["silenced_until"]:
        state += ", silenced"
    what = one["rule"] or one["statistic"]
    return (
        f"{one['severity']:<8}  {what:<22}  {one['slice']:<20}  {one['raised_at']:%Y-%m-%d %H:%M}  "
        f"{one['alert_id'][:8]}  {state}"
    )


def _bounds(one: dict[str, Any]) -> str:
    if not one["levels"]:
        return "off: it has no bound, or is turned off"
    bounds = ", ".join(f"{level['severity']} {one['side']} {level['bound']:g}" for level in one["levels"])
    least = f", from {one['min_n']} on" if one["min_n"] > 1 else ""
    return f"{one['statistic']} ({one['reads']}, {one['look']}{least}): {bounds}"
