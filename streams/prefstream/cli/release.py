"""`prefstream release`: datasets that trainers load unchanged and auditors can trace."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prefstream.cli import release_looks
from prefstream.cli.console import print_json, say
from prefstream.cli.release_words import say_draft

if TYPE_CHECKING:
    from prefstream.streams.release_drafting import Wanted

app = typer.Typer(
    help="Cut releases: immutable datasets, the same to the byte whenever they are cut again.",
    no_args_is_help=True,
)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
Plan = Annotated[Path, typer.Argument(metavar="PLAN", help="The plan, in YAML or JSON.")]
Out = Annotated[Path, typer.Option("--out", help="The folder that releases stand in.")]
At = Annotated[
    Path | None,
    typer.Option("--at", help="The position.json of a release; empty: all that the archive holds."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--override", metavar="GATE[:SLICE]", help="A failing gate that --by answers for."),
]
Reason = Annotated[str, typer.Option("--reason", help="Why; the card says it.")]
By = Annotated[str, typer.Option("--by", help="Who does it, for the record; empty: the command line.")]
_OUT = Path("releases")
_NOBODY = "command-line"


@app.command()
def cut(
    plan: Plan,
    out: Out = _OUT,
    at: At = None,
    override: Overrides = None,
    by: By = "",
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Write a release: data, card, manifest, gates and lineage, in one folder named by its content.

    The folder is there whole or not at all. A failing gate blocks with exit code 1 and says what would
    fix it; a QA lead or an administrator may let it pass with a reason, which the card tells.

    Example: prefstream release cut helpful.yaml --out releases
    """
    from datetime import UTC, datetime

    from prefstream.adapters.settings import Settings
    from prefstream.adapters.signals import run_to_the_end
    from prefstream.streams.places import find_places, open_log
    from prefstream.streams.release_cut import cut as write
    from prefstream.streams.release_records import record

    wanted, settings = _wanted(plan, out, at, override, by, reason), Settings()
    places = find_places(settings)
    dsn, now = places.dsn.get_secret_value(), datetime.now(UTC)

    async def work() -> Any:
        with _Progress() as progress:
            done = await write(dsn, wanted, progress, now=now)
        async with open_log(places, partitions=settings.partitions) as log:
            return done, await record(dsn, log, done, by=wanted.by, now=now)

    done, news = run_to_the_end(work)
    document = {
        "release_id": done.release_id,
        "folder": str(done.folder),
        "fresh": done.fresh,
        "published": news,
    } | _document(done.draft)
    if json:
        print_json(document)
        return
    say_draft(document)
    say(f"{done.release_id} is in {done.folder}" + ("" if done.fresh else ", as it was before"))


@app.command()
def gate(
    plan: Plan,
    out: Out = _OUT,
    at: At = None,
    override: Overrides = None,
    by: By = "",
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Measure what a release would be, and write none; exit code 1 where a gate fails.

    Example: prefstream release gate helpful.yaml
    """
    from prefstream.adapters.settings import Settings
    from prefstream.adapters.signals import run_to_the_end
    from prefstream.streams.places import find_places
    from prefstream.streams.release_cut import GatesFailed, measured

    wanted = _wanted(plan, out, at, override, by, reason)
    dsn = find_places(Settings()).dsn.get_secret_value()

    async def work() -> Any:
        with _Progress() as progress:
            return await measured(dsn, wanted, progress)

    draft = run_to_the_end(work)
    if json:
        print_json(_document(draft))
    else:
        say_draft(_document(draft))
    if draft.gates.blocked:
        raise GatesFailed(draft.gates.blocked)


def _wanted(
    plan: Path, out: Path, at: Path | None, override: list[str] | None, by: str, reason: str
) -> "Wanted":
    from prefstream.cli.release_plans import load_plan, overrides_of, position_in
    from prefstream.streams.release_drafting import Wanted

    return Wanted(
        plan=load_plan(plan),
        out=out,
        by=by or _NOBODY,
        position=position_in(at) if at is not None else None,
        overrides=overrides_of(override or (), by=by, reason=reason),
    )


def _document(draft: Any) -> dict[str, Any]:
    from dataclasses import asdict

    blocked = [one.model_dump(mode="json") for one in draft.gates.blocked]
    return asdict(draft.counts) | {
        "gates": [one.model_dump(mode="json") for one in draft.gates.results],
        "blocked": blocked,
        "overrides": [one.model_dump(mode="json") for _, one in draft.gates.overridden],
    }


class _Progress:
    """Shows what a cut does and how far it is."""

    def __init__(self) -> None:
        from prefstream.cli.progress import ProgressLine

        self._line_of = ProgressLine
        self._name = ""
        self._line: Any = None

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *ended: object) -> None:
        if self._line is not None:
            self._line.__exit__(None, None, None)

    def __call__(self, name: str, rows: int) -> None:
        if name != self._name:
            self.__exit__()
            self._name, self._line = name, self._line_of(name).__enter__()
        self._line.show(rows=rows, refused=0, share=None)


for _command in (release_looks.list_, release_looks.show, release_looks.diff, release_looks.verify):
    app.command(_command.__name__.rstrip("_"))(_command)
app.command()(release_looks.trace)
app.command()(release_looks.withdraw)
