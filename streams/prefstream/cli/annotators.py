"""`prefstream annotators`: how people label, and what is done about it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from prefstream.cli.console import note, print_json, say

if TYPE_CHECKING:
    from prefstream.streams.quality_commands import Action

app = typer.Typer(help="See how people label, and act on it.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
Who = Annotated[str, typer.Argument(metavar="NAME", help="The person's id, as labels carry it.")]
Why = Annotated[str, typer.Option(help="Why; the person is told when warned or paused.")]
By = Annotated[str, typer.Option(help="Who does it, for the record; empty: the command line.")]
#: What every log and every time zone can say.
_FIRST_YEAR, _LAST_YEAR = 1970, 9998
Cause = Annotated[str, typer.Option(help="The finding it answers, as `show` names it.")]


@app.command("list")
def list_(json: Json = False) -> None:
    """List who labels, by name: gold record, accuracy by slice, what is proposed. Nobody is ranked.

    Example: prefstream annotators list
    """
    import asyncio

    from prefstream.streams.quality_commands import people

    found = asyncio.run(people())
    if json:
        print_json({"annotators": found})
        return
    if not found:
        say("nobody labels yet; `prefstream people add NAME` lets somebody in")
        return
    say(f"{'name':<24}  {'gold':>14}  {'accuracy':<32}  proposed")
    for one in found:
        proposed = ", ".join(dict.fromkeys(step["action"] for step in one["proposals"]))
        say(f"{one['person_id']:<24}  {_gold(one['gold']):>14}  {_slices(one):<32}  {proposed}".rstrip())


@app.command()
def show(name: Who, json: Json = False) -> None:
    """Show how somebody labels, what was found, what is proposed and what was done.

    Example: prefstream annotators show ada
    """
    import asyncio

    from prefstream.streams.quality_commands import person

    found = asyncio.run(person(name))
    if json:
        print_json(found)
        return
    state = "paused" if found["paused"] else "in training" if found["training_left"] else "at work"
    say(f"{found['person_id']} ({found['role']}): {state}")
    say(f"  gold: {_gold(found['gold'])}")
    for one in found["slices"]:
        say(f"  {one['slice']}: accuracy {one['accuracy']:.2f} over {one['labels']} labels")
    for one in found["habits"]:
        say(f"  habit: {one['kind'].replace('_', ' ')}, {one['shown']} of {one['labels']} labels")
    for one in found["proposals"]:
        say(f'  proposed: {one["action"]}: {one["why"]} (--cause "{one["cause"]}")')
    for one in found["actions"]:
        say(f"  {one['at']:%Y-%m-%d %H:%M}  {one['action']} by {one['by_whom']}: {one['why']}")


@app.command()
def calibration(
    week: Annotated[str | None, typer.Argument(help="ISO week, e.g. 2026-W47; left out: the latest.")] = None,
    json: Json = False,
) -> None:
    """Show a week's calibration set: how people and judges did, against others and against themselves.

    Example: prefstream annotators calibration 2026-W47
    """
    import asyncio

    from prefstream.streams.quality_commands import week as week_now

    found = asyncio.run(week_now(week))
    if json:
        print_json(found)
        return
    say(f"{found['week']}: {len(found['items'])} pairs, anchors from {found['earlier'] or 'no earlier set'}")
    say(f"{'name':<32}  {'right':>7}  {'against others':<24}  {'drift':<24}  anchors")
    for one in found["figures"]:
        anchors = one["anchors"]
        told = f"-{anchors['lost']} +{anchors['gained']} of {anchors['items']}" if anchors["items"] else "-"
        name = f"{one['annotator']} (judge)" if one["judge"] else one["annotator"]
        right = f"{one['right']}/{one['answered']}"
        against, drift = _figure(one["against_others"]), _figure(one["drift"])
        say(f"{name:<32}  {right:>7}  {against:<24}  {drift:<24}  {told}")


@app.command()
def warn(name: Who, why: Why, cause: Cause = "", by: By = "", json: Json = False) -> None:
    """Tell somebody something with their next task.

    Example: prefstream annotators warn ada --why "Please read both responses to their end."
    """
    _act(name, "warn", why=why, cause=cause, by=by, json=json)


@app.command()
def pause(
    name: Who,
    why: Why,
    hours: Annotated[
        float | None,
        typer.Option(min=0.01, max=100_000, help="For how long; left out: until resumed."),
    ] = None,
    cause: Cause = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Give somebody no more tasks for a while; what they have labelled stays.

    Example: prefstream annotators pause ada --why "a rest is due" --hours 12
    """
    _act(name, "pause", why=why, cause=cause, by=by, json=json, hours=hours)


@app.command()
def resume(name: Who, why: Why, by: By = "", json: Json = False) -> None:
    """Give somebody tasks again who was paused or in training.

    Example: prefstream annotators resume ada --why "we talked"
    """
    _act(name, "resume", why=why, by=by, json=json)


@app.command()
def retrain(name: Who, why: Why, cause: Cause = "", by: By = "", json: Json = False) -> None:
    """Let somebody answer training questions, with the reasons told, before work goes on.

    Example: prefstream annotators retrain ada --why "the rubric has changed"
    """
    _act(name, "retrain", why=why, cause=cause, by=by, json=json)


@app.command()
def withdraw(
    name: Who,
    why: Why,
    cause: Cause = "",
    after: Annotated[
        str, typer.Option(help="Labels given after this instant, e.g. 2026-11-01T00:00:00Z.")
    ] = "",
    everything: Annotated[bool, typer.Option("--everything", help="All labels of the person.")] = False,
    by: By = "",
    json: Json = False,
) -> None:
    """Let labels of somebody count no more; they stay in the log, and what rested on them is open again.

    Example: prefstream annotators withdraw ada --why "gold answers are wrong" --after 2026-11-01T00:00:00Z
    """
    _act(
        name, "withdraw", why=why, cause=cause, by=by, json=json, after=_instant(after), everything=everything
    )


def _act(
    name: str, action: "Action", *, why: str, by: str, json: bool, hours: float | None = None, **more: Any
) -> None:
    """Do something about somebody; `more` says which finding it answers, and which labels are meant."""
    import asyncio

    from prefstream.adapters.postgres.console.quality_acts import WantedAct
    from prefstream.streams.quality_commands import acted

    wanted = WantedAct(person_id=name, action=action, why=why, by=by or None, **more)
    found = asyncio.run(acted(wanted, hours=hours))
    if json:
        print_json(found)
    elif not found["done"]:
        say(f"{name}: this was done before")
    else:
        say(f"{name}: {action}" + (f", {found['labels']} labels" if action == "withdraw" else ""))
        note("the log is told by the console; it must run")


def _instant(said: str):  # type: ignore[no-untyped-def]
    from datetime import datetime

    from prefstream.schemas.errors import BadInput

    if not said:
        return None
    try:
        instant = datetime.fromisoformat(said)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None or not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise BadInput(f"{said!r} is no instant with its time zone; write it as 2026-11-01T00:00:00Z")
    return instant


def _gold(gold: dict[str, Any]) -> str:
    return f"{gold['right']}/{gold['answers']} {gold['standing']}" if gold["answers"] else "not asked"


def _slices(one: dict[str, Any]) -> str:
    return ", ".join(f"{row['slice']} {row['accuracy']:.2f}" for row in one["slices"][:3])


def _figure(statistic: dict[str, Any]) -> str:
    if statistic["value"] is None:
        return "-"
    if statistic["low"] is None:
        return f"{statistic['value']:+.2f}"
    return f"{statistic['value']:+.2f} ({statistic['low']:+.2f} to {statistic['high']:+.2f})"
