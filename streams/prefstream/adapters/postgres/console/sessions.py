"""Sessions of people who are logged in: only the hash of what their cookie says is kept."""

import asyncpg

from prefstream.adapters.postgres.connection import Connection

_OPEN = """
insert into sessions (session_hash, person_id, csrf_token, expires_at)
values ($1, $2, $3, now() + make_interval(secs => $4))
"""
#: One statement finds the person and notes that they are there, at most once a minute.
_FOUND = """
with found as (
  select s.session_hash, s.seen_at, s.csrf_token, p.person_id, p.name, p.role, p.simulated, p.language,
    p.preferences
  from sessions s join people p using (person_id)
  where s.session_hash = $1 and s.expires_at > now() and s.seen_at > now() - make_interval(secs => $2)
    and p.disabled_at is null
), seen as (
  update sessions s set seen_at = now() from found f
  where s.session_hash = f.session_hash
    and f.seen_at < now() - least(interval '1 minute', $2 * interval '.2 s')
)
select person_id, name, role, simulated, language, preferences, csrf_token from found
"""


async def begin(
    connection: Connection, *, session_hash: bytes, person_id: str, csrf_token: str, lasts_s: float
) -> None:
    """Begin a session, and sweep away what ended."""
    await connection.execute(_OPEN, session_hash, person_id, csrf_token, lasts_s)
    await connection.execute("delete from sessions where expires_at < now()")


async def holder(pool: asyncpg.Pool, session_hash: bytes, *, idle_s: float) -> asyncpg.Record | None:
    """Return whose session this is, if it goes on, and note that they are there."""
    return await pool.fetchrow(_FOUND, session_hash, idle_s)


async def end(source: Connection | asyncpg.Pool, session_hash: bytes) -> None:
    """End a session."""
    await source.execute("delete from sessions where session_hash = $1", session_hash)


async def end_all(connection: Connection, person_id: str) -> None:
    """End every session of a person."""
    await connection.execute("delete from sessions where person_id = $1", person_id)
