"""What stages write about content after it was erased: they read it from the log, which still has it."""

from collections.abc import Collection

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.erasure_statements import LATE, NO_ANSWER, bound


async def erase_late(connection: Connection, owners: Collection[str]) -> None:
    """Blank the answers of models and the texts in states that belong to these owners."""
    ids: dict[str, list[str]] = {"prompt": [], "pair": [], "task": [], "person": []}
    for owner in owners:
        kind, _, id_ = owner.partition(":")
        ids[kind].append(id_)
    values = {"prompts": ids["prompt"], "pairs": ids["pair"], "answer": NO_ANSWER}
    for _, statement in LATE:
        query, arguments = bound(statement, values)
        await connection.execute(query, *arguments)
