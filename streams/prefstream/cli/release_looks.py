"""`prefstream release list|show|diff|verify|trace|withdraw`: what became of releases."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from prefstream.cli.console import note, print_json, say
from prefstream.cli.release_words import counts, gate_name, say_gate

Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
ReleaseId = Annotated[str, typer.Argument(metavar="RELEASE_ID", help="The release.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of a release.")]
#: Where releases stand unless somebody says otherwise.
_OUT = Path("releases")


def list_(json: Json = False) -> None:
    """List the releases, the newest first; those withdrawn, or that hold erased content, are marked.

    Example: prefstream release list
    """
    import asyncio

    from prefstream.streams.release_records import listed

    found = asyncio.run(listed(_dsn()))
    if json:
        print_json({"releases": found})
        return
    for one in found:
        say(f"{one['cut_at']:%Y-%m-%d %H:%M}  {one['pairs']:>9,} pairs  {one['release_id']}{_mark(one)}")
    if not found:
        note("no release was cut yet: prefstream release cut PLAN.yaml")


def _mark(one: Mapping[str, Any]) -> str:
    """Return why a release should not be used any more; empty where nothing speaks against it."""
    if one["withdrawn_id"]:
        return f"  withdrawn: {one['withdrawn_reason']}"
    return f"  holds {one['erased_rows']:,} rows whose content was erased since" if one["erased_rows"] else ""


def show(release_id: ReleaseId, json: Json = False) -> None:
    """Show what was said of a release: its rows, its gates, who cut it.

    Example: prefstream release show helpful-1-0123456789abcdef
    """
    import asyncio

    from prefstream.streams.release_records import shown

    found = asyncio.run(shown(_dsn(), release_id))
    if json:
        print_json(found)
        return
    say(f"{found['release_id']}, cut {found['cut_at']:%Y-%m-%d %H:%M} by {found['cut_by']}")
    if found["withdrawn_id"]:
        say(f"WITHDRAWN by {found['withdrawn_by']}: {found['withdrawn_reason']}")
    elif mark := _mark(found):
        say(f"it{mark[1:]}: cut it anew and withdraw this one")
    say(f"{found['pairs']:,} pairs; rows: {counts(found['rows'])}")
    for one in found["gates"]:
        say_gate(one)
    for one in found["overrides"]:
        say(f"override of {one['gate']} by {one['by']}: {one['reason']}")


def diff(first: Folder, second: Folder, json: Json = False) -> None:
    """Say what changed between two releases: pairs, labels, splits and gates.

    Example: prefstream release diff releases/helpful-1-0123456789abcdef releases/helpful-2-89abcdef01234567
    """
    from prefstream.streams.release_records import compared

    found = compared(_folder(first), _folder(second))
    if json:
        print_json(found)
        return
    say(f"from {found['from']} to {found['to']}")
    words = {
        "added": "added",
        "removed": "removed",
        "relabelled": "with another label",
        "moved": "in another split",
    }
    for name, said in words.items():
        change = found[name]
        slices = f"  {counts(change['slices'])}" if change["count"] else ""
        say(f"{change['count']:>9,} {said}{slices}")
    say(f"{found['kept']:>9,} as before")
    for one in found["gates"]:
        word = "passes now" if one["passes"] else "fails now"
        say(f"{gate_name(one)} {word}: {one['before']} before, {one['after']} after")


def verify(folder: Folder, json: Json = False) -> None:
    """Check every file of a release, and the release against what was recorded when it was cut.

    Any changed byte, missing file or extra file is told; exit code 1.

    Example: prefstream release verify releases/helpful-1-0123456789abcdef
    """
    import asyncio

    from prefstream.schemas.errors import PrefstreamError, Unavailable
    from prefstream.streams.release_records import verified

    dsn: str | None
    try:
        dsn = _dsn()
    except Unavailable:
        dsn = None
    found = asyncio.run(verified(_folder(folder), dsn))
    if json:
        print_json(found)
    if found["findings"]:
        raise PrefstreamError("\n".join([f"{folder} is not as it was cut:", *found["findings"]]))
    if not json:
        beside = "and in the record" if found["compared_with_record"] else "(no record to compare with)"
        say(f"{found['release_id']} is as it was cut, in every file {beside}")
    if found["withdrawn"]:
        note(f"but it was withdrawn: {found['withdrawn']}")
    elif found["erased_rows"]:
        note(f"but it holds {found['erased_rows']:,} rows whose content was erased since: withdraw it")


def trace(
    row_id: Annotated[str, typer.Argument(metavar="ROW_ID", help="A row, or a pair or task.")],
    release: Annotated[
        Path | None, typer.Option("--release", help="The folder of a release; empty: look in the database.")
    ] = None,
    json: Json = False,
) -> None:
    """Follow a row back: its pair, each event with who and why, judge, policy, constitution and prompt.

    With the id of a pair it goes the other way: which rows of which releases hold it.

    Example: prefstream release trace 42a0b2f9bd0dfd5bf4e8e0ea0c3ba6d7
    """
    import asyncio

    from prefstream.streams.release_records import traced, traced_in

    found = asyncio.run(traced(_dsn(), row_id)) if release is None else traced_in(_folder(release), row_id)
    if json:
        print_json(found)
        return
    if release is not None:
        for name, value in found.items():
            say(f"{name:<16} {value}")
        return
    for row in found["rows"]:
        say(f"row {row['row_id']} of {row['release_id']}, {row['config']} {row['split']}: {row['pair_id']}")
    for subject, events in found["histories"].items():
        say(subject)
        for event in events:
            told = ", ".join(f"{name} {event[name]}" for name in list(event)[4:])
            say(f"  {event['at']:%Y-%m-%d %H:%M:%S}  {event['type']:<16} {event['by']:<24} {told}".rstrip())


def withdraw(
    release_id: ReleaseId,
    reason: Annotated[str, typer.Option("--reason", help="Why it must not be used any more.")],
    by: Annotated[str, typer.Option("--by", help="Who says so: a QA lead or an administrator.")],
    json: Json = False,
) -> None:
    """Say that a release must not be used any more; its files stay verifiable.

    Example: prefstream release withdraw helpful-1-0123456789abcdef --reason "a source withdrew" --by lea
    """
    import asyncio
    from datetime import UTC, datetime

    from prefstream.adapters.settings import Settings
    from prefstream.schemas.errors import BadInput
    from prefstream.streams.places import find_places, open_log
    from prefstream.streams.release_records import withdraw as say_so

    if not reason.strip():
        raise BadInput("a withdrawal needs its reason; say it with --reason")
    settings = Settings()
    places = find_places(settings)

    async def work() -> bool:
        async with open_log(places, partitions=settings.partitions) as log:
            dsn = places.dsn.get_secret_value()
            return await say_so(dsn, log, release_id, reason=reason, by=by, now=datetime.now(UTC))

    news = asyncio.run(work())
    if json:
        print_json({"release_id": release_id, "withdrawn": True, "fresh": news})
    else:
        say(f"{release_id} is withdrawn" + ("" if news else ", as it was before"))


def _dsn() -> str:
    from prefstream.adapters.settings import Settings
    from prefstream.streams.places import find_places

    dsn: str = find_places(Settings()).dsn.get_secret_value()
    return dsn


def _folder(named: Path) -> Path:
    """Return the folder of a release that is named by its folder, or by its id where releases stand."""
    beside = _OUT / named
    return beside if not named.exists() and beside.exists() else named
