"""`prefstream scorecard`: a week of all slices as one file to pass on."""

from pathlib import Path
from typing import Annotated

import typer

from prefstream.cli.console import note, print_json, say


def scorecard(
    week: Annotated[
        str, typer.Option(help="ISO week, e.g. 2026-W47; left out: that of the latest figures.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="The file; left out: scorecard-WEEK.html here.")] = None,
    language: Annotated[str, typer.Option(help="en or de.")] = "en",
    json: Annotated[bool, typer.Option("--json", help="One JSON document for machines.")] = False,
) -> None:
    """Write a week's figures, changes, alerts and what is not known as one HTML file that prints well.

    Example: prefstream scorecard --week 2026-W47 --out scorecard.html
    """
    import asyncio

    from prefstream.cli.scorecard_writing import written

    note("reading the week and the week before")
    told = asyncio.run(written(week, out, language))
    if json:
        print_json(told)
        return
    say(f"{told['file']}: {told['week']}, {told['slices']} slices, {told['labels']} labels")
