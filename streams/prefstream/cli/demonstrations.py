"""`prefstream demonstrations`: rankings, ratings, demonstrations and safety labels out of a deployment."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prefstream.cli.console import note, print_json, say

if TYPE_CHECKING:
    from prefstream.streams.task_exports import Choice

app = typer.Typer(
    help="Rankings, ratings, demonstrations and safety labels: export them, and see how far people agree.",
    no_args_is_help=True,
)
Slice = Annotated[str | None, typer.Option("--slice", help="This slice only.")]
Also = Annotated[
    list[str] | None,
    typer.Option(
        "--also", metavar="PROVENANCE", help="Also what is recorded, offline or simulated, not real alone."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]


@app.command()
def export(
    shape: Annotated[
        str, typer.Argument(help="sft, ratings, safety, preferences (of rankings) or review-tasks.")
    ],
    output: Annotated[Path, typer.Argument(help="The JSONL file to write.")],
    slice_name: Slice = None,
    also: Also = None,
    json: Json = False,
) -> None:
    """Write answers as JSONL: conversations for fine-tuning, rated responses, harms, or preference pairs.

    Only what real people gave is written, unless --also names more. review-tasks are ratings to be
    asked of others, for `prefstream ingest tasks`.

    Example: prefstream demonstrations export sft demonstrations.jsonl --slice arithmetic
    """
    import asyncio

    from prefstream.adapters.settings import Settings
    from prefstream.cli.progress import ProgressLine
    from prefstream.schemas.errors import BadInput
    from prefstream.streams.task_exports import SHAPES, export_rows

    if shape not in SHAPES:
        raise BadInput(f"there is no shape {shape!r}; it is one of {', '.join(SHAPES)}")
    choice = _choice(slice_name, also)
    # Put in its place once it is whole: half a file looks like a file.
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as target, ProgressLine(output.name) as line:

            def told(rows: int) -> None:
                line.show(rows=rows, refused=0, share=None)

            rows = asyncio.run(export_rows(Settings(), shape, choice, target, told=told))
        part.replace(output)
    except OSError as error:
        raise BadInput(f"{output} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    if json:
        print_json({"shape": shape, "file": str(output), "rows": rows})
    else:
        say(f"{rows:,} rows of {shape} are in {output}")
    if not rows and not also:
        note("only answers of real people are counted; --also simulated takes those of simulations too")


@app.command()
def agreement(
    kind: Annotated[
        str | None, typer.Option(help="ranking, rating, demonstration or safety; all of them if absent.")
    ] = None,
    slice_name: Slice = None,
    also: Also = None,
    json: Json = False,
) -> None:
    """Say how far people agree on each kind of task, with 95 % limits or the reason why there are none.

    Example: prefstream demonstrations agreement --kind ranking
    """
    import asyncio

    from prefstream.adapters.settings import Settings
    from prefstream.schemas.demonstrations import TaskKind
    from prefstream.schemas.errors import BadInput
    from prefstream.streams.task_exports import kinds_report

    if kind is not None and kind not in list(TaskKind):
        raise BadInput(f"there is no kind {kind!r}; it is one of {', '.join(TaskKind)}")
    kinds = list(TaskKind) if kind is None else [TaskKind(kind)]
    report = asyncio.run(kinds_report(Settings(), kinds, _choice(slice_name, also)))
    if json:
        print_json(report)
        return
    for document in report["kinds"]:
        _say_kind(document)


def _choice(slice_name: str | None, also: list[str] | None) -> "Choice":
    from prefstream.schemas.errors import BadInput
    from prefstream.schemas.values import Provenance
    from prefstream.streams.task_exports import REAL, Choice

    if unknown := [name for name in also or () if name not in list(Provenance)]:
        raise BadInput(f"there is no provenance {unknown[0]!r}; it is one of {', '.join(Provenance)}")
    return Choice(slice_name=slice_name, provenances=tuple(sorted({*REAL, *(also or ())})))


def _say_kind(document: Mapping[str, Any]) -> None:
    say(
        f"{document['kind']}: {document['n_answers']:,} answers to {document['n_tasks']:,} tasks by"
        f" {document['n_people']:,} people; {document['n_shared_tasks']:,} tasks have two answers or more"
    )
    for name, figure in document["figures"].items():
        say(f"  {name.replace('_', ' '):<26} {_figure(figure)}")
    for name, mean in document["means"].items():
        say(f"  {name.replace('_', ' '):<26} {'-' if mean is None else f'{mean:.2f}'}")


def _figure(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return f"-       {figure['reason']}"
    if figure["low"] is None:
        return f"{figure['value']:.4f}  no limits: {figure['bounds_reason']}"
    return f"{figure['value']:.4f}  {figure['low']:.4f} to {figure['high']:.4f}"
