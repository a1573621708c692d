"""State of the stages, saved at the version it was read at."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import asyncpg

from prefstream.adapters.postgres.connection import Connection

#: What the database says when somebody else changed a state meanwhile.
CONFLICT = "PF002"
#: What it says when another owner moved the offsets.
FENCED = "PF001"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredState:
    """A state as it was read; `None` and version 0 where there is none yet."""

    value: bytes | None
    version: int


async def load_states(
    connection: Connection | asyncpg.Pool, stage: str, keys: Collection[str]
) -> dict[str, StoredState]:
    """Return the states of these keys."""
    rows = await connection.fetch(
        "select key, value, version from stage_states where stage = $1 and key = any($2)", stage, list(keys)
    )
    found = {key: StoredState(value=value, version=version) for key, value, version in rows}
    return dict.fromkeys(keys, StoredState(value=None, version=0)) | found


async def save_states(
    connection: Connection | asyncpg.Pool,
    stage: str,
    states: Mapping[str, bytes],
    versions: Mapping[str, int],
) -> bool:
    """Save states and return whether all of them still stood at these versions; else none is saved."""
    if not states:
        return True
    try:
        await connection.execute(
            "select states_save($1, $2, $3, $4)",
            [stage] * len(states),
            [*states],
            [versions[key] for key in states],
            [*states.values()],
        )
    except asyncpg.PostgresError as error:
        if error.sqlstate == CONFLICT:
            return False
        raise
    return True
