"""Forward-only migrations, applied once, in order, by one process at a time."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

import asyncpg

from prefstream.schemas.errors import BadInput, Unavailable

#: Key of the advisory lock that lets one migrator in.
_LOCK_KEY = 0x7072656673747265
_TABLE = """
create table if not exists schema_migrations (
  number int primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default now()
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered SQL file of the wheel."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the file."""
        return sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationStatus:
    """A migration and whether this database has it."""

    number: int
    name: str
    applied: bool


def migrations() -> tuple[Migration, ...]:
    """Return the migrations that this version brings, in order."""
    folder = files("prefstream.adapters.postgres") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(
        Migration(number=int(name[:4]), name=name[5:-4], sql=(folder / name).read_text("utf-8"))
        for name in names
    )


async def status(connection: asyncpg.Connection) -> Sequence[MigrationStatus]:
    """Return every migration and whether it is applied."""
    applied = await _applied(connection)
    return [
        MigrationStatus(number=one.number, name=one.name, applied=one.number in applied)
        for one in migrations()
    ]


async def upgrade(
    connection: asyncpg.Connection,
    *,
    deadline_s: float = 60.0,
    on_step: Callable[[str], None] = lambda name: None,  # noqa: ARG005
) -> Sequence[str]:
    """Apply what is missing and return the names applied; several may call this at once.

    Raises:
        BadInput: An applied migration was edited, or the database is newer than this version.
        Unavailable: Another migrator holds the lock past the deadline.
    """
    await _lock(connection, deadline_s)
    try:
        await connection.execute(_TABLE)
        applied = await _applied(connection)
        _check(applied)
        missing = [one for one in migrations() if one.number not in applied]
        for one in missing:
            on_step(one.name)
            await _apply(connection, one)
        return [one.name for one in missing]
    finally:
        await connection.execute("select pg_advisory_unlock($1)", _LOCK_KEY)


async def _lock(connection: asyncpg.Connection, deadline_s: float) -> None:
    """Take the lock by asking again: waiting inside the server deadlocks with concurrent index builds."""
    loop = asyncio.get_running_loop()
    until = loop.time() + deadline_s
    while not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK_KEY):
        if loop.time() > until:
            raise Unavailable(f"another process has been migrating this database for {deadline_s:.0f} s")
        await asyncio.sleep(0.05)


async def _applied(connection: asyncpg.Connection) -> dict[int, str]:
    known = await connection.fetchval("select to_regclass('schema_migrations') is not null")
    rows = await connection.fetch("select number, checksum from schema_migrations") if known else []
    return {row["number"]: row["checksum"] for row in rows}


def _check(applied: dict[int, str]) -> None:
    ours = {one.number: one for one in migrations()}
    if newer := sorted(applied.keys() - ours.keys()):
        raise BadInput(
            f"this database has migration {newer[-1]}, which this version does not know; upgrade prefstream"
        )
    for number, checksum in applied.items():
        if ours[number].checksum != checksum:
            raise BadInput(
                f"migration {number:04} {ours[number].name} differs from the one this database was made with"
            )


async def _apply(connection: asyncpg.Connection, one: Migration) -> None:
    async with connection.transaction():
        await connection.execute(one.sql)
        await connection.execute(
            "insert into schema_migrations (number, name, checksum) values ($1, $2, $3)",
            one.number,
            one.name,
            one.checksum,
        )
