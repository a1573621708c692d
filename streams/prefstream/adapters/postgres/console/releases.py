"""Releases as the console shows them: what was cut, what it was let pass for, what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg
import orjson

from prefstream.schemas.releases import GateOverride, GateResult, ReleasePlan

_COLUMNS: Final = """
r.release_id, r.name, r.version, r.plan, r.rows, r.pairs, r.files, r.gates, r.overrides, r.cut_by, r.cut_at,
r.withdrawn_at, r.withdrawn_by, r.withdrawn_reason,
(select count(*) from erasures e where r.release_id = any(e.releases)) as erasures
"""
_LIST: Final = f"""
select {_COLUMNS} from releases r where r.cut_id is not null order by r.cut_at desc, r.release_id limit $1
"""  # noqa: S608  names of our own
_ONE: Final = f"""
select {_COLUMNS} from releases r where r.release_id = $1 and r.cut_id is not null
"""  # noqa: S608  names of our own
_BEFORE: Final = f"""
select {_COLUMNS} from releases r where r.cut_id is not null and r.name = $1
  and (r.cut_at, r.release_id) < ($2, $3) order by r.cut_at desc, r.release_id desc limit 1
"""  # noqa: S608  names of our own
# One pass over both: a release never changes, but may have a million rows.
_MOVED: Final = """
select count(*) filter (where is_in and not was_in) as added,
  count(*) filter (where was_in and not is_in) as removed
from (
  select pair_id, bool_or(release_id = $1) as is_in, bool_or(release_id = $2) as was_in
  from release_rows where release_id in ($1, $2) group by pair_id
) as pairs
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release as it was said."""

    release_id: str
    name: str
    version: str
    plan: ReleasePlan
    #: By configuration.
    rows: Mapping[str, int]
    pairs: int
    #: SHA-256 by path.
    files: Mapping[str, str]
    gates: Sequence[GateResult]
    overrides: Sequence[GateOverride]
    cut_by: str
    cut_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str | None
    #: Times somebody had content erased that it holds.
    erasures: int

    @property
    def failing(self) -> Sequence[GateResult]:
        """Return the gates that it was let pass for."""
        return [one for one in self.gates if not one.passed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Pairs that one release has and another has not."""

    added: int
    removed: int


async def releases(pool: asyncpg.Pool, *, most: int = 200) -> Sequence[Release]:
    """Return releases, the latest first."""
    return [_release(row) for row in await pool.fetch(_LIST, most)]


async def release(pool: asyncpg.Pool, release_id: str) -> Release | None:
    """Return a release."""
    row = await pool.fetchrow(_ONE, release_id)
    return _release(row) if row else None


async def release_before(pool: asyncpg.Pool, one: Release) -> Release | None:
    """Return the release that the plan compares with, else the last one of the same name."""
    if one.plan.previous is not None and (named := await release(pool, one.plan.previous)):
        return named
    row = await pool.fetchrow(_BEFORE, one.name, one.cut_at, one.release_id)
    return _release(row) if row else None


async def moved(pool: asyncpg.Pool, one: Release, before: Release) -> Moved:
    """Return how many pairs came and went since another release."""
    (row,) = await pool.fetch(_MOVED, one.release_id, before.release_id)
    return Moved(added=row["added"], removed=row["removed"])


def _release(row: asyncpg.Record) -> Release:
    known = dict(row)
    return Release(
        **{
            **known,
            "plan": ReleasePlan.model_validate_json(known["plan"]),
            "rows": orjson.loads(known["rows"]),
            "files": orjson.loads(known["files"]),
            "gates": [GateResult.model_validate(one) for one in orjson.loads(known["gates"])],
            "overrides": [GateOverride.model_validate(one) for one in orjson.loads(known["overrides"])],
        }
    )
