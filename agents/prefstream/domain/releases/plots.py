"""Plots of a card: slices, margins, confidence, agreement, labels over time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import floor
from typing import Final

from prefstream.domain.gates.census import Census
from prefstream.domain.gates.counting import CONFIDENCE_BINS
from prefstream.domain.gates.results import number
from prefstream.domain.releases.plot_drawing import bar, dot, legend, line, name, picture, steps, text
from prefstream.schemas.releases import GateResult
from prefstream.schemas.values import Preference

_WIDTH, _LEFT, _RIGHT, _TOP, _ROW = 760, 210, 40, 62, 26
#: Where the plot of agreement begins, beside what is measured.
_BESIDE: Final = 330
#: Rows of a plot at most, the largest first.
_MOST_ROWS: Final = 30
#: Bars of the plot over time at most; of more days, weeks or longer are one bar.
_MOST_BARS: Final = 60
_DECIDERS: Final = (("one", "judge"), ("two", "people"))
#: What the plot of agreement shows, by gate.
_AGREEMENT: Final[Mapping[str, str]] = {
    "alpha": "alpha",
    "kappa": "kappa",
    "judge_agreement": "judge and people",
}
#: Bars of one plot: how each is called, and its parts as class, words and count.
_Bars = Sequence[tuple[str, Sequence[tuple[str, str, int]]]]


def plots(census: Census, results: Sequence[GateResult] = ()) -> dict[str, str]:
    """Return the plots of a release by path, as SVG; one that would show nothing is left out.

    Args:
        census: Its counts.
        results: What its gates found.
    """
    drawn = {
        "slices": _slices(census),
        "margins": _margins(census),
        "confidence": _confidence(census),
        "agreement": _agreement(results),
        "labels": _labels(census),
    }
    return {f"plots/{stem}.svg": told for stem, told in drawn.items() if told}


def _slices(census: Census) -> str:
    sizes = sorted(census.slices, key=lambda one: (-census.count("pairs", one), one))
    rows = []
    for one in sizes[:_MOST_ROWS]:
        n, judged = census.count("pairs", one), census.count("method", one, "judge")
        rows.append((one, (("one", "judge", judged), ("two", "people", n - judged))))
    more = len(sizes) - len(rows)
    title = "Pairs of each slice, by who decided them"
    return _lying(title, rows, _DECIDERS, more) if rows else ""


def _lying(title: str, rows: _Bars, names: Sequence[tuple[str, str]], more: int) -> str:
    """Return bars that lie, in parts, each with its sum at its end."""
    top = steps(max(sum(count for _, _, count in parts) for _, parts in rows))
    scale = (_WIDTH - _LEFT - _RIGHT - 40) / top[-1]
    bottom = _TOP + _ROW * len(rows)
    body = [*legend(_LEFT, 50, names)]
    for step in top:
        x = _LEFT + step * scale
        body += [
            line(x, _TOP, x, bottom, kind="grid"),
            text(x, bottom + 18, f"{step:,}", kind="soft", anchor="middle"),
        ]
    for place, (called, parts) in enumerate(rows):
        y, x = _TOP + place * _ROW, float(_LEFT)
        body.append(name(_LEFT - 10, y + 18, called))
        for kind, words, count in parts:
            body.append(
                bar(x, y + 5, count * scale, _ROW - 9, kind=kind, told=f"{called}, {words}: {count:,}")
            )
            x += count * scale
        body.append(text(x + 6, y + 18, f"{sum(count for _, _, count in parts):,}", kind="soft"))
    if more:
        body.append(text(_LEFT, bottom + 36, f"and {more} smaller slices", kind="soft"))
    told = "; ".join(
        f"{called}: " + ", ".join(f"{count:,} {words}" for _, words, count in parts) for called, parts in rows
    )
    return picture(title, told, filter(None, body), width=_WIDTH, height=bottom + (50 if more else 32))


def _margins(census: Census) -> str:
    counts = census.over("label", 1)
    rows = [(str(one), (("one", "pairs", counts.get(str(one), 0)),)) for one in Preference]
    return _standing("Labels on the five-point scale", rows, ()) if counts else ""


def _confidence(census: Census) -> str:
    counts = census.over("confidence", 1)
    bars = [
        (_bin_name(place), (("one", "pairs", counts.get(str(place), 0)),)) for place in range(CONFIDENCE_BINS)
    ]
    return _standing("Confidence of the judge, calibrated against people", bars, ()) if counts else ""


def _bin_name(place: int) -> str:
    low, high = place / CONFIDENCE_BINS, (place + 1) / CONFIDENCE_BINS
    return f"{low:.1f}\u2013{high:.1f}"


def _labels(census: Census) -> str:
    days: dict[date, dict[str, int]] = {}
    for (who, day), count in census.of("day").items():
        days.setdefault(date.fromisoformat(day), {})[who] = count
    if not days:
        return ""
    first, last = min(days), max(days)
    width = _days_of_a_bar((last - first).days + 1)
    bars: list[tuple[str, tuple[tuple[str, str, int], ...]]] = []
    for start in range(0, (last - first).days + 1, width):
        some = [days.get(first + timedelta(days=start + more), {}) for more in range(width)]
        parts = [(kind, who, sum(one.get(who, 0) for one in some)) for kind, who in _DECIDERS]
        bars.append(((first + timedelta(days=start)).isoformat(), tuple(parts)))
    span = {1: "day", 7: "week"}.get(width, f"{width} days")
    return _standing(f"Labels over time, by {span}", bars, _DECIDERS)


def _days_of_a_bar(n_days: int) -> int:
    """Return how many days stand in one bar.

    >>> [_days_of_a_bar(n) for n in (1, 60, 61, 420, 421, 4000)]
    [1, 1, 7, 7, 28, 84]
    """
    width = 1 if n_days <= _MOST_BARS else 7
    while n_days > width * _MOST_BARS:
        width = 28 if width == 7 else width + 28
    return width


def _standing(title: str, bars: _Bars, names: Sequence[tuple[str, str]]) -> str:
    """Return bars that stand, in parts, with names below: all of them, or as many as have room."""
    top = steps(max(sum(count for _, _, count in parts) for _, parts in bars))
    left, height = 70, 200
    bottom, step = _TOP + height, (_WIDTH - left - _RIGHT) / len(bars)
    scale = height / top[-1]
    body = legend(left, 50, names)
    for one in top:
        y = bottom - one * scale
        body += [
            line(left, y, _WIDTH - _RIGHT, y, kind="grid"),
            text(left - 8, y + 4, f"{one:,}", kind="soft", anchor="end"),
        ]
    every = -(-len(bars) // 7) if len(bars) > CONFIDENCE_BINS else 1
    for place, (called, parts) in enumerate(bars):
        x, y = left + place * step, float(bottom)
        for kind, words, count in parts:
            y -= count * scale
            told = f"{called}, {words}: {count:,}"
            body.append(bar(x + step * 0.12, y, step * 0.76, count * scale, kind=kind, told=told))
        if place % every == 0:
            body.append(text(x + step / 2, bottom + 18, called, kind="soft", anchor="middle"))
    body.append(line(left, bottom, _WIDTH - _RIGHT, bottom, kind="axis"))
    told = "; ".join(
        f"{called}: " + ", ".join(f"{count:,} {words}" for _, words, count in parts) for called, parts in bars
    )
    return picture(title, told, filter(None, body), width=_WIDTH, height=bottom + 34)


def _agreement(results: Sequence[GateResult]) -> str:
    shown = [one for one in results if one.gate in _AGREEMENT and one.value is not None][: 3 * _MOST_ROWS]
    if not shown:
        return ""
    shown.sort(key=lambda one: (one.slice or "", list(_AGREEMENT).index(one.gate)))
    least = min(0.4, *(one.value or 0.0 if one.low is None else one.low for one in shown))
    low = max(-1.0, floor(least * 10) / 10)
    bottom = _TOP + _ROW * len(shown)
    body = [*legend(_BESIDE, 50, (("one", "reaches its limit"), ("fails", "does not"))), *_scale(low, bottom)]
    for place, one in enumerate(shown):
        y = _TOP + (place + 0.5) * _ROW
        if not place or shown[place - 1].slice != one.slice:
            body.append(name(_LEFT - 20, y + 4, one.slice or ""))
        body += _interval(one, y, low)
    told = "; ".join(f"{_AGREEMENT[one.gate]} of {one.slice}: {number(one.value or 0.0)}" for one in shown)
    title = "Agreement with 95 % limits; the broken line is the gate's limit"
    return picture(title, told, filter(None, body), width=_WIDTH, height=bottom + 32)


def _across(value: float, low: float) -> float:
    return _BESIDE + (_WIDTH - _BESIDE - _RIGHT) * (max(value, low) - low) / (1 - low)


def _scale(low: float, bottom: float) -> Iterator[str]:
    first = round(low * 10)
    for tenth in range(first, 11, 1 if 10 - first <= 8 else 2):
        x = _across(tenth / 10, low)
        yield line(x, _TOP, x, bottom, kind="grid")
        yield text(x, bottom + 18, number(tenth / 10), kind="soft", anchor="middle")


def _interval(one: GateResult, y: float, low: float) -> Iterator[str]:
    kind = "one" if one.passed else "fails"
    yield text(_BESIDE - 12, y + 4, _AGREEMENT[one.gate], kind="soft", anchor="end")
    if one.low is not None and one.high is not None:
        yield line(_across(one.low, low), y, _across(one.high, low), y, kind=f"{kind} reach")
    told = f"{number(one.value or 0.0)} of {one.n:,}"
    yield dot(_across(one.value or 0.0, low), y, kind=kind, told=told)
    if one.limit is not None:
        x = _across(one.limit, low)
        yield line(x, y - _ROW / 2, x, y + _ROW / 2, kind="limit")
