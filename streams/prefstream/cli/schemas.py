"""`prefstream schemas`: the contract as JSON Schema and AsyncAPI."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from prefstream.cli.console import print_json, say
from prefstream.schemas.errors import BadInput, Incompatible

app = typer.Typer(help="Export and check the contract of events and topics.", no_args_is_help=True)

_AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command(epilog="Example: prefstream schemas export contract --reference docs/reference")
def export(
    folder: Annotated[Path, typer.Argument(help="Where the files go.")] = Path("contract"),
    reference: Annotated[
        Path | None, typer.Option(help="Where the pages for people (events.md, topics.md) go, if anywhere.")
    ] = None,
    as_json: _AsJson = False,
) -> None:
    """Write one JSON Schema per event, and the AsyncAPI document.

    Schemas of older versions that already stand in the folder are kept.
    """
    from prefstream.schemas import contract
    from prefstream.schemas import reference as pages

    written = _write(folder, contract.files())
    if reference is not None:
        written += _write(reference, pages.pages())
    if as_json:
        print_json({"written": [str(path) for path in written]})
    else:
        say(f"wrote {len(written)} files to {folder}" + (f" and {reference}" if reference else ""))


@app.command(epilog="Example: prefstream schemas check contract --breaking-only")
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="An exported contract; without it, the one this build ships.")
    ] = None,
    breaking_only: Annotated[
        bool, typer.Option("--breaking-only", help="Let additions pass; name only what breaks readers.")
    ] = False,
    as_json: _AsJson = False,
) -> None:
    """Compare an exported contract with this build; exit 2 and name every difference.

    A drift is any difference; an incompatibility takes something away from readers.
    """
    from prefstream.schemas import contract
    from prefstream.schemas.codec import UPCASTERS
    from prefstream.schemas.compatibility import contract_incompatibilities

    folder = folder or Path(contract.__file__).parent / "json"
    released = _documents_in(folder)
    present = contract.documents()
    broken = contract_incompatibilities(released, present, upcasts=UPCASTERS)
    drifts = [] if breaking_only else _drifts(released, present)
    if as_json:
        print_json({"folder": str(folder), "incompatible": broken, "drift": drifts})
        raise typer.Exit(Incompatible.exit_code if broken or drifts else 0)
    findings = [f"incompatible: {finding}" for finding in broken] + [
        f"drift: {finding}" for finding in drifts
    ]
    if findings:
        raise Incompatible(
            f"{folder} and this build differ in {len(findings)} places:\n  "
            + "\n  ".join(findings)
            + f"\nUndo the change, or give the event a new schema_version and an upcaster; "
            f"then run `prefstream schemas export {folder}`"
        )
    say(f"{folder} and this build say the same ({len(present)} documents)")


def _write(folder: Path, texts: dict[str, str]) -> list[Path]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"cannot write to {folder}: {error.strerror}; name a folder you may write to"
        ) from error
    return [folder / name for name in texts]


def _documents_in(folder: Path) -> dict[str, Any]:
    paths = sorted([*folder.glob("*.v*.json"), *folder.glob("asyncapi.json")])
    if not paths:
        raise BadInput(f"{folder} holds no exported contract; write one with `prefstream schemas export`")
    return {path.stem: _document(path) for path in paths}


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read as JSON: {error}; export the contract again") from error
    if not isinstance(document, dict):
        raise BadInput(f"{path} holds no JSON object; export the contract again")
    return document


def _drifts(released: dict[str, Any], present: dict[str, Any]) -> list[str]:
    """Return the present documents that the folder lacks or says otherwise; older ones may stay."""
    missing = [f"{name}: not in the folder" for name in present if name not in released]
    changed = [
        f"{name}: says something else"
        for name, document in present.items()
        if name in released and released[name] != document
    ]
    return missing + changed
