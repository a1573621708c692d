"""`prefstream cost`: what was spent on what, and what it bought."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from prefstream.cli.console import note, print_json, say

_BYS = ("day", "slice", "judge", "model", "purpose", "pair")
_BAR = 24
#: Seconds after which a command that is still busy says so.
_PATIENCE_S = 2.0


def cost(
    by: Annotated[str, typer.Option(help="day, slice, judge, model, purpose or pair.")] = "day",
    days: Annotated[int, typer.Option(min=1, max=36500, help="How many days back.")] = 7,
    plot: Annotated[Path | None, typer.Option(help="Also draw it into this PNG file.")] = None,
    human_usd_per_hour: Annotated[
        str | None, typer.Option(help="What an hour of an annotator costs, to compare with.")
    ] = None,
    human_minutes: Annotated[
        str | None, typer.Option(help="Minutes a label takes; else the mean of those that were measured.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document for machines.")] = False,
) -> None:
    """Show what calls to models cost, what a usable pair costs, and what people alone would have cost.

    Amounts in the JSON document are billionths of a US dollar.

    Example: prefstream cost --by slice --days 30 --human-usd-per-hour 40
    """
    from prefstream.adapters.settings import Settings
    from prefstream.schemas.errors import BadInput
    from prefstream.streams.cost_report import Question, cost_report

    if by not in _BYS:
        raise BadInput(f"--by takes {', '.join(_BYS)}, not {by!r}")
    question = Question(
        by=by,  # type: ignore[arg-type]  # checked above
        days=days,
        human_usd_per_hour=_number("--human-usd-per-hour", human_usd_per_hour),
        human_minutes=_number("--human-minutes", human_minutes),
    )
    if plot is not None:
        from prefstream.adapters.plots.canvas import check_picture

        check_picture(plot)
    report = _patiently(cost_report(Settings(), question))
    if plot is not None:
        from prefstream.adapters.plots.costs import draw

        draw(report, plot)
        note(f"drawn into {plot}")
    if json:
        print_json(report)
    else:
        _say(report)


def _patiently(work: Any) -> dict[str, Any]:
    """Run something, and say that it takes a while where it does."""
    import asyncio

    async def run() -> dict[str, Any]:
        task = asyncio.ensure_future(work)
        await asyncio.wait([task], timeout=_PATIENCE_S)
        if not task.done():
            note("reading the journal ...")
        return dict(await task)

    return asyncio.run(run())


def _number(option: str, said: str | None) -> Any:
    from decimal import Decimal, InvalidOperation

    from prefstream.schemas.errors import BadInput

    try:
        return None if said is None else Decimal(said)
    except InvalidOperation:
        raise BadInput(f"{option} takes a number, not {said!r}") from None


def _say(report: Mapping[str, Any]) -> None:
    from prefstream.domain.cost import shown

    total = report["total"]
    days = "the last day" if report["days"] == 1 else f"the last {report['days']} days"
    if not total["calls"]:
        say(f"no paid calls in {days}")
        _say_per_pair(report)
        return
    say(f"cost of {days} by {report['by']}, by list prices of {report['prices'][-1]['as_of']}; check them")
    _say_groups(report)
    share = report["cache_read_share"]
    read = "" if share is None else f" ({share:.0%} of prompt tokens were read from it)"
    say(f"the cache saved {shown(report['saved_by_cache_nanousd'])}{read}")
    say(f"batches saved {shown(report['saved_by_batch_nanousd'])}")
    say(f"spent on pairs that were rejected: {shown(report['wasted_on_rejected_nanousd'])}")
    if stand_in := report["stand_in_nanousd"]:
        say(f"of the total, {shown(stand_in)} is what stand-ins would have cost: nobody bills it")
    for one in report["without_price"]:
        say(f"no price: {one['calls']:,} calls of {one['provider']} {one['model']}; their cost is unknown")
    _say_per_pair(report)


def _say_groups(report: Mapping[str, Any]) -> None:
    from prefstream.domain.cost import shown

    groups = report["groups"]
    if report["by"] == "day":
        groups = sorted(groups, key=lambda one: one["key"])
    width = max(12, *(min(40, len(one["key"])) for one in groups))
    most = max((one["cost_nanousd"] or 0 for one in groups), default=0)
    head = f"{'calls':>10} {'batched':>8} {'tokens in':>13} {'cached':>7} {'tokens out':>12} {'cost':>12}"
    if len(groups) == report["most_groups"] and report["by"] != "day":
        say(f"(the {len(groups)} that cost most)")
    say(f"{report['by']:<{width}} {head}")
    for one in [*groups, {"key": "total", **report["total"]}]:
        bar = "" if one["key"] == "total" else f" {_bar(one['cost_nanousd'], most)}"
        say(f"{_key(one['key'], width)} {_columns(one)} {_cost(one, shown):>12}{bar}".rstrip())


def _key(key: str, width: int) -> str:
    named = key or "(none)"
    return f"{named if len(named) <= width else named[: width - 1] + '…':<{width}}"


def _columns(one: Mapping[str, Any]) -> str:
    prompt = one["input_tokens"] + one["cache_write_tokens"] + one["cache_read_tokens"]
    cached = f"{one['cache_read_tokens'] / prompt:.0%}" if prompt else "-"
    batched = f"{one['batched_calls'] / one['calls']:.0%}"
    return f"{one['calls']:>10,} {batched:>8} {prompt:>13,} {cached:>7} {one['output_tokens']:>12,}"


def _cost(one: Mapping[str, Any], shown: Any) -> str:
    """Return a cost; with calls that have no price it is at least that of the others."""
    at_least = "≥ " if one["calls_without_price"] and one["cost_nanousd"] is not None else ""
    return f"{at_least}{shown(one['cost_nanousd'])}"


def _bar(amount: int | None, most: int) -> str:
    eighths = (amount or 0) * _BAR * 8 // most if most else 0
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _say_per_pair(report: Mapping[str, Any]) -> None:
    from prefstream.domain.cost import shown

    pairs, cost, labels = report["pairs"], report["per_usable_pair"], report["labels"]
    say(f"usable pairs: {pairs['validated']:,} of {pairs['decided']:,} decided, {labels['labels']:,} labels")
    if labels["not_by_people"]:
        say(f"  {labels['not_by_people']:,} of them are simulated or made offline, and count as people's")
    names = {"models": "models", "people": "people", "blended_per_pair": "blended, per usable pair"}
    for key, name in (names | {"all_human_per_pair": "people alone, per usable pair"}).items():
        amount = cost[key]
        known = amount["nanousd"] is not None
        say(f"  {name:<30} {shown(amount['nanousd']) if known else 'unknown: ' + _why(amount['reason'])}")
    ours, theirs = cost["blended_per_pair"]["nanousd"], cost["all_human_per_pair"]["nanousd"]
    if ours is not None and theirs:
        say(f"  {ours / theirs:.1%} of what people alone would cost")


def _why(reason: str) -> str:
    return {
        "calls_without_price": "some calls have no price; name it in the file of PREFSTREAM_BUDGET__PRICES",
        "no_wage": "give --human-usd-per-hour",
        "no_time_of_labels": "no label tells how long it took; give --human-minutes",
        "no_usable_pair": "no pair was validated in this time",
    }.get(reason, reason)
