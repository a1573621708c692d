"""The first look of a cut: every pair below a position folded, chosen or left out, and put aside."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from prefstream.adapters.files.release_spool import Spool
from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.releases import gold_answers, histories, policies_of, tasks_of
from prefstream.domain.curation.normalisation import prompt_hash
from prefstream.domain.gates.census import Census
from prefstream.domain.releases.examples import Example
from prefstream.domain.releases.exclusions import Exclusion
from prefstream.domain.releases.folding import example
from prefstream.domain.releases.formats import AnsweredTask
from prefstream.domain.releases.history import PairHistory
from prefstream.domain.releases.position import Position
from prefstream.domain.releases.selection import chosen
from prefstream.domain.releases.splitting import RowKeys
from prefstream.domain.releases.tasks import chosen_answers, wanted_kinds
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.policies import Policy
from prefstream.schemas.releases import ReleasePlan

#: Told how many pairs are read.
Told = Callable[[int], None]
_EVERY = 1000


@dataclass(slots=True)
class Gathered:
    """What a cut knows after it read everything once."""

    spool: Spool
    keys: RowKeys = field(default_factory=RowKeys)
    census: Census = field(default_factory=Census)
    exclusions: Counter[str] = field(default_factory=Counter)
    #: Slices of all pairs, whether or not they are fit for a release.
    slices: set[str] = field(default_factory=set)
    candidates: int = 0
    #: Published policies by id.
    policies: dict[str, Policy] = field(default_factory=dict)

    def leave_out(self, exclusion: Exclusion) -> None:
        """Count a pair or task that stays out."""
        self.candidates += 1
        self.exclusions[exclusion.counted_as] += 1

    def take_pair(self, one: Example) -> None:
        """Put a pair aside."""
        self.candidates += 1
        self.keys.add(
            prompt_id=one.prompt_id,
            group_id=one.group_id,
            text=prompt_hash(one.messages),
            item_id=one.pair_id,
        )
        self.spool.add(one)

    def take_task(self, one: AnsweredTask) -> None:
        """Put a task aside."""
        self.candidates += 1
        text = prompt_hash(one.task.messages)
        self.keys.add(
            prompt_id=one.task.prompt_id or text,
            group_id=one.task.task_id,
            text=text,
            item_id=one.task.task_id,
        )
        self.spool.add(one)


async def gather(
    connection: Connection, position: Position, plan: ReleasePlan, gathered: Gathered, told: Told
) -> None:
    """Read everything below a position once.

    Args:
        connection: In a transaction at REPEATABLE READ.
        position: Up to where to read.
        plan: What is taken.
        gathered: Where it goes.
        told: Told now and then how many pairs are read.
    """
    async for history in histories(connection, position):
        folded = example(history)
        if isinstance(folded, Exclusion):
            gathered.slices.update(_slices_of(history))
            gathered.leave_out(folded)
        else:
            gathered.slices.add(folded.slice)
            _take(gathered, folded, plan)
        if gathered.candidates % _EVERY == 0:
            told(gathered.candidates)
    async for slice_name, answered in tasks_of(connection, position, wanted_kinds(plan)):
        gathered.slices.add(slice_name)
        kept = answered if isinstance(answered, Exclusion) else chosen_answers(answered, plan)
        if isinstance(kept, Exclusion):
            gathered.leave_out(kept)
        else:
            gathered.take_task(kept)
    async for answer in gold_answers(connection, position):
        gathered.census.add_gold(answer)
    gathered.policies = await policies_of(connection, position)
    gathered.spool.written()


def _slices_of(history: PairHistory) -> set[str]:
    return {event.slice for event in history.of(PairProposed)}


def _take(gathered: Gathered, one: Example, plan: ReleasePlan) -> None:
    exclusion = chosen(one, plan)
    if exclusion is None:
        gathered.take_pair(one)
        return
    if exclusion.reason == "tie":
        # People's agreement must not be measured on what the outcome selected.
        gathered.census.add(one, taken=False)
    gathered.leave_out(exclusion)
