"""`prefstream stats`: agreement and aggregation of anyone's labels."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from prefstream.cli.console import note, print_json
from prefstream.cli.stats_words import say_aggregation, say_agreement

if TYPE_CHECKING:
    from prefstream.adapters.files.labels import LabelTable

app = typer.Typer(
    help="Statistics of anyone's labels: how far people agree, and one label of each task.",
    no_args_is_help=True,
)
File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="CSV, JSONL, JSON or Parquet with task, worker and label; - for JSONL."
    ),
]
Map = Annotated[
    list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Read a field from this column.")
]
Missing = Annotated[
    list[str] | None,
    typer.Option("--missing", metavar="LABEL", help="This label says nothing, such as unsure."),
]
Format = Annotated[
    str | None, typer.Option("--format", help="jsonl, json, csv or parquet, if the name does not say.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]


@app.command()
def agreement(  # noqa: PLR0913, PLR0917  (each is an option of the command)
    file: File,
    by: Annotated[
        Literal["slice"] | None, typer.Option(help="slice: also each slice by itself (column `slice`).")
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(metavar="A,B,C", help="All labels from end to end, for ordered statistics."),
    ] = None,
    bootstrap: Annotated[
        int,
        typer.Option(
            metavar="DRAWS", help="Limits by a bootstrap over tasks, with so many draws; 0 for none."
        ),
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="What the draws come from.")] = 0,
    repeated: Annotated[
        Literal["last", "first", "refuse"],
        typer.Option(help="Which of several labels by one worker on one task counts."),
    ] = "last",
    map_: Map = None,
    missing: Missing = None,
    format_: Format = None,
    json: Json = False,
) -> None:
    """Say how far workers agree: kappas, alphas, AC1 and more, with 95 % limits or the reason for none.

    Example: prefstream stats agreement labels.csv --by slice --order "A>>,A>,=,B>,B>>"
    """
    from prefstream.streams.agreement_report import Choices, agreement_report

    fields = ("task", "worker", "label") + (("slice",) if by else ())
    table = _read(file, fields, map_, missing, format_)
    scale = None if order is None else [word.strip() for word in order.split(",")]
    choices = Choices(order=scale, keep=repeated, draws=bootstrap, seed=seed)
    report = agreement_report(table.rows, choices, n_missing=table.n_missing)
    if unused := sorted(set(scale or ()) - set(report["label_counts"])):
        note(f"the order names {', '.join(map(repr, unused))}, which no row has")
    _tell(report, say_agreement, json=json)


@app.command()
def aggregate(
    file: File,
    method: Annotated[
        Literal["majority", "wawa", "dawid-skene", "dawid-skene-1979"],
        typer.Option(help="wawa weighs votes by agreement with the majority; 1979 has no prior."),
    ] = "majority",
    gold: Annotated[
        str | None, typer.Option(metavar="FILE", help="Known labels (task, label) to be held against.")
    ] = None,
    repeated: Annotated[
        Literal["last", "first", "each", "refuse"],
        typer.Option(help="Which of several labels by one worker on one task counts."),
    ] = "last",
    map_: Map = None,
    missing: Missing = None,
    format_: Format = None,
    json: Json = False,
) -> None:
    """Make one label of each task, with how likely each is; say how often that is right where it is known.

    Example: prefstream stats aggregate labels.csv --method dawid-skene --gold gold.csv
    """
    from prefstream.adapters.files.labels import read_labels
    from prefstream.streams.agreement_report import aggregation_report

    known = None if gold is None else read_labels(gold, ("task", "label")).rows
    table = _read(file, ("task", "worker", "label"), map_, missing, format_)
    report = aggregation_report(table.rows, method, repeated, gold=known, n_missing=table.n_missing)
    _tell(report, say_aggregation, json=json)


def _read(
    file: str,
    fields: Sequence[str],
    map_: list[str] | None,
    missing: list[str] | None,
    format_name: str | None,
) -> "LabelTable":
    from prefstream.adapters.files.labels import read_labels
    from prefstream.cli.progress import ProgressLine
    from prefstream.streams.evaluation import named_columns

    with ProgressLine("reading") as line:
        return read_labels(
            file,
            fields,
            columns=named_columns("--map", map_),
            missing=missing or (),
            format_name=format_name,
            told=lambda rows, share: line.show(rows=rows, refused=0, share=share),
        )


def _tell(report: Mapping[str, Any], words: Any, *, json: bool) -> None:
    if report["n_contradicting"]:
        note(
            f"{report['n_contradicting']:,} labels contradict another by the same worker on the same task;"
            " --repeated says which counts"
        )
    if json:
        print_json(report)
    else:
        words(report)
