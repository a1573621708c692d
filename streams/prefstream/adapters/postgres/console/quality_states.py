"""What the service of tasks remembers of a person: their place among the turns, training, spells, slices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.reliability import Spell

#: The last lease names the turn: it changes with every task that is served, and with nothing else.
_PLACE = """
select coalesce((select max(l.fence) from leases l where l.person_id = $1), 0) as turn,
  coalesce((select s.training_left from annotator_states s where s.person_id = $1), 0) as training_left,
  exists (select from calibration_sets where week = $2) as calibrating
"""
_STATE = (
    "select spell_began_at, last_answer_at, stretch, training_left from annotator_states where person_id = $1"
)
_WORKED = """
insert into annotator_states (person_id, spell_began_at, last_answer_at, stretch)
values ($1, $2, $3, array[$4])
on conflict (person_id) do update set spell_began_at = excluded.spell_began_at,
  last_answer_at = excluded.last_answer_at,
  stretch = (annotator_states.stretch || $4::text)[
    greatest(1, cardinality(annotator_states.stretch) + 2 - $5):]
"""
_LEARNED = """
update annotator_states set training_left = training_left - 1,
  test_since = case when training_left = 1 then $2 else test_since end
where person_id = $1 and training_left > 0 returning training_left
"""
_TRAIN = """
insert into annotator_states (person_id, training_left, test_since) values ($1, $2, $3)
on conflict (person_id) do update set training_left = excluded.training_left, test_since = excluded.test_since
"""
_NOTICES = """
update annotator_actions set shown_at = coalesce(shown_at, now())
where person_id = $1 and action = 'warn' and seen_at is null returning why, n
"""
_SEEN = """
update annotator_actions set seen_at = now()
where person_id = $1 and action = 'warn' and seen_at is null and shown_at is not null
"""
_OPEN_SLICES = """
with recursive open_slices as (
  (select slice from tasks where open order by slice limit 1)
  union all
  select (select t.slice from tasks t where t.open and t.slice > o.slice order by t.slice limit 1)
  from open_slices o where o.slice is not null
)
select slice from open_slices o where slice is not null and ($1::text[] is null or slice = any($1))
  and exists (select from tasks t where t.open and t.slice = o.slice and t.round = 'annotate')
"""
#: Slices of so many last tasks are remembered.
_REMEMBERED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a person stands when they ask for a task."""

    turn: int
    training_left: int
    #: Whether the week has a set.
    calibrating: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is remembered of a person's work."""

    spell: Spell | None = None
    #: Slices of the last tasks, the latest last.
    stretch: tuple[str, ...] = ()
    training_left: int = 0


async def place_of(connection: Connection, person_id: str, week: str) -> Place:
    """Return where a person stands."""
    row = await connection.fetchrow(_PLACE, person_id, week)
    assert row is not None
    return Place(**row)


async def state_of(connection: Connection, person_id: str) -> State:
    """Return what is remembered of a person's work."""
    row = await connection.fetchrow(_STATE, person_id)
    if row is None:
        return State()
    began, last = row["spell_began_at"], row["last_answer_at"]
    spell = Spell(began_at=began, last_at=last) if began and last else None
    return State(spell=spell, stretch=tuple(row["stretch"]), training_left=row["training_left"])


async def worked(connection: Connection, person_id: str, spell: Spell, slice_name: str) -> None:
    """Remember an answer, and that what the person was told with the task has reached them."""
    await connection.execute(_WORKED, person_id, spell.began_at, spell.last_at, slice_name, _REMEMBERED)
    await connection.execute(_SEEN, person_id)


async def learned(connection: Connection, person_id: str, *, at: datetime) -> int | None:
    """Count a training question that was answered rightly; return how many are left.

    With the last one the test of the person begins anew.
    """
    left: int | None = await connection.fetchval(_LEARNED, person_id, at)
    return left


async def train(connection: Connection, person_id: str, *, questions: int, at: datetime) -> None:
    """Let a person answer training questions before they go on."""
    await connection.execute(_TRAIN, person_id, questions, at)


async def notices(connection: Connection, person_id: str) -> list[str]:
    """Return the warnings that a person has not gone on after, the earliest first."""
    rows = await connection.fetch(_NOTICES, person_id)
    return [row["why"] for row in sorted(rows, key=lambda row: row["n"])]


async def open_slices(connection: Connection, slices: Sequence[str] | None) -> list[str]:
    """Return the slices that have work for annotators."""
    return [row["slice"] for row in await connection.fetch(_OPEN_SLICES, slices)]
