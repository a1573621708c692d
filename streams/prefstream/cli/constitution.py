"""`prefstream constitution`: what people and judges judge by."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from prefstream.cli.console import note, print_json, say

app = typer.Typer(
    help="Write constitutions, check and compare them, put them in force.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
File = Annotated[Path, typer.Argument(help="The constitution as YAML.")]
Which = Annotated[
    str | None,
    typer.Argument(help="A .yaml file, an id, or the beginning of a hash; without it the one in force."),
]


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    example: Annotated[
        str, typer.Option(help="What to begin with: starter, general or medical.")
    ] = "starter",
    json: Json = False,
) -> None:
    """Begin a constitution from an example, with the schema that lets editors help beside it.

    Example: prefstream constitution new house.yaml
    """
    from prefstream.streams.constitution_files import begin

    written = begin(file, example)
    if json:
        print_json({"written": [str(path) for path in written]})
    else:
        say(f"written: {', '.join(map(str, written))}; next: prefstream constitution lint {file}")


@app.command()
def lint(file: File, json: Json = False) -> None:
    """Say all that is wrong or doubtful, each with line and column; exit code 2 on errors.

    Example: prefstream constitution lint house.yaml
    """
    from prefstream.streams.constitution_files import lint_report

    report = lint_report(file)
    if json:
        print_json(report)
    else:
        _say_findings(report)
    if report["errors"]:
        raise typer.Exit(2)


@app.command()
def diff(
    first: Annotated[str, typer.Argument(metavar="OLD", help="A .yaml file or the id of a version.")],
    second: Annotated[
        str | None, typer.Argument(metavar="NEW", help="Without it, OLD is compared with what is in force.")
    ] = None,
    json: Json = False,
) -> None:
    """Say what changed from OLD to NEW, or from the one in force to a file: clause by clause.

    Example: prefstream constitution diff house.yaml house-2.yaml
    """
    import asyncio

    from prefstream.streams.constitution_files import diff_report

    old, new_one = (first, second) if second is not None else (None, first)
    report = asyncio.run(diff_report(old, new_one))
    if json:
        print_json(report)
        return
    say(f"from {report['from']}\nto   {report['to']}")
    _say_changes(report["changes"])
    changed = report["judge_prompt_changes"]
    say("judges read another prompt" if changed else "judges read the same prompt")


@app.command()
def publish(file: File, json: Json = False) -> None:
    """Put a constitution in force; versions are immutable, the content's hash is their identity.

    Example: prefstream constitution publish house.yaml
    """
    import asyncio

    from prefstream.streams.commands import publish_constitution_file

    constitution_id, fresh = asyncio.run(publish_constitution_file(file))
    if json:
        print_json({"constitution_id": constitution_id, "published": fresh})
    else:
        say(f"in force: {constitution_id}" if fresh else f"already in force: {constitution_id}")


@app.command()
def show(
    which: Which = None,
    as_: Annotated[
        Literal["summary", "judge", "annotator", "yaml"],
        typer.Option("--as", help="What a judge reads, what annotators read, or the source."),
    ] = "summary",
    json: Json = False,
) -> None:
    """Show the constitution in force, one by its id, or a file before it is published.

    Example: prefstream constitution show --as judge
    """
    import asyncio

    from prefstream.streams.constitution_files import extra, shown, summary
    from prefstream.streams.constitution_versions import find_version

    version = asyncio.run(find_version(which))
    if json:
        print_json(summary(version) | extra(version, as_))
    else:
        say(shown(version, as_).rstrip("\n"))


@app.command()
def touches(file: File, json: Json = False) -> None:
    """Say which labels and open tasks an edit affects, and what judging them again would cost.

    Example: prefstream constitution touches house.yaml
    """
    import asyncio

    from prefstream.streams.constitution_touches import touches as touched_by

    def when_slow() -> None:
        note("still counting: the votes of every judged pair are read from the archive")

    report = asyncio.run(touched_by(file, when_slow=when_slow))
    if json:
        print_json(report)
    else:
        _say_touches(report)


@app.command()
def draft(
    document: Annotated[Path, typer.Argument(help="A policy document: plain text or Markdown.")],
    model: Annotated[str, typer.Option(help="anthropic:MODEL or openai:MODEL.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write.")],
    name: Annotated[str, typer.Option(help="Name of the constitution.")] = "house",
    json: Json = False,
) -> None:
    """Ask a model to turn a policy document into a draft, which a person must edit before it is published.

    Example: prefstream constitution draft policy.md --model anthropic:claude-sonnet-4-5 -o house.yaml
    """
    import asyncio

    from prefstream.adapters.settings import Settings
    from prefstream.streams.constitution_drafting import draft_file
    from prefstream.streams.constitution_files import write_new

    write_new(out, None)
    note(f"asking {model}; a whole constitution takes a minute or two")
    text = asyncio.run(draft_file(document, name=name, model=model, settings=Settings().judge))
    write_new(out, text)
    if json:
        print_json({"written": str(out), "draft": True})
    else:
        say(f"written: {out}; edit it, then: prefstream constitution lint {out}")


@app.command()
def schema(json: Json = False) -> None:
    """Print the JSON Schema by which editors complete and check a constitution; always JSON.

    Example: prefstream constitution schema > constitution.schema.json
    """
    del json  # it is JSON either way; the option is there because every command that reports has it
    from prefstream.adapters.constitutions.editor import editor_schema

    print_json(editor_schema())


def _say_findings(report: dict[str, Any]) -> None:
    for one in report["findings"]:
        path = f" {one['path']}:" if one["path"] else ""
        place = f"{report['file']}:{one['line']}:{one['column']}"
        say(f"{place}: {one['level']} [{one['code']}]{path} {one['message']}")
        say(f"    {one['fix']}")
    told = f"{report['errors']} errors, {report['warnings']} warnings"
    say(f"{report['constitution_id'] or report['file']}: {told}")


def _say_changes(changes: list[dict[str, Any]]) -> None:
    if not changes:
        say("nothing changed")
    for one in changes:
        say(f"{one['kind']:<10} {one['part']} {one['id']}")
        for detail in one["details"]:
            say(f"           {detail}")


def _say_touches(report: dict[str, Any]) -> None:
    say(f"from {report['from']}\nto   {report['to']}")
    _say_changes(report["changes"])
    cited, again, labels = report["cited_by"], report["judge_again"], report["label_again"]
    say(f"pairs judged under the present version: {report['judged_pairs']:,}")
    say(
        f"of them citing a changed clause: {report['pairs']:,} (in votes {cited['votes']:,},"
        f" in routes {cited['routes']:,}, in people's labels {cited['labels']:,})"
    )
    say(f"resolved labels among them: {report['resolved_labels']:,}; open tasks: {report['open_tasks']:,}")
    cost = f"about ${again['cost_usd']:,.2f}" if again["cost_usd"] is not None else again["cost_reason"]
    why = "judges read another prompt" if report["judge_prompt_changes"] else "judges read the same prompt"
    say(f"to judge again ({why}): {again['pairs']:,} pairs, {cost}")
    minutes = labels["minutes"]
    time = f"about {minutes:,.0f} minutes" if minutes is not None else labels["minutes_reason"]
    say(f"to label again: {labels['labels']:,} labels by people, {time}")
