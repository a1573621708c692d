"""The book of policies as a deployment has it: the archive's history, then what the log has beyond it."""

from contextlib import suppress
from typing import Final

import asyncpg

from prefstream.adapters.log import Log
from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.policies import PolicyBook, book_of
from prefstream.schemas.codec import decode
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.topics import POLICIES_PUBLISHED

_ARCHIVED: Final = """
select value from archive where topic = $1 and type like 'Policy%' order by log_offset
"""


async def policy_book(connection: Connection | asyncpg.Pool, log: Log) -> PolicyBook:
    """Return all policies.

    A compacted log keeps the end of each policy only; the archive keeps all of it, but comes later.
    """
    archived = [row["value"] for row in await connection.fetch(_ARCHIVED, POLICIES_PUBLISHED.name)]
    recent = [record.value async for record in log.snapshot(POLICIES_PUBLISHED.name)]
    return book_of(_read([*archived, *recent]))


def _read(values: list[bytes | None]) -> list[Event]:
    events: list[Event] = []
    for value in values:
        with suppress(Undecodable):
            events.append(decode(value))
    return events
