"""What pairs count for: their state before and after a batch, of which the difference goes to the buckets.

States are grouped by the database: of thousands of pairs a batch brings back some dozens of groups.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.projections.changes import Bucket
from prefstream.domain.agreement.tally import difference
from prefstream.domain.measures import PairState, of_pair

# A row at revision 0 is from before there were measures and was never counted. What does not stand any
# more is counted no more: see the columns of `Unit`.
_STATES: Final = """
select
  case when counted then slice end,
  case when standing then floor(date_part('epoch', resolved_at) / 60)::int end,
  case when standing then label end, standing and method <> 'judge', standing and coalesce(audit, false),
  case when standing then judge_label end, case when standing then longer end,
  case when standing then declined end,
  case when standing and asked_at is not null then
    greatest(0, floor(date_part('epoch', resolved_at - asked_at)))::bigint end,
  case when counted and status = 'validated' then floor(date_part('epoch', verdict_at) / 60)::int end,
  count(*), sum(revision)::bigint
from (
  select p.*, p.slice is not null and p.revision > 0 as counted,
    p.slice is not null and p.revision > 0 and p.resolution_id is not null
      and (p.reopened_id is null or p.method <> 'judge')
      and (p.dispute_id is null or p.disputed_at <= p.resolved_at) as standing,
    coalesce(p.reopened_at, case when p.route = 'escalate' or p.audit then p.routed_at end) as asked_at
  from pairs_staged s join pairs p using (pair_id)
) as pair
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """The pairs of a batch as they stand."""

    #: Pairs that count for something, by slice and state.
    pairs: Mapping[tuple[str, PairState], int]
    #: Sum of the revisions of all of the pairs.
    revision: int


async def pair_states(connection: Connection) -> States:
    """Return how the staged pairs stand."""
    pairs: dict[tuple[str, PairState], int] = {}
    revision = 0
    for slice_name, *state, n, revisions in await connection.fetch(_STATES):
        revision += revisions
        known = PairState(*state)
        if known.resolved_minute is not None or known.validated_minute is not None:
            place = slice_name, known
            pairs[place] = pairs.get(place, 0) + n
    return States(pairs=pairs, revision=revision)


def measured(before: States, after: States) -> dict[Bucket, int]:
    """Return what a batch of pairs adds to the buckets: what they count for now, less what they did."""
    counts: dict[Bucket, int] = {}
    for (slice_name, state), n in difference(after.pairs, before.pairs).items():
        for minute, count in of_pair(state):
            bucket = slice_name, minute, count
            counts[bucket] = counts.get(bucket, 0) + n
    return counts
