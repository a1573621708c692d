"""`prefstream doctor`: what is missing on this machine, and how to mend it."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from prefstream.cli.console import print_json, say

_COLOURS = {"ok": typer.colors.GREEN, "warning": typer.colors.YELLOW, "problem": typer.colors.RED}


def doctor(
    json: Annotated[bool, typer.Option("--json", help="One JSON document for machines.")] = False,
) -> None:
    """Say what is missing and how to fix it; exit code 1 when something needed is missing.

    Looks at Python and its libraries, settings, database, log, folder, ports, models and clock. It
    changes nothing and shows no key or password.

    Example: prefstream doctor
    """
    import asyncio

    from prefstream.streams.examination import examine

    findings = asyncio.run(examine())
    problems = [one for one in findings if one.state == "problem"]
    if json:
        print_json({"can_run": not problems, "findings": [asdict(one) for one in findings]})
        raise typer.Exit(1 if problems else 0)
    for one in findings:
        say(f"{_state(one.state)}  {one.name:<12} {one.what}")
        if one.fix:
            say(f"{'':<23}fix: {one.fix}")
    warnings = sum(one.state == "warning" for one in findings)
    verdict = f"cannot run: {_counted(len(problems), 'problem')}" if problems else "can run"
    say(f"\n{verdict}, {_counted(warnings, 'warning')}")
    raise typer.Exit(1 if problems else 0)


def _state(state: str) -> str:
    padded = f"{state:<8}"
    return typer.style(padded, fg=_COLOURS[state]) if sys.stdout.isatty() else padded


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
