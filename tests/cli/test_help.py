import importlib.util
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperCommand, TyperGroup, TyperOption

from prefstream.cli.main import root
from tests.cli.command import environment, prefstream

#: What `--help` may import besides the standard library; everything heavier waits for its command.
ALLOWED = {"prefstream", "typer", "annotated_doc", "shellingham"}
#: Each of these alone takes longer than help may; the list above already leaves them out.
HEAVY = {
    "faust",
    "aiokafka",
    "asyncpg",
    "anthropic",
    "pydantic",
    "httpx2",
    "aiohttp",
    "yaml",
    "rich",
    "asyncio",
}
#: Commands that neither report nor change anything that could be told in a document.
WITHOUT_JSON = {"up", "run", "console"}


def commands() -> Iterator[tuple[str, TyperCommand]]:
    yield from _below("", typer.main.get_command(root))


def _below(path: str, command: object) -> Iterator[tuple[str, TyperCommand]]:
    if isinstance(command, TyperGroup):
        for name, below in command.commands.items():
            yield from _below(f"{path} {name}", below)
    elif isinstance(command, TyperCommand):
        yield path.strip(), command


COMMANDS = list(commands())


def imported(program: str, *arguments: str) -> set[str]:
    """Return the top-level modules that a program imports, by the interpreter's own account."""
    said = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program, *arguments],
        env=environment({}),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stderr
    lines = [line for line in said.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines[1:]}


def test_help_imports_only_what_the_list_names() -> None:
    found = imported("from prefstream.cli.main import main; main()", "--help")
    ours = found - set(sys.stdlib_module_names) - imported("pass")
    # The account names what was looked for in vain, too.
    third_party = {name for name in ours if importlib.util.find_spec(name) is not None}
    assert third_party <= ALLOWED, f"--help has begun to import {sorted(third_party - ALLOWED)}"
    assert "prefstream" in found
    assert not found & HEAVY


def test_the_time_of_help_is_printed() -> None:
    began = time.perf_counter()
    ended = prefstream(Path.cwd(), "--help")
    print(f"prefstream --help took {(time.perf_counter() - began) * 1000:.0f} ms")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Usage: ")


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_every_command_has_help_with_an_example(path: str, command: TyperCommand) -> None:
    told = f"{command.help or ''}\n{command.epilog or ''}"
    assert (command.help or "").strip(), path
    assert f"Example: prefstream {path}" in " ".join(told.split()), path


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_every_command_that_reports_has_json(path: str, command: TyperCommand) -> None:
    options = {option for parameter in command.params for option in parameter.opts}
    assert ("--json" in options) == (path not in WITHOUT_JSON), path


def test_every_option_says_what_it_does() -> None:
    silent = [
        f"{path} {parameter.opts[0]}"
        for path, command in COMMANDS
        for parameter in command.params
        if isinstance(parameter, TyperOption) and not parameter.help
    ]
    assert silent == []
