"""The rows of releases: what was cut and what was withdrawn, in any order of events."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.schemas.releases import ReleaseCut, ReleaseWithdrawn

# Whoever cuts the same content again says it again; the first time holds, by event time and then by id.
_CUT: Final = """
insert into releases as r (release_id, name, version, plan_id, plan, position, rows, pairs, files, gates,
  overrides, cut_by, cut_at, cut_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (release_id) do update set name = excluded.name, version = excluded.version,
  plan_id = excluded.plan_id, plan = excluded.plan, position = excluded.position, rows = excluded.rows,
  pairs = excluded.pairs, files = excluded.files, gates = excluded.gates, overrides = excluded.overrides,
  cut_by = excluded.cut_by, cut_at = excluded.cut_at, cut_id = excluded.cut_id
where r.cut_id is null or (excluded.cut_at, excluded.cut_id) < (r.cut_at, r.cut_id)
"""
_WITHDRAW: Final = """
insert into releases as r (release_id, withdrawn_at, withdrawn_by, withdrawn_reason, withdrawn_id)
values ($1, $2, $3, $4, $5)
on conflict (release_id) do update set withdrawn_at = excluded.withdrawn_at,
  withdrawn_by = excluded.withdrawn_by, withdrawn_reason = excluded.withdrawn_reason,
  withdrawn_id = excluded.withdrawn_id
where r.withdrawn_id is null
  or (excluded.withdrawn_at, excluded.withdrawn_id) < (r.withdrawn_at, r.withdrawn_id)
"""


async def project_releases(connection: Connection, said: Sequence[ReleaseCut | ReleaseWithdrawn]) -> None:
    """Write releases that no batch has brought before.

    Args:
        connection: In the caller's transaction.
        said: What was said of releases.
    """
    # In one order of keys everywhere, so that two sinks never wait for each other in a ring.
    for event in sorted(said, key=lambda one: (one.release_id, one.event_id)):
        if isinstance(event, ReleaseCut):
            await connection.execute(_CUT, *_row(event))
        else:
            moment, name = event.occurred_at, UUID(event.event_id)
            await connection.execute(_WITHDRAW, event.release_id, moment, event.by, event.reason, name)


def _row(event: ReleaseCut) -> tuple[object, ...]:
    def said(value: object) -> str:
        return orjson.dumps(value).decode()

    return (
        event.release_id,
        event.plan.name,
        event.plan.version,
        event.plan_id,
        said(event.plan.model_dump(mode="json")),
        said(event.position),
        said(event.rows),
        event.pairs,
        said(event.files),
        said([gate.model_dump(mode="json") for gate in event.gates]),
        said([one.model_dump(mode="json") for one in event.overrides]),
        event.by,
        event.occurred_at,
        UUID(event.event_id),
    )
