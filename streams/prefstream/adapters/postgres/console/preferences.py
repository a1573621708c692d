"""Preferences: what a person has set for the pages."""

from collections.abc import Mapping
from typing import Any

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection


async def stored(source: Connection | asyncpg.Pool, person_id: str) -> dict[str, Any]:
    """Return what a person has set, as it was kept."""
    text = await source.fetchval("select preferences from people where person_id = $1", person_id)
    found = orjson.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


async def keep(
    source: Connection | asyncpg.Pool, person_id: str, *, language: str, preferences: Mapping[str, Any]
) -> None:
    """Keep what a person has set."""
    await source.execute(
        "update people set language = $2, preferences = $3 where person_id = $1",
        person_id,
        language,
        orjson.dumps(dict(preferences)).decode(),
    )
