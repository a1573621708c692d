"""`prefstream ingest`: bring prompts, pairs, labels, tasks and recorded verdicts in from files."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prefstream.cli.console import note, print_json, say

if TYPE_CHECKING:
    from prefstream.adapters.settings import Settings
    from prefstream.streams.ingest import Deliver, Order, Progress, Report
    from prefstream.streams.places import Places

app = typer.Typer(
    help="Bring data in: JSONL, JSON, CSV or Parquet, or JSONL from standard input.", no_args_is_help=True
)

#: Refused rows that are shown; the file of --rejects holds them all.
_SHOWN = 20
_INTERRUPTED = 130
_REFUSED = 2

File = Annotated[str, typer.Argument(help="A file, or - for JSONL from standard input.")]
Map = Annotated[
    list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Read a field from this column.")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Give every row this value.")
]
Format = Annotated[
    str | None, typer.Option("--format", help="jsonl, json, csv or parquet, if the name does not say.")
]
Prefix = Annotated[str, typer.Option(help="Put this before every id of a pair or prompt, e.g. set1/.")]
Provenance = Annotated[str, typer.Option(help="real, recorded, offline or simulated.")]
OccurredAt = Annotated[
    str | None, typer.Option("--occurred-at", metavar="TIME", help="ISO 8601; for rows without a time.")
]
Rejects = Annotated[Path | None, typer.Option(help="Write every refused row with its reason here, as JSONL.")]
Restart = Annotated[bool, typer.Option("--restart", help="Read from the start, whatever was read before.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the chain has dealt with all of it.")]
WaitS = Annotated[float, typer.Option("--wait-s", min=1, help="Wait no longer than this many seconds.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


_KINDS = {
    "prompts": (
        "Bring in prompts, for which responses are then generated.",
        "prefstream ingest prompts prompts.csv --map prompt=text --set slice=arithmetic",
    ),
    "pairs": (
        "Bring in pairs: prompts with two responses that exist already.",
        "prefstream ingest pairs pairs.jsonl --map response_a=left --map response_b=right",
    ),
    "labels": (
        "Bring in labels: what people said of pairs.",
        "prefstream ingest labels wide.csv --map verdict=annotator2 --set annotator=annotator2",
    ),
    "tasks": (
        "Bring in tasks other than pairs: rankings, ratings, demonstrations, safety labels.",
        "prefstream ingest tasks candidates.jsonl --set kind=ranking --set overlap=2",
    ),
    "verdicts": (
        "Bring in verdicts that a judge gave before, for the panel member recorded:JUDGE.",
        "prefstream ingest verdicts gpt.jsonl --map verdict=winner --set judge=gpt-4",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    kind: str
    file: str
    columns: list[str] | None
    constants: list[str] | None
    format_name: str | None
    prefix: str
    provenance: str
    occurred_at: str | None
    rejects: Path | None
    restart: bool
    wait: bool
    wait_s: float
    as_json: bool


def _add_command(kind: str, about: str, example: str) -> None:
    """Add the command of one kind; all take the same options."""

    def command(  # noqa: PLR0913, PLR0917  (one argument per option, as typer wants it)
        file: File,
        columns: Map = None,
        constants: Set = None,
        format_name: Format = None,
        prefix: Prefix = "",
        provenance: Provenance = "real",
        occurred_at: OccurredAt = None,
        rejects: Rejects = None,
        restart: Restart = False,
        wait: Wait = False,
        wait_s: WaitS = 600.0,
        as_json: Json = False,
    ) -> None:
        _ingest(
            _Options(
                kind=kind,
                file=file,
                columns=columns,
                constants=constants,
                format_name=format_name,
                prefix=prefix,
                provenance=provenance,
                occurred_at=occurred_at,
                rejects=rejects,
                restart=restart,
                wait=wait,
                wait_s=wait_s,
                as_json=as_json,
            )
        )

    app.command(kind, help=about, epilog=f"Example: {example}")(command)


for _kind, (_about, _example) in _KINDS.items():
    _add_command(_kind, _about, _example)


def named_values(texts: Sequence[str] | None, *, option: str) -> dict[str, str]:
    """Return what options of the form NAME=VALUE say.

    >>> named_values(["slice=math"], option="--set")
    {'slice': 'math'}

    Raises:
        BadInput: There is no equals sign, or a name occurs twice.
    """
    from prefstream.schemas.errors import BadInput

    values: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise BadInput(f"{option} {text!r} is not of the form field=...; e.g. {option} slice=category")
        if name.strip() in values:
            raise BadInput(f"{option} names {name.strip()} twice; choose one")
        values[name.strip()] = value
    return values


def _ingest(options: _Options) -> None:
    import asyncio

    from prefstream.adapters.settings import Settings
    from prefstream.streams.ingest import check
    from prefstream.streams.places import find_places
    from prefstream.streams.status import drained

    settings = Settings()
    order = _order(options, settings)
    check(order)
    report = asyncio.run(_run(order, settings, find_places(settings), rejects=options.rejects))
    try:
        if options.wait and not report.interrupted and order.kind != "verdicts":
            asyncio.run(drained(settings, options.wait_s))
    finally:
        if options.as_json:
            print_json(_document(report))
        else:
            _tell(report, options.rejects)
    if report.interrupted:
        _tell_how_to_resume(report)
        raise typer.Exit(_INTERRUPTED)
    if report.refused:
        raise typer.Exit(_REFUSED)


def _order(options: _Options, settings: "Settings") -> "Order":
    from prefstream.adapters.postgres.connection import shown
    from prefstream.schemas.errors import BadInput
    from prefstream.schemas.values import Provenance
    from prefstream.streams.ingest import Order

    if options.provenance not in list(Provenance):
        raise BadInput(f"there is no provenance {options.provenance!r}; it is one of {', '.join(Provenance)}")
    dsn = settings.postgres.dsn.get_secret_value()
    return Order(
        kind=options.kind,  # type: ignore[arg-type]
        file=options.file,
        folder=settings.folder,
        format_name=options.format_name,
        columns=named_values(options.columns, option="--map"),
        constants=named_values(options.constants, option="--set"),
        prefix=options.prefix,
        provenance=Provenance(options.provenance),
        occurred_at=_instant(options.occurred_at),
        # What runs in the folder keeps its data there, beside the progress.
        target=f"{settings.log} {settings.kafka.bootstrap} {shown(dsn)}" if dsn else "",
        restart=options.restart,
    )


def _instant(text: str | None) -> datetime | None:
    from prefstream.schemas.errors import BadInput

    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"--occurred-at {text!r} is no ISO 8601 time, e.g. 2026-03-01T12:00:00Z") from error
    if instant.tzinfo is None:
        raise BadInput(f"--occurred-at {text!r} does not say its zone; put Z behind it for UTC")
    return instant


async def _run(order: "Order", settings: "Settings", places: "Places", *, rejects: Path | None) -> "Report":
    import asyncio
    import signal
    from contextlib import AsyncExitStack

    from prefstream.cli.progress import ProgressLine
    from prefstream.streams.ingest import ingest

    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def stop_once() -> None:
        note("stopping after the batch in flight; once more stops at once")
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    async with AsyncExitStack() as stack:
        deliver = await _delivery(order.kind, settings, places, stack)
        progress = stack.enter_context(ProgressLine(order.name))
        loop.add_signal_handler(signal.SIGINT, stop_once)
        loop.add_signal_handler(signal.SIGTERM, stop.set)

        def show(state: "Progress") -> None:
            progress.show(rows=state.rows, refused=state.refused, share=state.share)

        return await ingest(order, deliver, stop=stop, on_progress=show, rejects=rejects)


async def _delivery(kind: str, settings: "Settings", places: "Places", stack: Any) -> "Deliver":
    from prefstream.streams.ingest import to_log, to_verdicts

    if kind == "verdicts":
        from prefstream.adapters.postgres.connection import pool_of
        from prefstream.adapters.postgres.verdicts import RecordedVerdicts

        pool = await stack.enter_async_context(pool_of(places.dsn.get_secret_value(), size=2))
        return to_verdicts(RecordedVerdicts(pool))
    from prefstream.streams.places import open_log

    log = await stack.enter_async_context(open_log(places, partitions=settings.partitions))
    writer = await log.writer()
    stack.push_async_callback(writer.close)
    return to_log(writer)


def _document(report: "Report") -> dict[str, Any]:
    return {
        "kind": report.kind,
        "file": report.file,
        "rows": report.rows,
        "ingested": report.ingested,
        "refused": report.refused,
        "resumed_from": report.resumed_from,
        "seconds": report.seconds,
        "already": report.already,
        "interrupted": report.interrupted,
        "refusals": [{"line": one.line, "row": one.row, "reason": one.reason} for one in report.refusals],
    }


def _tell(report: "Report", rejects: Path | None) -> None:
    for refusal in report.refusals[:_SHOWN]:
        note(str(refusal))
    if report.refused > _SHOWN:
        where = f"all are in {rejects}" if rejects else "--rejects FILE writes them all"
        note(f"... and {report.refused - _SHOWN} more refused rows; {where}")
    refused = f", {report.refused} refused" if report.refused else ""
    done = f"ingested {report.ingested} {report.kind} of {report.file}{refused}"
    if report.already:
        say(f"already {done}; --restart does it again")
        return
    resumed = f", going on after line {report.resumed_from}" if report.resumed_from else ""
    say(f"{done} in {report.seconds:.1f} s{resumed}")


def _tell_how_to_resume(report: "Report") -> None:
    if report.file == "-":
        note("stopped; standard input cannot be taken up again, but rows keep their ids when they come again")
    else:
        note(f"stopped after row {report.rows}; to go on: {' '.join(['prefstream', *sys.argv[1:]])}")
