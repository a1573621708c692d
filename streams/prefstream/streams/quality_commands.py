"""What the commands of quality do to a running deployment, each in one transaction."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from prefstream.adapters.postgres.connection import Connection, connect
from prefstream.adapters.postgres.console import quality_acts, quality_figures, quality_gold, quality_sets
from prefstream.adapters.postgres.console.quality_acts import WantedAct
from prefstream.adapters.settings import Settings
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Verdict
from prefstream.streams.calibration_sets import queue
from prefstream.streams.places import find_places

Action = Literal["warn", "pause", "resume", "retrain", "withdraw"]


async def acted(wanted: WantedAct, *, hours: float | None = None) -> dict[str, Any]:
    """Do something about a person and return what was done.

    Args:
        wanted: What, and why.
        hours: For how long a pause lasts; `None`: until somebody resumes.

    Raises:
        BadInput: It cannot be done; the message says why.
    """
    questions = Settings().quality.training_questions
    async with _transaction() as connection:
        now = await _now(connection)
        until = None if hours is None else now + timedelta(hours=hours)
        chosen = replace(wanted, until=until)
        events = await quality_acts.act(connection, chosen, questions=questions, now=now)
        await queue(connection, events)
    labels = sum(event.type == "LabelWithdrawn" for event in events)
    return {"person_id": wanted.person_id, "action": wanted.action, "done": bool(events), "labels": labels}


async def people() -> list[dict[str, Any]]:
    """Return who labels, by name."""
    async with _transaction() as connection:
        return await quality_figures.people(connection)


async def person(person_id: str) -> dict[str, Any]:
    """Return one person with what was found and done.

    Raises:
        BadInput: There is no such person.
    """
    async with _transaction() as connection:
        return await quality_figures.person(connection, person_id)


async def week(name: str | None) -> dict[str, Any]:
    """Return a week's set with its figures; the latest one without a name.

    Raises:
        BadInput: There is no such set.
    """
    async with _transaction() as connection:
        found = await quality_figures.week(connection, name)
        known = [one["week"] for one in await quality_sets.weeks(connection)]
    if found is None:
        there_are = f"there are those of {', '.join(known)}" if known else "none was drawn yet"
        raise BadInput(
            f"the week {name} has no set; {there_are}" if name else f"there is no set: {there_are}"
        )
    return found


async def gold(*, slice_name: str | None, active: bool | None) -> list[dict[str, Any]]:
    """Return the pool of gold questions."""
    async with _transaction() as connection:
        return await quality_gold.items(connection, slice_name=slice_name, active=active)


async def gold_suggested(*, slice_name: str | None, most: int) -> list[dict[str, Any]]:
    """Return pairs that would make gold questions."""
    async with _transaction() as connection:
        return await quality_gold.suggested(connection, slice_name=slice_name, most=most)


async def gold_chosen(
    pair_ids: Sequence[str],
    *,
    by: str | None,
    expected: Verdict | None = None,
    why: str = "",
    clauses: Sequence[str] = (),
) -> list[str]:
    """Make pairs gold questions, all of them or none.

    Raises:
        BadInput: One of them is unknown, or has no label and none is given.
    """
    async with _transaction() as connection:
        now = await _now(connection)
        for pair_id in pair_ids:
            events = await quality_acts.choose_gold(
                connection, pair_id, by=by, now=now, expected=expected, why=why, clauses=clauses
            )
            await queue(connection, events)
    return list(pair_ids)


async def gold_retired(pair_ids: Sequence[str], *, by: str | None) -> list[str]:
    """Ask pairs no more, all of them or none.

    Raises:
        BadInput: One of them is no gold question that is asked.
    """
    async with _transaction() as connection:
        now = await _now(connection)
        for pair_id in pair_ids:
            await queue(connection, await quality_acts.retire_gold(connection, pair_id, by=by, now=now))
    return list(pair_ids)


@asynccontextmanager
async def _transaction() -> AsyncIterator[Connection]:
    connection = await connect(find_places(Settings()).dsn.get_secret_value())
    try:
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()


async def _now(connection: Connection) -> datetime:
    now: datetime = await connection.fetchval("select now()")
    return now
