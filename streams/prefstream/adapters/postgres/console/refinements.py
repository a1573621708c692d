"""Refinements: better wordings that people proposed, and what the QA lead decided about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.opening import fetch_opened
from prefstream.schemas.codec import decode
from prefstream.schemas.constitutions import Exemplar
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.labels import Refinement
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Verdict

State = Literal["proposed", "accepted", "rejected"]
_COLUMNS = """
r.submission_id::text as refinement_id, r.pair_id, r.slice, r.person_id, r.constitution_id, r.clause, r.kind,
r.body, r.error_category, r.proposed_at, r.state, r.decided_by, r.decided_at, r.decided_why
"""
_LIST = f"""
select {_COLUMNS} from refinements r where r.state = $1
order by coalesce(r.decided_at, r.proposed_at) desc, r.submission_id limit $2
"""  # noqa: S608  names of our own
_ONE = f"select {_COLUMNS} from refinements r where r.submission_id = $1::uuid"  # noqa: S608  names of our own
# Accepted since the version in force was published: what came before has been dealt with by it.
_ACCEPTED = f"""
select {_COLUMNS} from refinements r
where r.state = 'accepted' and ($1::timestamptz is null or r.decided_at > $1)
order by r.decided_at, r.submission_id
"""  # noqa: S608  names of our own
_DECIDE = """
update refinements set state = $2, decided_by = $3, decided_at = $4, decided_why = $5
where submission_id = $1::uuid and state = 'proposed'
"""
# The verdict of who proposed it says which response is the better one in their example.
_CASE = """
select a.value, l.verdict
from refinements r left join pairs p using (pair_id) left join archive a on a.event_id = p.proposed_id
  left join labels l on l.event_id = r.submission_id
where r.submission_id = $1::uuid
"""
_TOO_LONG = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A refinement and what became of it."""

    refinement_id: str
    pair_id: str
    slice: str
    person_id: str
    #: The version in force when it was proposed.
    constitution_id: str
    clause: str
    kind: Literal["rule", "exemplar", "counter_example"]
    body: str
    error_category: str | None
    proposed_at: datetime
    state: State
    decided_by: str | None
    decided_at: datetime | None
    decided_why: str

    @property
    def refinement(self) -> Refinement:
        """Return what is proposed."""
        return Refinement(clause=self.clause, kind=self.kind, text=self.body)


async def proposals(pool: asyncpg.Pool, state: State, *, most: int = 200) -> Sequence[Proposal]:
    """Return the refinements in a state, the latest first."""
    return [Proposal(**row) for row in await pool.fetch(_LIST, state, most)]


async def proposal(pool: asyncpg.Pool, refinement_id: str) -> Proposal | None:
    """Return a refinement."""
    row = await pool.fetchrow(_ONE, refinement_id)
    return Proposal(**row) if row else None


async def accepted_since(pool: asyncpg.Pool, since: datetime | None) -> Sequence[Proposal]:
    """Return the refinements accepted after an instant, in the order in which they were."""
    return [Proposal(**row) for row in await pool.fetch(_ACCEPTED, since)]


async def count_proposed(pool: asyncpg.Pool) -> int:
    """Return how many refinements wait for a decision."""
    return int(await pool.fetchval("select count(*) from refinements where state = 'proposed'"))


async def decide(
    connection: Connection, refinement_id: str, *, state: State, by: str, at: datetime, why: str
) -> bool:
    """Accept or reject a refinement; return whether it was still to be decided."""
    said: str = await connection.execute(_DECIDE, refinement_id, state, by, at, why)
    return said.endswith(" 1")


async def case_of(pool: asyncpg.Pool, refinement_id: str) -> Exemplar | None:
    """Return the case a refinement was proposed at; `None` where neither response is the better one.

    The label itself may still be on its way through the log.
    """
    rows = await fetch_opened(pool, _CASE, refinement_id)
    return _case(rows[0]) if rows and rows[0]["value"] and rows[0]["verdict"] else None


def _case(row: Mapping[str, Any]) -> Exemplar | None:
    try:
        event: Any = decode(row["value"])
    except Undecodable:
        return None
    preference = Verdict(row["verdict"]).preference
    if not isinstance(event, PairProposed) or preference is None or preference.margin == 0:
        return None
    texts = (event.response_a.text, event.response_b.text)
    better, worse = texts if preference.margin > 0 else texts[::-1]
    asked = [message.content for message in event.messages if message.role == "user"]
    prompt = asked[-1] if asked else event.messages[-1].content
    return Exemplar(prompt=prompt[:_TOO_LONG], better=better[:_TOO_LONG], worse=worse[:_TOO_LONG])
