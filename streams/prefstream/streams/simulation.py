"""Simulated annotators at work: they take open tasks from Postgres and submit labels to the log.

For demonstrations and tests. Every label they give is marked simulated.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg

from prefstream.adapters.log import LogWriter
from prefstream.adapters.samples import Truth
from prefstream.agents.tasks import record_of
from prefstream.domain.offline.annotators import ANNOTATORS, Annotator, simulated_label
from prefstream.schemas.labels import LabelSubmitted, Round

#: Decides what the others dispute; looks twice, so does not slip.
ADJUDICATOR = Annotator(id="simulated:dora", skill=1.0)
_OPEN = """
select t.pair_id, t.round, t.slice, t.needed - t.have as wanted,
  array(select l.annotator from labels l where l.pair_id = t.pair_id) as seen_by
from tasks t where t.open order by t.priority desc, t.pair_id, t.round limit 500
"""


@dataclass(slots=True, kw_only=True)
class Simulation:
    """Simulated people in front of the queue."""

    pool: asyncpg.Pool
    writer: LogWriter
    truths: Mapping[str, Truth]
    #: What was submitted and may not have come back as a row yet.
    _submitted: set[tuple[str, str, str]] = field(default_factory=set)

    async def run(self, stop: asyncio.Event, *, every_s: float = 0.3) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            await self.step(datetime.now(UTC))
            try:
                await asyncio.wait_for(stop.wait(), every_s)
            except TimeoutError:
                continue

    async def step(self, now: datetime) -> int:
        """Label what is open and return how many labels were submitted."""
        labels = [label for row in await self.pool.fetch(_OPEN) for label in self._labels(row, now)]
        await self.writer.append([record_of(label) for label in labels])
        self._submitted |= {(label.pair_id, label.annotator, label.round) for label in labels}
        return len(labels)

    def _labels(self, row: asyncpg.Record, now: datetime) -> Sequence[LabelSubmitted]:
        truth = self.truths.get(row["pair_id"])
        if truth is None:
            return ()
        people = self._people(row["pair_id"], row["round"], set(row["seen_by"]))
        wanted = row["wanted"] - self._on_their_way(row["pair_id"], row["round"], set(row["seen_by"]))
        return [
            simulated_label(row["pair_id"], row["slice"], truth.preference, one, now, round_=row["round"])
            for one in people[: max(0, wanted)]
        ]

    def _on_their_way(self, pair_id: str, round_: Round, seen_by: set[str]) -> int:
        """Return how many labels were submitted that are no rows yet; nobody is asked in their place."""
        said = {annotator for pair, annotator, of in self._submitted if (pair, of) == (pair_id, round_)}
        return len(said - seen_by)

    def _people(self, pair_id: str, round_: Round, seen_by: set[str]) -> Sequence[Annotator]:
        if round_ == "adjudicate":
            return () if (pair_id, ADJUDICATOR.id, round_) in self._submitted else (ADJUDICATOR,)
        under_way = {annotator for pair, annotator, _ in self._submitted if pair == pair_id}
        return [one for one in ANNOTATORS if one.id not in seen_by | under_way]
