"""Pictures as PNG files: reliability of each judge, agreement of all by slice."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prefstream.adapters.plots.canvas import BLUE, FAINT, GREY, INK, ORANGE, check_library, write
from prefstream.schemas.errors import BadInput

#: Panels and rows that a reader can still tell apart.
_MOST_PANELS, _MOST_ROWS, _MOST_SLICES = 12, 40, 6
#: The slice that stands for all pairs together.
_ALL = "*"
Card = Mapping[str, Any]


def check_folder(folder: Path) -> None:
    """Refuse early what cannot be drawn or written; make the folder if it is not there.

    Raises:
        BadInput: matplotlib is not installed, or the folder cannot be made.
    """
    check_library()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"--plot: {folder} cannot be a folder: {error.strerror}") from error


def draw_all(cards: Sequence[Card], folder: Path) -> list[Path]:
    """Draw what the scorecards say into a folder; return the files.

    Raises:
        BadInput: A file cannot be written.
    """
    whole = sorted(
        (one for one in cards if one["slice"] == _ALL), key=lambda one: -(one["agreement"]["value"] or 0)
    )
    return [
        _reliability(whole, folder / "reliability.png"),
        _agreement(cards, whole, folder / "agreement.png"),
    ]


def _reliability(whole: Sequence[Card], path: Path) -> Path:
    shown = [one for one in whole if one["calibration"]["n"]][:_MOST_PANELS]
    columns = min(4, max(1, len(shown)))
    rows = max(1, -(-len(shown) // columns))
    figure = _figure(3.1 * columns + (1.6 if columns == 1 else 0.2), 3.5 * rows + 0.7)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes, card in zip(panels.flat, shown, strict=False):
        _reliability_panel(axes, card)
    for axes in panels.flat[len(shown) :]:
        axes.set_visible(False)
    cut = f" (the {len(shown)} that agree most, of {len(whole)})" if len(whole) > len(shown) else ""
    figure.suptitle(f"Is a judge right as often as it is sure?{cut}", x=0.01, ha="left", **_TITLE)
    figure.supxlabel("confidence of the judge's label (the size of a point: how many)", fontsize=9, color=INK)
    figure.supylabel("agreement with people, 95 % limits", fontsize=9, color=INK)
    return _saved(figure, path)


def _reliability_panel(axes: Any, card: Card) -> None:
    found = card["calibration"]
    bins = found["bins"]["equal_mass"]
    most = max(one["agreement"]["of"] for one in bins)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    for one in bins:
        share, x = one["agreement"], one["mean_confidence"]
        axes.plot([x, x], [share["low"], share["high"]], color=BLUE, linewidth=1.6, zorder=2)
        axes.scatter(
            [x], [share["value"]], s=18 + 90 * share["of"] / most, color=BLUE, zorder=3, linewidths=0
        )
    axes.set_title(_name(card), loc="left", fontsize=9, color=INK)
    axes.text(
        0.03,
        0.97,
        f"ECE {found['ece_equal_mass']:.3f}\nBrier {found['brier']:.3f}\nn = {found['n']:,}",
        transform=axes.transAxes,
        va="top",
        fontsize=8,
        color=GREY,
    )
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    axes.set_xticks([0, 0.5, 1], ["0", "½", "1"])
    axes.set_yticks([0, 0.5, 1], ["0", "½", "1"])
    _plain(axes)


def _agreement(cards: Sequence[Card], whole: Sequence[Card], path: Path) -> Path:
    shown = whole[:_MOST_ROWS]
    slices = _largest_slices(cards)
    figure = _figure(3.4 + 2.2 * len(slices), 1.5 + 0.22 * max(4, len(shown)))
    panels = figure.subplots(1, len(slices), squeeze=False, sharex=True, sharey=True)[0]
    by_place = {(one["judge"], one["strategy"], one["slice"]): one for one in cards}
    for axes, slice_name in zip(panels, slices, strict=True):
        for row, card in enumerate(shown):
            found = by_place.get((card["judge"], card["strategy"], slice_name))
            if found is not None and found["agreement"]["value"] is not None:
                _limits(axes, row, found)
        axes.set_title(_ending(slice_name, _shared(slices)), loc="left", fontsize=9, color=INK)
        axes.axvline(0.5, color=FAINT, linewidth=1, zorder=0)
        axes.set(xlim=(-0.02, 1.02))
        axes.set_xticks([0, 0.5, 1], ["0", "½", "1"])
        _plain(axes)
    panels[0].set_yticks(range(len(shown)), [_name(card) for card in shown], fontsize=8)
    panels[0].set_ylim(len(shown) - 0.4, -0.6)
    handles = panels[0].get_legend_handles_labels()
    figure.legend(*_once(*handles), loc="outside lower left", ncols=2, frameon=False, fontsize=8)
    cut = f" (the best {len(shown)} of {len(whole)})" if len(whole) > len(shown) else ""
    figure.suptitle(f"How often judges say what people say{cut}", x=0.01, ha="left", **_TITLE)
    return _saved(figure, path)


def _limits(axes: Any, row: int, card: Card) -> None:
    """Draw agreement with its limits, and how often the judge agrees with itself under a swap."""
    share, same = card["agreement"], card["same_in_both_orders"]["value"]
    axes.plot([share["low"], share["high"]], [row, row], color=BLUE, linewidth=1.6, zorder=2)
    axes.scatter([share["value"]], [row], s=20, color=BLUE, zorder=3, label="agrees with people, 95 % limits")
    if same is not None:
        said = "says the same in both orders"
        axes.scatter([same], [row], s=20, marker="|", color=ORANGE, linewidths=2, zorder=4, label=said)


def _largest_slices(cards: Sequence[Card]) -> list[str]:
    sizes: dict[str, int] = {}
    for one in cards:
        if one["slice"] != _ALL:
            sizes[one["slice"]] = max(sizes.get(one["slice"], 0), one["pairs"])
    return [_ALL, *sorted(sizes, key=lambda name: (-sizes[name], name))[:_MOST_SLICES]]


_TITLE = {"fontsize": 12, "fontweight": "bold", "color": INK}


def _figure(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=150, layout="constrained", facecolor="white")


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(colors=INK, length=0)


def _once(handles: Sequence[Any], labels: Sequence[str]) -> tuple[list[Any], list[str]]:
    found = dict(zip(labels, handles, strict=True))
    return list(found.values()), list(found)


def _name(card: Card) -> str:
    named = card["judge"] if card["strategy"] == "recorded" else f"{card['judge']} · {card['strategy']}"
    return _escaped(named if len(named) <= 34 else named[:33] + "…")


def _shared(slices: Sequence[str]) -> int:
    """Return how many characters all names of slices begin with, up to a slash."""
    parts = [name.split("/")[:-1] for name in slices if name != _ALL]
    if len(parts) < 2:
        return 0
    same = [ours[0] for ours in zip(*parts, strict=False) if len(set(ours)) == 1]
    return len("".join(f"{part}/" for part in same)) if parts[0][: len(same)] == same else 0


def _ending(slice_name: str, shared: int) -> str:
    if slice_name == _ALL:
        return "all pairs"
    named = slice_name[shared:]
    return _escaped(named if len(named) <= 28 else "…" + named[-27:])


def _escaped(text: str) -> str:
    """Return a text in which no dollar sign begins a formula."""
    return text.replace("$", r"\$")


def _saved(figure: Any, path: Path) -> Path:
    write(figure, path)
    return path
