"""The audit trail: every privileged act, in the transaction that does it."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection

_NOTE = "insert into audit_trail (person_id, act, subject, detail) values ($1, $2, $3, $4)"
_PAGE = """
select n, at, person_id, act, subject, detail from audit_trail
where ($1::bigint is null or n < $1) and ($2::text is null or act = $2)
  and ($3::text is null or person_id = $3) and ($4::text is null or subject = $4)
order by n desc limit $5
"""


async def note(
    connection: Connection | asyncpg.Pool,
    person_id: str | None,
    act: str,
    subject: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Note an act.

    Args:
        connection: That of the transaction that does it, where there is one.
        person_id: Who did it; `None`: somebody at the command line of the deployment.
        act: What was done, e.g. "person.disabled".
        subject: What it was done to.
        detail: What else is worth knowing; never a secret.
    """
    await connection.execute(_NOTE, person_id, act, subject, orjson.dumps(detail or {}, default=str).decode())


async def page(
    source: Connection | asyncpg.Pool,
    *,
    before: int | None = None,
    act: str | None = None,
    person_id: str | None = None,
    subject: str | None = None,
    limit: int = 100,
) -> Sequence[dict[str, Any]]:
    """Return acts, the latest first."""
    rows = await source.fetch(_PAGE, before, act, person_id, subject, limit)
    return [dict(row) | {"detail": orjson.loads(row["detail"])} for row in rows]
