"""`prefstream route`: where the line between judge and people is drawn, and why a pair fell on its side."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from prefstream.cli.console import note, print_json
from prefstream.cli.route_words import say_backtest, say_certificate, say_curve

if TYPE_CHECKING:
    from prefstream.streams.certification import Source

app = typer.Typer(
    help="Draw the line between judge and people by proof, and say why a pair fell on its side.",
    no_args_is_help=True,
)
File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="Rows of pair_id, slice, confidence or votes, judge_label, human_label, propensity.",
    ),
]
Alpha = Annotated[float, typer.Option(help="Largest share of accepted pairs that people disagree with.")]
Delta = Annotated[float, typer.Option(help="Probability with which that may fail.")]
Judges = Annotated[
    list[str] | None, typer.Option("--judge", metavar="NAME", help="Only these judges, in this order.")
]
Panel = Annotated[
    Literal["pooled", "cascade", "lead"],
    typer.Option(
        help="Several judges: votes pooled as in routing, one after another, or the first with the"
        " others breaking ties."
    ),
]
TruthOf = Annotated[
    Literal["fresh", "first", "majority"],
    typer.Option(
        help="Where people differ: the label of one drawn anew, the first in the file, the most frequent."
    ),
]
Population = Annotated[
    Literal["stream", "file"],
    typer.Option(help="What is promised about: pairs to come, or exactly those of the file."),
]
Map = Annotated[
    list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Read a field from this column.")
]
Format = Annotated[
    str | None, typer.Option("--format", help="jsonl, json, csv or parquet, if the name does not say.")
]
Seed = Annotated[str, typer.Option(help="Changes every draw.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]


@app.command()
def certify(  # noqa: PLR0913, PLR0917  (each is an option of the command)
    file: File,
    alpha: Alpha = 0.1,
    delta: Delta = 0.1,
    pooled: Annotated[
        bool, typer.Option("--pooled", help="One threshold for all slices; promises nothing for any one.")
    ] = False,
    population: Population = "stream",
    anytime: Annotated[
        str | None,
        typer.Option(
            metavar="T,T,...",
            help="Thresholds fixed before the first look, strictest first: may be asked again and again.",
        ),
    ] = None,
    judge: Judges = None,
    panel: Panel = "pooled",
    truth: TruthOf = "fresh",
    seed: Seed = "",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write the policy as YAML.")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of that policy.")] = "certified",
    judge_id: Annotated[str | None, typer.Option("--judge-id", help="It holds for this judge only.")] = None,
    constitution_id: Annotated[
        str | None, typer.Option("--constitution-id", help="It holds for this constitution only.")
    ] = None,
    audit_share: Annotated[
        float, typer.Option("--audit-share", min=0, max=1, help="Share of pairs that people label anyway.")
    ] = 0.1,
    map_: Map = None,
    format_: Format = None,
    json: Json = False,
) -> None:
    """Prove from audit labels which confidence is enough, slice by slice; nothing proved means escalate.

    Example: prefstream route certify audit.jsonl --alpha 0.1 --out policy.yaml
    """
    from prefstream.domain.certification import Terms
    from prefstream.streams.certification import certified, read_sample
    from prefstream.streams.certification_documents import certificate_document
    from prefstream.streams.certified_policies import PolicyTerms, policy_of, write_policy

    terms = Terms(
        alpha=alpha, delta=delta, pooled=pooled, population=population, anytime=_thresholds(anytime)
    )
    source = _source(file, (map_, format_), (truth, panel, judge, seed), pooled=pooled)
    sample = read_sample(source, told=_rows_told())
    certificate = certified(sample, terms)
    document = certificate_document(certificate, source.reading, sample)
    if out is not None:
        own = PolicyTerms(
            name=name, judge_id=judge_id, constitution_id=constitution_id, audit_share=audit_share
        )
        write_policy(policy_of(certificate, sample, own), out)
        note(f"written: {out}; next: prefstream policy publish {out}")
    if json:
        print_json(document)
    else:
        say_certificate(document)


@app.command()
def backtest(  # noqa: PLR0913, PLR0917  (each is an option of the command)
    file: File,
    alpha: Alpha = 0.1,
    delta: Delta = 0.1,
    labels: Annotated[
        int | None, typer.Option(min=1, help="Audit labels in each run; 200, or half of the file.")
    ] = None,
    resamples: Annotated[int, typer.Option(min=1, help="Runs.")] = 400,
    slices: Annotated[
        bool, typer.Option("--slices/--no-slices", help="Also certify each slice by itself.")
    ] = True,
    population: Population = "file",
    replacement: Annotated[
        bool,
        typer.Option(
            "--replacement/--no-replacement", help="Draw from a stream's pairs with return, or without."
        ),
    ] = True,
    judge: Judges = None,
    panel: Panel = "pooled",
    truth: TruthOf = "fresh",
    seed: Annotated[int, typer.Option(min=0, help="Changes every draw.")] = 0,
    map_: Map = None,
    format_: Format = None,
    json: Json = False,
) -> None:
    """Say how often the promise would have held, had it been made from many small audit samples.

    Example: prefstream route backtest labelled.jsonl --alpha 0.1 --resamples 400 --slices
    """
    from prefstream.domain.certification import Design, Terms
    from prefstream.streams.certification import backtested, labels_for, read_sample
    from prefstream.streams.certification_documents import backtest_document, notes

    terms = Terms(alpha=alpha, delta=delta, population=population)
    source = _source(file, (map_, format_), (truth, panel, judge, ""), pooled=True)
    sample = read_sample(source, told=_rows_told())
    design = Design(
        n_labels=labels_for(sample, labels),
        n_runs=resamples,
        seed=seed,
        slices=slices,
        replacement=replacement,
    )
    document = backtest_document(backtested(sample, terms, design, told=_runs_told(resamples)))
    document["notes"] = notes(sample, source.reading)
    if json:
        print_json(document)
    else:
        say_backtest(document)


@app.command()
def curve(  # noqa: PLR0913, PLR0917  (each is an option of the command)
    file: File,
    plot: Annotated[Path | None, typer.Option(metavar="PNG", help="Also draw into this file.")] = None,
    slice_: Annotated[str | None, typer.Option("--slice", help="Only this slice.")] = None,
    judge: Judges = None,
    panel: Panel = "pooled",
    truth: TruthOf = "fresh",
    map_: Map = None,
    format_: Format = None,
    json: Json = False,
) -> None:
    """Show accuracy against the share sent to people: routed, at random, and for who knows all.

    Example: prefstream route curve labelled.jsonl --plot curve.png
    """
    if plot is not None:
        from prefstream.adapters.plots.canvas import check_picture

        check_picture(plot)
    from prefstream.streams.certification import curve_of, read_sample
    from prefstream.streams.certification_documents import curve_document, notes

    source = _source(file, (map_, format_), (truth, panel, judge, ""), pooled=True)
    sample = read_sample(source, told=_rows_told())
    document = curve_document(curve_of(sample, slice_))
    document["notes"] = notes(sample, source.reading)
    if plot is not None:
        from prefstream.adapters.plots.curves import draw_curve

        draw_curve(document, plot)
        note(f"drawn: {plot}")
    if json:
        print_json(document)
    else:
        say_curve(document)


def _source(
    file: str,
    form: tuple[list[str] | None, str | None],
    reading: tuple[
        Literal["fresh", "first", "majority"],
        Literal["pooled", "cascade", "lead"],
        list[str] | None,
        str,
    ],
    *,
    pooled: bool,
) -> "Source":
    from prefstream.agents.ingestion.audit_samples import Reading
    from prefstream.streams.certification import Source
    from prefstream.streams.evaluation import named_columns

    truth, panel, judges, seed = reading
    return Source(
        file=file,
        format_name=form[1],
        columns=named_columns("--map", form[0]),
        reading=Reading(truth=truth, panel=panel, judges=tuple(judges or ()), seed=seed, pooled=pooled),
    )


def _thresholds(text: str | None) -> tuple[float, ...]:
    from prefstream.schemas.errors import BadInput

    if text is None:
        return ()
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise BadInput(f"--anytime takes numbers with commas, as in 0.9,0.8,0.7; not {text!r}") from error


def _rows_told() -> Callable[[int, float | None], None]:
    from time import monotonic

    began = monotonic()
    said = [began]

    def told(rows: int, share: float | None) -> None:
        if monotonic() - said[0] >= 2.0:
            said[0] = monotonic()
            note(f"read {rows:,} rows" + (f" ({share:.0%})" if share is not None else ""))

    return told


def _runs_told(resamples: int) -> Callable[[int], None]:
    from time import monotonic

    said = [monotonic()]

    def told(runs: int) -> None:
        if monotonic() - said[0] >= 2.0:
            said[0] = monotonic()
            note(f"{runs:,} of {resamples:,} runs")

    return told
