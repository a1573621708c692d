"""Agreement as it is now: slices beside each other, one slice in full, and the pairs behind a point."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode

import asyncpg
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from prefstream.adapters.postgres.console import live as reading
from prefstream.adapters.postgres.console.live_alerts import alerts_now
from prefstream.console.pages import live_cards
from prefstream.console.pages.live_cards import ALL, AUDITED, COST, FUNNEL, SHARES, Card
from prefstream.console.pages.page import page
from prefstream.console.parts import TheParts
from prefstream.console.principals import Reads
from prefstream.console.problems import Problem
from prefstream.console.scorecards import bounded
from prefstream.domain.agreement import Statistic
from prefstream.domain.measures import CATALOG
from prefstream.domain.trends import AMONG_PEOPLE, Bounded, Point, Steps, band_of, points, steps_of
from prefstream.domain.trends.series import Name
from prefstream.schemas.metrics import Window

router = APIRouter(include_in_schema=False)
#: Slices on one page, alerts that it lists, and pairs behind a point.
_CARDS, _ALERTS, _PAIRS = 12, 20, 200
_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Text = Annotated[str, Query(max_length=256, pattern=r"^[^\x00]*$")]
Order = Literal["worst", "volume", "name"]
Among = Literal["alpha_nominal", "alpha_ordinal", "gwet_ac1", "fleiss_kappa", "percent_agreement"]
_OVERVIEW: Sequence[Name] = (
    AUDITED,
    COST,
    *((name, "") for name in SHARES),
    *((f"funnel:{step}", "") for step in FUNNEL),
)


@router.get("/live")
async def live(
    request: Request,
    parts: TheParts,
    principal: Reads,
    window: Window = "24h",
    statistic: Among = "alpha_nominal",
    search: Text = "",
    order: Order = "worst",
    number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> HTMLResponse:
    """Show every slice with its figures, a page of them with their lines, and all of them together."""
    bounds = bounded(parts.settings)
    known = await reading.slices(parts.pool)
    names = [name for name in known if search.casefold() in name.casefold()]
    found, at, alerts = await asyncio.gather(
        reading.figures_now(parts.pool, names, window, ((statistic, ""), *_OVERVIEW)),
        reading.as_of(parts.pool, names),
        alerts_now(parts.pool, most=_ALERTS),
    )
    ranked = live_cards.ranked(found, statistic, order)
    pages = max(1, -(-len(ranked) // _CARDS))
    shown = ranked[(min(number, pages) - 1) * _CARDS :][:_CARDS]
    series = await _series(parts.pool, [name for name, _ in shown], window, statistic, at)
    wanted = {"window": window, "statistic": statistic, "search": search, "order": order}
    return page(
        request,
        "live.html",
        principal,
        cards=_cards(shown, series, statistic, bounds),
        together=live_cards.together(found, statistic, bounds),
        as_of=at,
        alerts=alerts,
        measures=CATALOG,
        among=AMONG_PEOPLE,
        slices=len(known),
        found=len(names),
        wanted=wanted,
        pages=pages,
        number=min(number, pages),
        address=lambda **changes: _address("/live", wanted | changes),
    )


@router.get("/live/slice")
async def one_slice(
    request: Request,
    parts: TheParts,
    principal: Reads,
    slice_name: Annotated[Text, Query(alias="slice")],
    window: Window = "24h",
    statistic: Among = "alpha_nominal",
) -> HTMLResponse:
    """Show one slice in full: its lines, every figure in every window, and each step with its pairs."""
    wanted = [
        (name, subject)
        for name, measure in CATALOG.items()
        if name != "cohen_kappa"
        for subject in ("", "people", "judge", "wilson", "p50", "p90")
        if subject == "" or measure.subjects
    ]
    windows: tuple[Window, ...] = ("1h", "24h", "7d", "all")
    every = await asyncio.gather(
        *(reading.figures_now(parts.pool, [slice_name], one, wanted) for one in windows)
    )
    by_window = {one: found[slice_name] for one, found in zip(windows, every, strict=True)}
    if not any(by_window.values()):
        raise Problem(404, f"there are no figures of a slice {slice_name!r}")
    at, alerts = await asyncio.gather(
        reading.as_of(parts.pool, [slice_name]),
        alerts_now(parts.pool, slice_name=slice_name, most=_ALERTS),
    )
    steps, series = await _series(parts.pool, [slice_name], window, statistic, at)
    chosen = {"slice": slice_name, "window": window, "statistic": statistic}
    return page(
        request,
        "live_slice.html",
        principal,
        slice=slice_name,
        drawing=live_cards.drawing(
            steps,
            series[slice_name],
            statistic,
            scales=live_cards.scales_of(series, statistic),
            most=max([1, *(point.labels for point in series[slice_name])]),
            bounds=bounded(parts.settings),
            width=960.0,
            height=130.0,
        ),
        by_window=by_window,
        rows=[name for name in wanted if any(name in found for found in by_window.values())],
        alerts=alerts,
        as_of=at,
        measures=CATALOG,
        among=AMONG_PEOPLE,
        wanted=chosen,
        address=lambda **changes: _address("/live/slice", chosen | changes),
    )


@router.get("/live/pairs")
async def pairs_behind(
    request: Request,
    parts: TheParts,
    principal: Reads,
    slice_name: Annotated[Text, Query(alias="slice")],
    since: datetime,
    until: datetime,
) -> HTMLResponse:
    """Show the pairs of a slice that were labelled in a stretch of time, those in dispute first."""
    if since.tzinfo is None or until.tzinfo is None or since >= until:
        raise Problem(422, "`since` and `until` are two instants with their time zone, one after the other")
    found = await reading.behind(parts.pool, slice_name, since, until, most=_PAIRS)
    return page(
        request,
        "live_pairs.html",
        principal,
        slice=slice_name,
        since=since,
        until=until,
        pairs=found,
        most=_PAIRS,
    )


def _cards(
    shown: Sequence[tuple[str, Mapping[Name, Statistic]]],
    drawn: tuple[Steps, dict[str, Sequence[Point]]],
    statistic: str,
    bounds: Bounded,
) -> list[Card]:
    """Return the cards of a page; their charts have one scale."""
    steps, series = drawn
    scales = live_cards.scales_of(series, statistic)
    most = max([1, *(point.labels for some in series.values() for point in some)])
    return [
        Card(
            slice=name,
            figures=figures,
            band=band_of(statistic, figures.get((statistic, "")), bounds),
            drawing=live_cards.drawing(
                steps, series[name], statistic, scales=scales, most=most, bounds=bounds
            ),
        )
        for name, figures in shown
    ]


async def _series(
    pool: asyncpg.Pool, names: Sequence[str], window: Window, statistic: str, at: datetime | None
) -> tuple[Steps, dict[str, Sequence[Point]]]:
    """Return the steps of a window and each slice's points: the figures of the window that ended then."""
    until = 1 if at is None else (at - _EPOCH) // _MINUTE + 1
    whole = window == "all"
    oldest = await reading.oldest(pool, names) if whole else None
    steps = steps_of(window, until=until, oldest=oldest)
    reach = None if whole else steps.count
    read = steps if whole else steps.reaching_back(steps.count - 1)
    kinds = ("ordinal",) if statistic == "alpha_ordinal" else ("nominal",)
    counted = await reading.counted(pool, names, read, kinds=kinds, everything=False)
    wanted = {statistic, AUDITED[0], ALL[0]}
    return steps, {name: points(steps, counted[name], wanted, reach=reach) for name in names}


def _address(path: str, wanted: dict[str, object]) -> str:
    return f"{path}?{urlencode({key: str(value) for key, value in wanted.items() if value != ''})}"
