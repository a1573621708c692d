"""What gauges of alerts read from the database, and where their rules stand."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.alerts import Place, Standing

# By the database's clock alone: those of processes may differ.
_QUEUE: Final = """
select t.slice, count(*) as tasks, min(t.opened_at) as oldest,
  extract(epoch from now() - min(t.opened_at))::float8 as age_s,
  exists (
    select from people p
    where p.role not in ('viewer', 'service') and p.disabled_at is null
      and (p.paused_at is null or p.paused_until <= now())
      and (not exists (select from skills k where k.person_id = p.person_id)
        or exists (select from skills k where k.person_id = p.person_id and k.slice = t.slice))
  ) as has_people
from tasks t where t.open group by t.slice order by t.slice
"""
_PEOPLE: Final = "select exists (select from people)"
_STANDINGS: Final = "select rule, slice, standing from alert_standings for update"
_KEEP: Final = """
insert into alert_standings (rule, slice, standing) select * from unnest($1::text[], $2::text[], $3::jsonb[])
on conflict (rule, slice) do update set standing = excluded.standing
"""


async def queue(source: Connection | asyncpg.Pool) -> Sequence[Mapping[str, Any]]:
    """Return by slice how many tasks are open, since when, and whether anybody may take them."""
    return [dict(row) for row in await source.fetch(_QUEUE)]


async def anybody(source: Connection | asyncpg.Pool) -> bool:
    """Return whether the console has people; where they label elsewhere, nobody is missing."""
    return bool(await source.fetchval(_PEOPLE))


async def standings(connection: Connection) -> dict[Place, Standing]:
    """Return where the rules stand, and hold the rows until the transaction ends."""
    return {
        (row["rule"], row["slice"]): Standing(**orjson.loads(row["standing"]))
        for row in await connection.fetch(_STANDINGS)
    }


async def keep(connection: Connection, changed: Mapping[Place, Standing]) -> None:
    """Keep where the rules stand now."""
    places = sorted(changed)
    said = [orjson.dumps(asdict(changed[place])).decode() for place in places]
    await connection.execute(_KEEP, [rule for rule, _ in places], [name for _, name in places], said)
