"""The budget curve as a PNG file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefstream.adapters.plots.canvas import BLUE, FAINT, GREEN, INK, PALE, write

#: Told apart also by their strokes.
_LINES = (
    ("oracle", "knowing every error", GREEN, ":"),
    ("routed", "by confidence", BLUE, "-"),
    ("random", "any pairs", PALE, "--"),
)


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
    axes.set_xlabel("pairs sent to people, %", color=INK)
    axes.set_ylabel("labels that are right in the end, %", color=INK)
    axes.grid(color=FAINT, linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right", title="which pairs go to people")
    axes.set_title(_title(document), loc="left", fontsize=11, fontweight="bold", color=INK)
    write(figure, path)


def _title(document: Mapping[str, Any]) -> str:
    alone = document["accuracy_without_people"]
    needed = document["people_for"].get("0.95")
    more = f"; 95 % with {needed:.0%} to people" if needed is not None else ""
    return f"The judge alone: {alone:.1%} of {document['n_pairs']:,} pairs{more}"
