"""The audit sample, read from Postgres: audited pairs with a fresh person's label, and nothing else.

Where people differ, the first label of the annotate round counts, by the time it was given and its id
where that is equal: a person who saw neither the judge's verdict nor another's label. A label that was
withdrawn is none, and one that asks for a specialist says that the person is unsure. Later rounds look
at disputed pairs only and would make the sample easier or harder than it is.
"""

from typing import Final

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.agents.derivation import weakest
from prefstream.domain.policies import AuditedPair
from prefstream.schemas.routes import RULES
from prefstream.schemas.values import Preference, Provenance, Verdict

# A judgement that came after the route, say by another judge, is not what the route was decided on.
_SAMPLE: Final = """
with first as (
  select distinct on (pair_id) pair_id, event_id, occurred_at, provenance,
    case when needs_specialist then 'unsure' else verdict end as verdict
  from labels where round = 'annotate' and withdrawn_at is null
  order by pair_id, occurred_at, event_id
)
select p.pair_id, p.slice, p.judge_id, p.constitution_id, p.judge_label, p.confidence, p.policy_id,
  p.propensity, p.route = 'accept' as accepted, p.reasons::text as reasons, p.routed_at, p.provenance,
  first.verdict, first.event_id::text as label_id, first.occurred_at as labelled_at,
  first.provenance as label_provenance
from first join pairs p using (pair_id)
where p.audit and p.slice is not null and p.judge_id is not null and p.constitution_id is not null
  and p.policy_id is not null and p.judged_at = p.routed_at
order by first.occurred_at, first.event_id
"""
# What the sample is made from: as long as none of it moves, neither does the sample.
_MOVED: Final = """
select coalesce(sum(next_offset), 0)::bigint from sink_offsets
where topic in ('pairs.proposed.v1', 'pairs.judged.v1', 'pairs.routed.v1', 'labels.submitted.v1',
  'policies.published.v1')
"""
_RULES: Final = frozenset(code.value for code in RULES)


async def audit_sample(connection: Connection | asyncpg.Pool) -> list[AuditedPair]:
    """Return the audited pairs that a person labelled, in the order of those labels."""
    return [_audited(row) for row in await connection.fetch(_SAMPLE)]


async def sample_moved(connection: Connection | asyncpg.Pool) -> int:
    """Return a number that grows whenever the sample may have become another."""
    return int(await connection.fetchval(_MOVED))


def _audited(row: asyncpg.Record) -> AuditedPair:
    label = row["judge_label"]
    return AuditedPair(
        pair_id=row["pair_id"],
        slice=row["slice"],
        judge_id=row["judge_id"],
        constitution_id=row["constitution_id"],
        judge_label=None if label is None else Preference(label),
        confidence=row["confidence"],
        policy_id=row["policy_id"],
        propensity=row["propensity"],
        accepted=row["accepted"],
        eligible=_RULES.isdisjoint(one["code"] for one in orjson.loads(row["reasons"])),
        routed_at=row["routed_at"],
        verdict=Verdict(row["verdict"]),
        label_id=row["label_id"],
        labelled_at=row["labelled_at"],
        provenance=weakest(
            Provenance(row["label_provenance"]), Provenance(row["provenance"] or Provenance.REAL)
        ),
    )
