"""The board of `prefstream watch` as tables for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from prefstream.domain.following import SliceFigure
from prefstream.domain.following.board import COLUMNS, STEPS, Board, Row
from prefstream.domain.measures import CATALOG
from prefstream.schemas.metrics import AlertRaised

#: From which lower limit on agreement is good, and from which it is doubtful.
_GOOD, _DOUBTFUL = 0.80, 0.75
_HEADS: Final[Mapping[str, str]] = {
    "alpha_nominal": "people (alpha)",
    "judge_agreement_audited": "judges (audited)",
    "informativeness": "informative",
    "gold_accuracy": "gold",
    "escalation_share": "to people",
    "cost_per_usable_pair_usd": "cost a pair",
    "time_to_label_s": "time to label",
}
_COLOURS: Final[Mapping[str, str]] = {"critical": "bold red", "warning": "yellow", "notice": "cyan"}
_MOST_ALERTS = 5


def drawn(board: Board, *, rows: int | None = None) -> Group:
    """Return the board as tables; slices for which there is no room are counted."""
    every = board.rows
    kept = every if rows is None else every[:rows]
    title = f"prefstream: {len(every)} slices, window {board.window}"
    if not every:
        return Group(
            Text(f"{title}; no figures yet: they come with the first labels"), *_alerts(board.alerts)
        )
    table = Table(title=title, title_justify="left")
    table.add_column("slice", overflow="fold")
    table.add_column("pairs", justify="right")
    for name, _ in COLUMNS:
        table.add_column(_HEADS[name], justify="right")
    table.add_column("band")
    table.add_column("alerts", justify="right")
    for row in kept:
        table.add_row(*_cells(row))
    left = [Text(f"... and {len(every) - len(kept)} slices more")] if len(kept) < len(every) else []
    return Group(table, *left, _funnel(every), *_alerts(board.alerts))


def _cells(row: Row) -> Sequence[Text]:
    return (
        Text(row.slice),
        Text(f"{row.volume:,}"),
        *(_cell(name, row.figures.get(name)) for name, _ in COLUMNS),
        Text(row.band or ""),
        Text(str(row.alerts or ""), style="bold red" if row.alerts else ""),
    )


def _cell(name: str, figure: SliceFigure | None) -> Text:
    if figure is None or figure.value is None:
        return Text("-", style="dim")
    unit = CATALOG[name].unit
    if unit == "usd":
        return Text(f"${figure.value:,.4f}")
    if unit == "seconds":
        return Text(_time(figure.value))
    limits = (
        f" {figure.low:.2f}..{figure.high:.2f}" if figure.low is not None and figure.high is not None else ""
    )
    return Text(f"{figure.value:.2f}{limits}", style=_style(name, figure.low))


def _style(name: str, low: float | None) -> str:
    if low is None or "agreement" not in "".join(CATALOG[name].thresholds):
        return ""
    return "green" if low >= _GOOD else "yellow" if low >= _DOUBTFUL else "red"


def _time(seconds: float) -> str:
    """Return a time as people say it.

    >>> _time(42), _time(300), _time(7200)
    ('42 s', '5 min', '2.0 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _funnel(rows: Sequence[Row]) -> Text:
    counts = [f"{step} {sum(row.funnel[step] for row in rows):,}" for step in STEPS]
    return Text("  ".join(counts), style="dim")


def _alerts(alerts: Sequence[AlertRaised]) -> Sequence[Text]:
    lines = [
        Text(f"{one.severity}: {one.slice}: {one.statistic}: {one.action}", style=_COLOURS[one.severity])
        for one in alerts[:_MOST_ALERTS]
    ]
    more = len(alerts) - _MOST_ALERTS
    return [*lines, *([Text(f"... and {more} alerts more")] if more > 0 else [])]
