"""The budget curve as a PNG file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefstream.schemas.errors import BadInput

#: Told apart also by who sees no red or no green (Okabe and Ito 2008), and by their strokes.
_LINES = (
    ("oracle", "knowing every error", "#009E73", ":"),
    ("routed", "by confidence", "#0072B2", "-"),
    ("random", "any pairs", "#999999", "--"),
)
_INK, _FAINT = "#222222", "#DDDDDD"


def check_picture(path: Path) -> None:
    """Refuse early what cannot be drawn or written.

    Raises:
        BadInput: matplotlib is not installed, or the file is no PNG or has no folder.
    """
    try:
        import matplotlib as mpl  # noqa: F401
    except ImportError as error:
        raise BadInput("--plot needs matplotlib; install it with: pip install 'prefstream[plots]'") from error
    if path.suffix.lower() != ".png":
        raise BadInput(f"--plot draws PNG; name the file {path.with_suffix('.png')}")
    if not path.absolute().parent.is_dir():
        raise BadInput(f"--plot: there is no folder {path.absolute().parent}; make it first")


def draw_curve(document: Mapping[str, Any], path: Path) -> None:
    """Draw a budget curve.

    Raises:
        BadInput: The file cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.6), dpi=150, layout="constrained", facecolor="white")
    axes = figure.subplots()
    points = document["points"]
    people = [100 * one["people"] for one in points]
    for kind, label, colour, stroke in _LINES:
        axes.plot(people, [100 * one[kind] for one in points], stroke, color=colour, label=label, linewidth=2)
    axes.set_xlim(0, 100)
    axes.set_ylim(top=100.5)
    axes.set_xlabel("pairs sent to people, %", color=_INK)
    axes.set_ylabel("labels that are right in the end, %", color=_INK)
    axes.grid(color=_FAINT, linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right", title="which pairs go to people")
    axes.set_title(_title(document), loc="left", fontsize=11, fontweight="bold", color=_INK)
    try:
        figure.savefig(path, format="png")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error


def _title(document: Mapping[str, Any]) -> str:
    alone = document["accuracy_without_people"]
    needed = document["people_for"].get("0.95")
    more = f"; 95 % with {needed:.0%} to people" if needed is not None else ""
    return f"The judge alone: {alone:.1%} of {document['n_pairs']:,} pairs{more}"
