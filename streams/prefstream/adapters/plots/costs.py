"""The picture of a cost report: what it went to, and what a usable pair costs."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from prefstream.adapters.plots.canvas import (
    BLUE,
    FAINT,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    PINK,
    RED,
    SKY,
    YELLOW,
    write,
)
from prefstream.domain.cost import shown, usd_of

#: Bars that a reader can still tell apart.
_MOST_BARS = 20
_COLOURS = (BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW, PALE)
_PAIR_BARS = (
    ("models\nand people", "blended_per_pair", _COLOURS[0]),
    ("people\nalone", "all_human_per_pair", PALE),
)


def draw(report: Mapping[str, Any], path: Path) -> None:
    """Draw a report into a PNG file.

    Raises:
        BadInput: The file cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5.6), dpi=150, layout="constrained", facecolor="white")
    pair = report["per_usable_pair"]
    if any(pair[key]["nanousd"] is not None for _, key, _ in _PAIR_BARS):
        spent, beside = figure.subplots(1, 2, width_ratios=(3.2, 1))
        _draw_pair(beside, pair)
    else:
        spent = figure.subplots()
    _draw_groups(spent, report)
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(FAINT)
        axes.tick_params(colors=INK, length=0)
    figure.suptitle(_title(report), x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK)
    figure.supxlabel(_small_print(report), x=0.01, ha="left", fontsize=8, color=GREY)
    write(figure, path)


def _draw_groups(axes: Any, report: Mapping[str, Any]) -> None:
    by_day = report["by"] == "day"
    groups = _days(report) if by_day else report["groups"][:_MOST_BARS]
    places = range(len(groups))
    if by_day:
        _stack(axes, groups, lambda sizes, base, **said: axes.bar(places, sizes, bottom=base, **said))
        _day_ticks(axes, [one["key"] for one in groups])
    else:
        _stack(axes, groups, lambda sizes, base, **said: axes.barh(places, sizes, left=base, **said))
        axes.set_yticks(places, [_short(one["key"]) for one in groups])
        axes.invert_yaxis()
    (axes.yaxis if by_day else axes.xaxis).set_major_formatter(_dollars)
    axes.grid(axis="y" if by_day else "x", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    cut = f", the {_MOST_BARS} that cost most" if len(report["groups"]) > len(groups) else ""
    axes.set_title(f"spent, by {report['by']}{cut}", loc="left", fontsize=10, color=INK)
    if not groups:
        axes.text(0.5, 0.5, "no paid calls", transform=axes.transAxes, ha="center", color=GREY)


def _stack(axes: Any, groups: Sequence[Mapping[str, Any]], bar: Callable[..., Any]) -> None:
    """Draw the purposes of each group on each other, those that cost most first."""
    totals: Counter[str] = Counter()
    for one in groups:
        totals.update({purpose: amount or 0 for purpose, amount in one["purposes"].items()})
    base = [0.0] * len(groups)
    for place, (purpose, _) in enumerate(totals.most_common()):
        sizes = [float(usd_of(one["purposes"].get(purpose) or 0)) for one in groups]
        bar(sizes, base, color=_COLOURS[place % len(_COLOURS)], label=purpose or "other")
        base = [low + size for low, size in zip(base, sizes, strict=True)]
    if len(totals) > 1:
        axes.legend(
            frameon=False,
            fontsize=9,
            ncols=len(totals),
            loc="lower right",
            bbox_to_anchor=(1, 1),
            borderpad=0,
        )


def _draw_pair(axes: Any, cost: Mapping[str, Any]) -> None:
    """Draw what a usable pair costs beside what it would; what is not known says so."""
    for place, (_, key, colour) in enumerate(_PAIR_BARS):
        amount = cost[key]
        known = amount["nanousd"] is not None
        size = float(usd_of(amount["nanousd"])) if known else 0.0
        axes.bar([place], [size], color=colour, width=0.6)
        said = (
            _escaped(shown(amount["nanousd"]))
            if known
            else f"unknown\n({amount['reason'].replace('_', ' ')})"
        )
        axes.annotate(
            said,
            (place, size),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=9,
            color=INK,
        )
    axes.set_xticks(range(len(_PAIR_BARS)), [name for name, _, _ in _PAIR_BARS], fontsize=9)
    axes.set_xlim(-0.6, len(_PAIR_BARS) - 0.4)
    axes.margins(y=0.15)
    axes.set_yticks([])
    axes.set_ylim(bottom=0)
    axes.spines["left"].set_visible(False)
    axes.set_title("per usable pair", loc="left", fontsize=10, color=INK)


def _days(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every day from the first that cost something to the last, those without calls too."""
    found = {one["key"]: one for one in report["groups"]}
    if not found:
        return []
    first, last = date.fromisoformat(min(found)), date.fromisoformat(max(found))
    days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    return [found.get(day, {"key": day, "purposes": {}}) for day in days]


def _day_ticks(axes: Any, days: Sequence[str]) -> None:
    step = max(1, -(-len(days) // 10))
    places = range(0, len(days), step)
    axes.set_xticks(places, [days[place][5:] for place in places], fontsize=9)


def _short(key: str) -> str:
    named = key or "(none)"
    return _escaped(named if len(named) <= 32 else named[:31] + "…")


def _escaped(text: str) -> str:
    """Return a text in which no dollar sign begins a formula."""
    return text.replace("$", r"\$")


def _dollars(amount: float, _place: int) -> str:
    return rf"\${amount:,.2f}" if amount >= 0.1 or amount == 0 else rf"\${amount:,.4g}"


def _title(report: Mapping[str, Any]) -> str:
    total, unpriced = report["total"], report["total"]["calls_without_price"]
    days = "last day" if report["days"] == 1 else f"last {report['days']} days"
    more = f", {unpriced:,} of them without a price" if unpriced else ""
    cost = _escaped(shown(total["cost_nanousd"]))
    return f"{cost} for {total['calls']:,} calls{more}; {days}"


def _small_print(report: Mapping[str, Any]) -> str:
    parts = [f"list prices of {report['prices'][-1]['as_of']}, UTC days"]
    if report["cache_read_share"] is not None:
        parts.append(f"{report['cache_read_share']:.0%} of prompt tokens from the cache")
    parts.append(f"{shown(report['wasted_on_rejected_nanousd'])} went to rejected pairs")
    pairs = report["pairs"]
    parts.append(f"{pairs['validated']:,} of {pairs['decided']:,} decided pairs usable")
    return _escaped("; ".join(parts))
