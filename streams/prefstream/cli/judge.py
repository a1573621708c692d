"""`prefstream judge`: how good judges are, where they fail, and whether a change is one for the better."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from prefstream.cli.console import note, print_json
from prefstream.cli.judge_words import say_decision, say_feedback, say_report

if TYPE_CHECKING:
    from prefstream.domain.evaluation import EvaluationSet

app = typer.Typer(
    help="Hold judges against people: evaluate, learn from errors, adopt changes.", no_args_is_help=True
)
Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="FILE...", help="Files that together hold pairs, people's labels and verdicts."),
]
Live = Annotated[bool, typer.Option("--live", help="Evaluate on the audit sample of what runs here.")]
Judges = Annotated[
    list[str] | None, typer.Option("--judge", metavar="NAME", help="Only this judge: NAME or NAME/STRATEGY.")
]
Map = Annotated[
    list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Read a field from this column.")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Give every row this value.")
]
JudgeColumns = Annotated[
    list[str] | None,
    typer.Option("--judge-column", metavar="NAME=COLUMN", help="This column holds this judge's verdicts."),
]
AnnotatorColumns = Annotated[
    list[str] | None,
    typer.Option("--annotator-column", metavar="NAME=COLUMN", help="This column holds this person's labels."),
]
Format = Annotated[
    str | None, typer.Option("--format", help="jsonl, json, csv or parquet, if the name does not say.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
#: More of them take longer than people wait without a word.
_SLOW_JUDGEMENTS = 10_000


@app.command("eval")
def evaluate(  # noqa: PLR0913, PLR0917  (each is an option of the command)
    files: Files = None,
    live: Live = False,
    judge: Judges = None,
    by: Annotated[Literal["slice"] | None, typer.Option(help="slice: also each slice by itself.")] = None,
    plot: Annotated[Path | None, typer.Option(metavar="DIR", help="Also draw into this folder.")] = None,
    stack: Annotated[
        int | None, typer.Option(metavar="GOLD", help="Weigh all judges together by so many labelled pairs.")
    ] = None,
    epsilon: Annotated[
        float,
        typer.Option(
            help="Worth of a judge's lower price in the alternative-annotator test: .1 for crowds,"
            " .15 for skilled annotators, .2 for experts."
        ),
    ] = 0.1,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep one judge's evaluation, for `judge adopt`.")
    ] = None,
    built_from: Annotated[
        Path | None,
        typer.Option("--built-from", metavar="FILE", help="Ids of pairs the judge's prompt was made from."),
    ] = None,
    map_: Map = None,
    set_: Set = None,
    judge_column: JudgeColumns = None,
    annotator_column: AnnotatorColumns = None,
    format_: Format = None,
    json: Json = False,
) -> None:
    """Say how well judges agree with people and with themselves, with intervals; biases; calibration.

    Example: prefstream judge eval pairs.jsonl verdicts.jsonl --by slice --plot plots
    """
    from prefstream.streams.evaluation_report import evaluation_report

    if plot is not None:
        from prefstream.adapters.plots.pictures import check_folder

        check_folder(plot)
    evaluated = _evaluated(files, live, judge, (map_, set_, judge_column, annotator_column), format_)
    judged = sum(map(len, evaluated.judgements.values()))
    if stack is not None or judged > _SLOW_JUDGEMENTS:
        note(f"reckoning with {judged:,} judgements ...")
    report = evaluation_report(evaluated, by_slice=by is not None, epsilon=epsilon, gold=stack)
    if record is not None:
        _keep(evaluated, record, built_from)
    if plot is not None:
        from prefstream.adapters.plots.pictures import draw_all

        note(f"drawn: {', '.join(map(str, draw_all(report['judges'], plot)))}")
    if json:
        print_json(report)
    else:
        say_report(report)


@app.command()
def feedback(  # noqa: PLR0913, PLR0917  (each is an option of the command)
    files: Files = None,
    live: Live = False,
    judge: Judges = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write proposed exemplars as YAML.")
    ] = None,
    most_characters: Annotated[
        int, typer.Option(min=1, help="Longest case that is proposed, in characters.")
    ] = 2000,
    map_: Map = None,
    set_: Set = None,
    judge_column: JudgeColumns = None,
    annotator_column: AnnotatorColumns = None,
    format_: Format = None,
    json: Json = False,
) -> None:
    """Say under which clauses a judge differs from people, and propose exemplars from settled cases.

    Example: prefstream judge feedback --live --out exemplars.yaml
    """
    from prefstream.streams.evaluation_feedback import exemplar_yaml, feedback_report

    evaluated = _evaluated(files, live, judge, (map_, set_, judge_column, annotator_column), format_)
    report = feedback_report(evaluated, most_characters=most_characters)
    if out is not None:
        from prefstream.streams.constitution_files import write_new

        write_new(out, exemplar_yaml(report["proposals"]))
        note(
            f"written: {out}; edit it, put what you keep into the constitution, and keep the ids of its pairs"
        )
    if json:
        print_json(report)
    else:
        say_feedback(report)


@app.command()
def adopt(
    present: Annotated[Path, typer.Option(help="Recorded evaluation of the judge in use.")],
    candidate: Annotated[Path, typer.Option(help="Recorded evaluation of the changed judge, same pairs.")],
    delta: Annotated[float, typer.Option(help="Risk of adopting one that is no better.")] = 0.05,
    tries: Annotated[
        int, typer.Option(min=1, help="How many candidates these labels have been used on, this included.")
    ] = 1,
    json: Json = False,
) -> None:
    """Decide whether a changed judge beats the present one on labels that neither was built from.

    The exit code is 0 for adopt, 1 for keep, 2 for bad input.

    Example: prefstream judge adopt --present now.json --candidate new.json
    """
    from prefstream.domain.evaluation import adoption
    from prefstream.streams.evaluation_documents import adoption_document
    from prefstream.streams.evaluation_records import read_record

    decision = adoption(read_record(present), read_record(candidate), delta=delta, tries=tries)
    if json:
        print_json(adoption_document(decision))
    else:
        say_decision(adoption_document(decision))
    if not decision.adopt:
        raise typer.Exit(1)


def _evaluated(
    files: Sequence[str] | None,
    live: bool,
    judges: Sequence[str] | None,
    named: tuple[list[str] | None, list[str] | None, list[str] | None, list[str] | None],
    format_name: str | None,
) -> "EvaluationSet":
    from prefstream.schemas.errors import BadInput

    if live == bool(files):
        raise BadInput("give either files, or --live")
    if live:
        if any(named) or format_name:
            raise BadInput("--map, --set, --format and columns are for files; --live needs none")
        return _of_live().chosen(judges or ())
    return _of_files(files or (), named, format_name).chosen(judges or ())


def _of_live() -> "EvaluationSet":
    import asyncio

    from prefstream.adapters.settings import Settings
    from prefstream.streams.live_evaluation import audit_sample

    return asyncio.run(audit_sample(Settings(), when_slow=lambda: note("still reading the audit sample ...")))


def _of_files(
    files: Sequence[str],
    named: tuple[list[str] | None, list[str] | None, list[str] | None, list[str] | None],
    format_name: str | None,
) -> "EvaluationSet":
    from prefstream.agents.ingestion.evaluations import Columns
    from prefstream.cli.progress import ProgressLine
    from prefstream.streams.evaluation import Source, named_columns, read_files

    options = ("--map", "--set", "--judge-column", "--annotator-column")
    columns, constants, judges, people = (
        named_columns(option, said) for option, said in zip(options, named, strict=True)
    )
    source = Source(
        files=files,
        format_name=format_name,
        columns=columns,
        constants=constants,
        own=Columns(judges=judges, annotators=people),
    )
    with ProgressLine("reading") as line:
        found = read_files(source, told=lambda rows, share: line.show(rows=rows, refused=0, share=share))
    if found.repeated:
        note(f"{found.repeated:,} labels or verdicts were there twice, word for word; each counts once")
    return found.evaluated


def _keep(evaluated: "EvaluationSet", path: Path, built_from: Path | None) -> None:
    from prefstream.streams.evaluation_records import read_ids, record_of, write_record

    write_record(record_of(evaluated, read_ids(built_from) if built_from else ()), path)
    note(f"kept in {path}")
