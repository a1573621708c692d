"""What is said of releases, and what was: in the log, in the database, in their folders."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from prefstream.adapters.files.release_checking import findings, manifest_of
from prefstream.adapters.log import Log
from prefstream.adapters.postgres.connection import Connection, connect
from prefstream.adapters.postgres.releases import (
    ReleaseRow,
    add_rows,
    check_lead,
    events_about,
    release,
    releases,
    rows_with,
)
from prefstream.agents.tasks import record_of
from prefstream.domain.history import timeline
from prefstream.domain.releases import lineage
from prefstream.domain.releases.differences import differences
from prefstream.domain.releases.position import said
from prefstream.schemas.envelope import Event, content_hash
from prefstream.schemas.errors import BadInput, Unavailable
from prefstream.schemas.ids import derived_id
from prefstream.schemas.releases import ReleaseCut, ReleaseWithdrawn
from prefstream.streams.release_cut import Cut
from prefstream.streams.release_documents import GATES

_SOURCE = "prefstream/release"


async def record(dsn: str, log: Log, one: Cut, *, by: str, now: datetime) -> bool:
    """Note the rows of a release and say that it was cut; return `False` where that was said before.

    Raises:
        Unavailable: The database or the log does not answer.
    """
    connection = await connect(dsn)
    try:
        known = await release(connection, one.release_id)
        async with connection.transaction():
            await add_rows(connection, rows_in(one.folder, one.release_id))
    finally:
        await connection.close()
    if known is not None:
        return False
    await _say(log, cut_event(one, by=by, now=now))
    return True


def cut_event(one: Cut, *, by: str, now: datetime) -> ReleaseCut:
    """Return the event of a cut; whoever says the same again says it under the same id."""
    draft = one.draft
    event = ReleaseCut(
        **_envelope(one.release_id, "", now),
        release_id=one.release_id,
        plan_id=draft.plan.id,
        plan=draft.plan,
        position=said(draft.position),
        rows={config: sum(splits.values()) for config, splits in draft.counts.rows.items()},
        pairs=draft.counts.pairs,
        files=dict(one.files),
        gates=draft.gates.results,
        overrides=tuple([override for _, override in draft.gates.overridden]),
        by=by,
    )
    content = event.model_copy(update={"event_id": _NO_ID, "occurred_at": _NO_TIME})
    return event.model_copy(update={"event_id": derived_id("release-cut", content_hash(content))})


def rows_in(folder: Path, release_id: str) -> Iterator[ReleaseRow]:
    """Yield the rows that the lineage of a release names."""
    for line in lines_in(folder):
        subject = lineage.subject_of(line)
        for row_id, config in line["rows"].items():
            yield ReleaseRow(
                release_id=release_id, row_id=row_id, pair_id=subject, config=config, split=line["split"]
            )


def lines_in(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a release's lineage.

    Raises:
        BadInput: It has none, or one that cannot be read.
    """
    try:
        with (folder / lineage.PATH).open("rb") as source:
            for one in source:
                yield lineage.line_of(one)
    except OSError as error:
        raise BadInput(f"{folder} is no release: its {lineage.PATH} cannot be read") from error


async def listed(dsn: str) -> list[dict[str, Any]]:
    """Return what was said of all releases, the newest first."""
    connection = await connect(dsn)
    try:
        return await releases(connection)
    finally:
        await connection.close()


async def shown(dsn: str, release_id: str) -> dict[str, Any]:
    """Return what was said of a release.

    Raises:
        BadInput: Nothing was.
    """
    connection = await connect(dsn)
    try:
        found = await release(connection, release_id)
        known = [one["release_id"] for one in await releases(connection)]
    finally:
        await connection.close()
    if found is None:
        there_are = f"there are {', '.join(known[:10])}" if known else "none was cut yet"
        raise BadInput(f"there is no release {release_id}; {there_are}")
    return found


