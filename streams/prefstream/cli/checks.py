"""`prefstream checks`: what is checked on every pair, what a file would fail, what becomes of findings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prefstream.cli.console import note, print_json, say

if TYPE_CHECKING:
    from prefstream.streams.checks_scan import Scan

app = typer.Typer(
    help="See what is checked on every pair, try it on a file, and say what becomes of findings.",
    no_args_is_help=True,
)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", help="A policy of checks, JSON or YAML; the default one without it."),
]
_FAILED = 1


@app.command("list")
def list_checks(policy: PolicyFile = None, json: Json = False) -> None:
    """List every check and what becomes of its findings.

    Example: prefstream checks list --policy checks.yaml
    """
    from prefstream.domain.checks.catalog import CATALOG
    from prefstream.domain.checks.policies import severity

    chosen = _policy(policy)
    rows = [
        {"check": name, "severity": severity(name, chosen), "title": CATALOG[name].title} for name in CATALOG
    ]
    if json:
        print_json({"policy_id": chosen.id, "checks": rows})
        return
    for row in rows:
        say(f"  {row['check']:<22} {row['severity']:<11} {row['title']}")


@app.command()
def explain(
    check: Annotated[str, typer.Argument(help="The check's id, as `prefstream checks list` shows it.")],
    json: Json = False,
) -> None:
    """Explain one check: what it finds, what becomes of it, and what to do.

    Example: prefstream checks explain pii
    """
    from dataclasses import asdict

    from prefstream.domain.checks.catalog import CATALOG
    from prefstream.domain.checks.policies import known

    found = CATALOG[known(check)]
    if json:
        print_json(asdict(found))
        return
    say(f"{found.check_id}: {found.title}")
    say(f"  finds     {found.about}")
    say(f"  findings  {_BECOMES[found.severity]} unless the policy in force says otherwise")
    say(f"  to do     {found.remedy}")


_BECOMES = {
    "off": "are not looked for",
    "note": "are told, and the pair stays in",
    "quarantine": "put the pair in quarantine, where a person decides",
    "reject": "reject the pair",
}


@app.command()
def scan(
    file: Annotated[
        str, typer.Argument(help="Pairs: JSONL, JSON, CSV, Parquet, or - for JSONL from standard input.")
    ],
    policy: PolicyFile = None,
    text: Annotated[
        str, typer.Option(help="What is compared for duplicates: pair, prompt or first_turn.")
    ] = "pair",
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN", help="Read a field from this column of the file."),
    ] = None,
    format_name: Annotated[
        str | None, typer.Option("--format", help="jsonl, json, csv or parquet, if the name does not say.")
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="Findings of each check that are shown.")] = 3,
    fail_on: Annotated[
        str | None,
        typer.Option(help="note, quarantine or reject: exit with code 1 where a finding is that grave."),
    ] = None,
    json: Json = False,
) -> None:
    """Run the checks over a file of pairs; nothing is brought in.

    Personal data and credentials are told by kind and place, never shown.

    Example: prefstream checks scan pairs.jsonl --fail-on reject
    """
    from prefstream.cli.ingest import named_values
    from prefstream.cli.progress import ProgressLine
    from prefstream.streams import checks_scan

    compared = _choice(text, checks_scan.COMPARED, option="--text")
    grade = fail_on and _choice(fail_on, checks_scan.GRADES, option="--fail-on")
    with ProgressLine("checking") as progress:
        found = checks_scan.scan(
            file,
            policy=_policy(policy),
            compared=compared,  # type: ignore[arg-type]
            format_name=format_name,
            columns=named_values(columns, option="--map"),
            examples=examples,
            on_row=lambda count: progress.show(rows=count, refused=0, share=None),
        )
    if json:
        print_json(_document(found))
    else:
        _tell(found)
    if grade and (failures := found.failures(grade)):
        note(f"{failures} findings are as grave as '{grade}' or are rows that are no pairs")
        raise typer.Exit(_FAILED)


@app.command()
def publish(
    file: Annotated[Path, typer.Argument(help="The policy of checks as JSON or YAML.")], json: Json = False
) -> None:
    """Put a policy of checks in force; it supersedes the one before.

    Example: prefstream checks publish checks.yaml
    """
    import asyncio

    from prefstream.streams.check_policies import publish_check_policy_file

    policy_id, fresh = asyncio.run(publish_check_policy_file(file))
    if json:
        print_json({"policy_id": policy_id, "published": fresh})
    else:
        say(f"in force: {policy_id}" if fresh else f"already in force: {policy_id}")


@app.command()
def show(json: Json = False) -> None:
    """Show the policy of checks in force.

    Example: prefstream checks show
    """
    import asyncio

    from prefstream.streams.check_policies import check_policy_of_the_log

    found = asyncio.run(check_policy_of_the_log())
    if json:
        print_json(found)
        return
    say(f"in force: {found['policy_id']}" + ("" if found["published"] else ", for no other is published"))
    for check_id, grade in sorted(found["severities"].items()):
        say(f"  {check_id:<22} {grade}")
    say(f"  {'near-duplicates from':<22} {found['near_duplicate']:g}")
    say(f"  {'labels may rest on':<22} {', '.join(found['constitutions']) or 'the constitution in force'}")


def _policy(file: Path | None) -> Any:
    from prefstream.domain.checks.policies import DEFAULT_POLICY
    from prefstream.streams.check_policies import load_check_policy

    return load_check_policy(file) if file else DEFAULT_POLICY


def _choice(text: str, choices: tuple[str, ...], *, option: str) -> str:
    from prefstream.schemas.errors import BadInput

    if text not in choices:
        raise BadInput(f"{option} {text!r} is none of {', '.join(choices)}")
    return text


def _document(found: "Scan") -> dict[str, Any]:
    from dataclasses import asdict

    checks = [asdict(one) for one in found.found]
    return {
        "file": found.file,
        "policy_id": found.policy_id,
        "text": found.compared,
        "rows": found.rows,
        "pairs": found.pairs,
        "refused": dict(found.refused),
        "refused_lines": list(found.refused_lines),
        "checks": checks,
    }


def _tell(found: "Scan") -> None:
    say(f"{found.file}: {found.pairs} pairs, by the policy {found.policy_id}")
    for reason, count in found.refused.items():
        say(f"  {count:>7} rows are no pairs: {reason}")
    for one in found.found:
        if not one.count:
            continue
        say(f"  {one.count:>7} {one.check_id} ({one.severity}): {one.title}")
        for example in one.examples:
            say(f"          line {example.line}: {example.finding}")
    clean = [one.check_id for one in found.found if not one.count]
    if clean:
        say(f"  nothing found by {', '.join(clean)}")
