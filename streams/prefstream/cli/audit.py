"""`prefstream audit`: evidence that the archive is what it was."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prefstream.cli.console import note, print_json, say
from prefstream.schemas.errors import BadInput

if TYPE_CHECKING:
    from prefstream.streams.evidence_check import Progress

app = typer.Typer(help="Show that the archive is what it was.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]


@app.command()
def key(json: Json = False) -> None:
    """Show the public key that checkpoints are checked with; hand it to auditors.

    Example: prefstream audit key
    """
    from prefstream.streams.evidence import signer

    by = signer()
    if json:
        print_json({"name": by.name, "key": by.verifier_key})
        return
    say(by.verifier_key)


@app.command()
def checkpoint(
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the signed note to this file, too.")
    ] = None,
    json: Json = False,
) -> None:
    """Sign what the archive holds now, and keep the note; give it to somebody outside.

    Example: prefstream audit checkpoint --out checkpoint.txt
    """
    import asyncio

    from prefstream.streams.evidence import new_checkpoint

    stored = asyncio.run(new_checkpoint())
    if out is not None:
        _write(out, stored.note)
    if json:
        said = {"number": stored.n, "at": stored.at.isoformat(), "root": stored.root.hex()}
        print_json(said | {"note": stored.note})
        return
    say(stored.note)


@app.command()
def prove(
    event: Annotated[
        str, typer.Argument(metavar="LABEL_ID", help="Id of any event, or of a pair: its label.")
    ],
    out: Annotated[Path | None, typer.Option("--out", help="Write the proof to this file.")] = None,
    json: Json = False,
) -> None:
    """Prove that a label, or any other event, stands in the log, byte for byte.

    The proof is one line of JSON; `prefstream audit script` writes the script that checks it anywhere.

    Example: prefstream audit prove pair-17 --out proof.json
    """
    import asyncio

    from prefstream.streams.evidence import prove as proved

    proof = asyncio.run(proved(event))
    if out is None:
        typer.echo(proof, nl=False)
        return
    _write(out, proof)
    if json:
        print_json({"file": str(out), "bytes": len(proof.encode())})
        return
    note(f"{out}: {len(proof.encode())} bytes")


@app.command()
def script(
    out: Annotated[Path, typer.Argument(help="The file to write.")] = Path("verify_evidence.py"),
    json: Json = False,
) -> None:
    """Write the script that checks proofs with nothing but Python.

    Example: prefstream audit script verify_evidence.py
    """
    from importlib.resources import files

    _write(out, (files("prefstream.adapters.evidence") / "verify_evidence.py").read_text(encoding="utf-8"))
    if json:
        print_json({"file": str(out)})
        return
    say(f"{out}: run it as `python {out} PROOF.json --key KEY`")


@app.command()
def verify(
    topic: Annotated[str | None, typer.Option("--topic", help="Only this topic.")] = None,
    first: Annotated[int, typer.Option("--from-offset", min=0, help="First offset, in each partition.")] = 0,
    end: Annotated[int | None, typer.Option("--to-offset", min=0, help="The offset to stop before.")] = None,
    json: Json = False,
) -> None:
    """Check every archived record against its tree, and every checkpoint against the next.

    Exit code 1: something is not as it was.

    Example: prefstream audit verify --topic labels.resolved.v1
    """
    import asyncio

    from prefstream.cli.progress import ProgressLine
    from prefstream.streams.evidence import checked

    if end is not None and end < first:
        raise BadInput(f"the range ends at {end}, before it begins at {first}")
    with ProgressLine("audit verify") as line:

        def tell(progress: "Progress") -> None:
            share = progress.done / progress.total if progress.total else None
            line.show(rows=progress.done, refused=progress.found, share=share)

        found = asyncio.run(checked(topic=topic, first=first, end=end, tell=tell))
    if json:
        print_json(found)
    else:
        for one in found["findings"]:
            say(f"  {one['kind']:<8} {one['where']}: {one['what']}")
        standing = "all as it was" if found["sound"] else "NOT as it was"
        say(f"{found['records']} records under {found['trees']} trees: {standing}")
    if not found["sound"]:
        raise typer.Exit(1)


def _write(out: Path, text: str) -> None:
    try:
        out.write_bytes(text.encode())
    except OSError as error:
        raise BadInput(f"{out} cannot be written: {error.strerror}; name another file") from error
