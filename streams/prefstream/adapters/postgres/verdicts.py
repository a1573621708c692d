"""Verdicts that judges gave before: brought in once, read by the recorded judge."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import orjson
from pydantic import TypeAdapter

from prefstream.adapters.postgres.connection import AWAY, CLASH
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.values import Vote

_VOTES: TypeAdapter[list[Vote]] = TypeAdapter(list[Vote])
# A vote replaces the one of the same variant and order; the array is ordered, so that it does not
# tell in which order votes came in.
_PUT = """
insert into recorded_verdicts as kept (judge, pair_id, votes)
select judge, pair_id, votes::jsonb
from unnest($1::text[], $2::text[], $3::text[]) as fresh (judge, pair_id, votes)
on conflict (judge, pair_id) do update set votes = (
  select jsonb_agg(vote order by vote->>'variant' collate "C", vote->>'order' collate "C")
  from (
    select vote from jsonb_array_elements(excluded.votes) as fresh (vote)
    union all
    select vote from jsonb_array_elements(kept.votes) as before (vote)
    where not exists (
      select from jsonb_array_elements(excluded.votes) as fresh (vote)
      where fresh.vote->>'variant' = before.vote->>'variant' and fresh.vote->>'order' = before.vote->>'order'
    )
  ) as merged
)
"""
_GET = "select pair_id, votes::text from recorded_verdicts where judge = $1 and pair_id = any($2::text[])"


class RecordedVerdicts:
    """The recorded votes of every judge, by pair."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def put(self, judge: str, pair_id: str, votes: Sequence[Vote]) -> None:
        """Keep a judge's votes on one pair.

        Raises:
            Unavailable: The database does not take them.
        """
        await self.put_all({(judge, pair_id): votes})

    async def put_all(self, recorded: Mapping[tuple[str, str], Sequence[Vote]]) -> None:
        """Keep votes by judge and pair, all or none; of two alike in variant and order the later stays.

        Raises:
            Unavailable: The database does not take them.
        """
        # Rows are locked in one order, so that two writers never wait for each other.
        rows = sorted(
            (judge, pair_id, _document(votes)) for (judge, pair_id), votes in recorded.items() if votes
        )
        try:
            await self._pool.execute(_PUT, *(list(column) for column in zip(*rows, strict=True)))
        except (*AWAY, *CLASH) as error:
            said = str(error) or type(error).__name__
            raise Unavailable(f"the database does not take recorded verdicts: {said}") from error

    async def get(self, judge: str, pair_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Return the judge's votes by pair, as JSON has them; pairs without a record are left out."""
        rows = await self._pool.fetch(_GET, judge, list(pair_ids))
        return {row["pair_id"]: orjson.loads(row["votes"]) for row in rows}


def _document(votes: Sequence[Vote]) -> str:
    by_place = {(vote.variant, vote.order): vote for vote in votes}
    return _VOTES.dump_json([by_place[place] for place in sorted(by_place)]).decode()