async def verified(folder: Path, dsn: str | None) -> dict[str, Any]:
    """Return what is wrong with a folder, compared with what was recorded where a database answers.

    Raises:
        BadInput: It is no folder of a release.
    """
    document = manifest_of(folder)
    found: dict[str, Any] | None = None
    answered = False
    if dsn is not None:
        try:
            connection = await connect(dsn)
        except Unavailable:
            pass
        else:
            answered = True
            try:
                found = await release(connection, document["release_id"])
            finally:
                await connection.close()
    return {
        "release_id": document["release_id"],
        "findings": findings(folder, recorded=found["files"] if found else None),
        "compared_with_record": found is not None,
        "database_answered": answered,
        "withdrawn": found["withdrawn_reason"] if found else None,
        "erased_rows": found["erased_rows"] if found else None,
    }


async def traced(dsn: str, named: str) -> dict[str, Any]:
    """Return which rows of which releases a row or pair is, and all that its label rests on.

    Raises:
        BadInput: No release has such a row or pair.
    """
    connection = await connect(dsn)
    try:
        rows = await rows_with(connection, named)
        if not rows:
            raise BadInput(
                f"no release has a row or a pair {named}; with a folder: prefstream release trace {named}"
                " --release FOLDER"
            )
        subjects = sorted({row.pair_id for row in rows})
        events = {subject: await _history(connection, subject) for subject in subjects}
    finally:
        await connection.close()
    return {"rows": [asdict(row) for row in rows], "histories": events}


def traced_in(folder: Path, named: str) -> dict[str, Any]:
    """Return what the lineage of a folder says of a row, a pair or a task.

    Raises:
        BadInput: The release has none of that id.
    """
    for line in lines_in(folder):
        if named in line["rows"] or named == lineage.subject_of(line):
            return line
    raise BadInput(f"{folder} has no row, pair or task {named}")


def compared(first: Path, second: Path) -> dict[str, Any]:
    """Return what changed from one release to another.

    Raises:
        BadInput: One of them is no folder of a release.
    """
    names = [manifest_of(folder)["release_id"] for folder in (first, second)]
    gates = (_gates(first), _gates(second))
    found = differences(lines_in(first), lines_in(second), gates)
    return {"from": names[0], "to": names[1]} | asdict(found)


async def withdraw(dsn: str, log: Log, release_id: str, *, reason: str, by: str, now: datetime) -> bool:
    """Say that a release must not be used any more; return `False` where that was said before.

    Raises:
        BadInput: There is no such release, or this person may not say so.
    """
    found = await shown(dsn, release_id)
    connection = await connect(dsn)
    try:
        await check_lead(connection, by)
    finally:
        await connection.close()
    if found["withdrawn_id"] is not None:
        return False
    named = derived_id("release-withdrawn", release_id)
    envelope = _envelope(release_id, named, now)
    await _say(log, ReleaseWithdrawn(**envelope, release_id=release_id, reason=reason, by=by))
    return True


async def _history(connection: Connection, subject: str) -> list[dict[str, Any]]:
    steps = timeline(await events_about(connection, subject))
    return [
        {
            "at": step.event.occurred_at,
            "type": step.event.type,
            "by": step.who,
            "event_id": step.event.event_id,
        }
        | _why(step.event)
        for step in steps
    ]


#: What of an event says why it came out as it did.
_TOLD = (
    "prompt_id",
    "slice",
    "strategy",
    "judge_id",
    "constitution_id",
    "policy_id",
    "route",
    "verdict",
    "label",
    "method",
    "confidence",
    "reason",
    "rationale",
)


def _why(event: Event) -> dict[str, Any]:
    said_of = event.model_dump(mode="json", include=set(_TOLD))
    return {name: said_of[name] for name in _TOLD if said_of.get(name) not in {None, ""}}


def _gates(folder: Path) -> list[dict[str, Any]]:
    import orjson

    try:
        found: list[dict[str, Any]] = orjson.loads((folder / GATES).read_bytes())["gates"]
    except (OSError, orjson.JSONDecodeError, KeyError) as error:
        raise BadInput(f"{folder} is no release: its {GATES} cannot be read") from error
    return found


def _envelope(release_id: str, event_id: str, now: datetime) -> dict[str, Any]:
    return {
        "event_id": event_id or _NO_ID,
        "occurred_at": now,
        "source": _SOURCE,
        "subject": release_id,
        "correlation_id": release_id,
    }


_NO_ID = derived_id("release-cut")
_NO_TIME = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


async def _say(log: Log, event: Event) -> None:
    writer = await log.writer()
    try:
        await writer.append([record_of(event)])
    finally:
        await writer.close()
