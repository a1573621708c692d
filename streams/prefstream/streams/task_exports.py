"""Answers to tasks other than pairs, out of a running deployment: as rows of JSONL, and as a report."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final, Literal, get_args

import orjson

from prefstream.adapters.postgres.connection import Connection, pool_of
from prefstream.adapters.postgres.console.kinds import answered, answered_tasks, answers_of, ranked_pairs
from prefstream.adapters.settings import Settings
from prefstream.domain.demonstrations import (
    Row,
    demonstration_row,
    kind_document,
    rating_row,
    review_row,
    safety_row,
)
from prefstream.schemas.demonstrations import TaskKind
from prefstream.schemas.values import Provenance
from prefstream.streams.places import find_places

Shape = Literal["sft", "ratings", "safety", "preferences", "review-tasks"]
SHAPES: Final[tuple[Shape, ...]] = get_args(Shape)
#: What enters an export unless more is asked for.
REAL: Final = (Provenance.REAL.value,)
_EVERY: Final = 1000

_ROWS: Final[Mapping[str, tuple[TaskKind, Callable[..., Row]]]] = {
    "sft": (TaskKind.DEMONSTRATION, demonstration_row),
    "ratings": (TaskKind.RATING, rating_row),
    "safety": (TaskKind.SAFETY, safety_row),
    "review-tasks": (TaskKind.DEMONSTRATION, review_row),
}
#: What the report on a kind reads: others rate what was written.
_READ: Final[Mapping[TaskKind, tuple[TaskKind, ...]]] = {
    TaskKind.DEMONSTRATION: (TaskKind.DEMONSTRATION, TaskKind.RATING)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which answers."""

    slice_name: str | None = None
    provenances: Collection[str] = REAL


async def export_rows(
    settings: Settings,
    shape: Shape,
    choice: Choice,
    target: IO[bytes],
    *,
    told: Callable[[int], None] = lambda rows: None,  # noqa: ARG005
) -> int:
    """Write the rows of a shape as JSONL and return how many there are.

    Args:
        settings: Which deployment.
        shape: What the rows are.
        choice: Which answers.
        target: Where they go.
        told: Told now and then how many rows are written.

    Raises:
        Unavailable: The database does not answer.
    """
    written = 0
    dsn = find_places(settings).dsn.get_secret_value()
    async with (
        pool_of(dsn, size=1) as pool,
        pool.acquire() as connection,
        # One moment's state, however long it takes to write it.
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        async for row in _rows(connection, shape, choice):
            target.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            written += 1
            if written % _EVERY == 0:
                told(written)
    return written


async def kinds_report(settings: Settings, kinds: Collection[TaskKind], choice: Choice) -> dict[str, Any]:
    """Return how far people agree, kind by kind.

    Raises:
        Unavailable: The database does not answer.
    """
    async with pool_of(find_places(settings).dsn.get_secret_value(), size=1) as pool:
        documents = []
        for kind in kinds:
            read = _READ.get(kind, (kind,))
            answers = await answers_of(
                pool, read, slice_name=choice.slice_name, provenances=choice.provenances
            )
            tasks = await answered_tasks(pool, read) if kind is TaskKind.DEMONSTRATION else {}
            documents.append(kind_document(kind, answers, tasks))
    return {"provenances": sorted(choice.provenances), "kinds": documents}


async def _rows(connection: Connection, shape: Shape, choice: Choice) -> AsyncIterator[Row]:
    only: dict[str, Any] = {"slice_name": choice.slice_name, "provenances": choice.provenances}
    if shape == "preferences":
        async for row in ranked_pairs(connection, **only):
            yield row
        return
    kind, row_of = _ROWS[shape]
    async for task, answer in answered(connection, kind, **only):
        yield row_of(task, answer)
