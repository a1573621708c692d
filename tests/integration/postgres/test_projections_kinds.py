"""Tasks other than pairs as the sink's rows: opened by their proposal, closed by enough people."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations

import asyncpg
import pytest
from tests import factories as make

from prefstream.adapters.postgres.console.kinds import answered, answered_tasks, answers_of, ranked_pairs
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.projections import project
from prefstream.agents.demonstrations import Demonstrations
from prefstream.agents.stage import Configuration, Given
from prefstream.schemas.demonstrations import TaskKind
from prefstream.schemas.envelope import Event
from prefstream.schemas.values import Preference, Provenance

pytestmark = pytest.mark.postgres
TASKS = """
select pair_id, round, slice, needed, have, open, priority, proposed_id is not null as proposed from tasks
"""


class Sink:
    """A migrated database and a sink on it."""

    def __init__(self, dsn: str, runner: asyncio.Runner) -> None:
        self.dsn, self.run = dsn, runner.run
        self.connection: asyncpg.Connection = self.run(asyncpg.connect(dsn))
        self.run(upgrade(self.connection))
        self._offset = 0

    def take(self, *events: Event) -> None:
        """Project the events as one batch."""
        self.run(self._take(events))

    async def _take(self, events: tuple[Event, ...]) -> None:
        async with self.connection.transaction():
            await project(self.connection, [self._record(event) for event in events])

    def _record(self, event: Event):  # type: ignore[no-untyped-def]
        self._offset += 1
        return make.a_record(event, offset=self._offset)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return what a query gives."""
        return [tuple(row) for row in self.run(self.connection.fetch(query))]


@pytest.fixture
def sink(postgres_dsn: str) -> Iterator[Sink]:
    with asyncio.Runner() as runner:
        sink = Sink(postgres_dsn, runner)
        yield sink
        runner.run(sink.connection.close())


def test_a_task_is_open_until_enough_people_have_answered(sink: Sink) -> None:
    sink.take(make.a_task_proposed(overlap=2, priority=7))
    assert sink.rows(TASKS) == [("task-1", "ranking", "arithmetic", 2, 0, True, 7, True)]
    sink.take(make.a_ranking_submitted(annotator="ann"))
    again = make.a_ranking_submitted(
        annotator="ann", ranks=(3, 2, 1), event_id="00000000-0000-5000-8000-000000000007"
    )
    sink.take(again)
    assert sink.rows("select have, open from tasks") == [(1, True)]
    sink.take(make.a_ranking_submitted(annotator="bob"))
    assert sink.rows("select have, open from tasks") == [(2, False)]
    assert sink.rows("select opened_at from tasks") == [(make.NOON,)]


def test_in_whatever_order_task_and_answers_come_the_rows_are_the_same(sink: Sink) -> None:
    events = (
        make.a_task_proposed(overlap=3),
        make.a_task_proposed(
            overlap=2,
            occurred_at=make.NOON + timedelta(hours=1),
            event_id="00000000-0000-5000-8000-000000000009",
        ),
        make.a_ranking_submitted(annotator="ann"),
        make.a_ranking_submitted(annotator="bob"),
    )
    for order in permutations(events):
        for batches in ([order], [[event] for event in order]):
            sink.run(sink.connection.execute("truncate archive, tasks, task_answers"))
            for batch in batches:
                sink.take(*batch, *batch)
            assert sink.rows(TASKS) == [("task-1", "ranking", "arithmetic", 2, 2, False, 0, True)]
            assert sink.rows("select count(*) from task_answers") == [(2,)]


def test_an_answer_alone_opens_nothing(sink: Sink) -> None:
    sink.take(make.a_rating_submitted(task_id="r1"))
    assert sink.rows(TASKS) == [("r1", "rating", "arithmetic", 0, 1, False, 0, False)]


def test_every_kind_has_a_row_of_its_own(sink: Sink) -> None:
    sink.take(*(make.a_task_proposed(kind=kind, task_id=f"t-{kind.value}") for kind in TaskKind))
    assert {row[1] for row in sink.rows(TASKS)} == {kind.value for kind in TaskKind}


def test_two_sinks_that_bring_task_and_answer_at_once_count_it(sink: Sink) -> None:
    async def both() -> None:
        other = await asyncpg.connect(sink.dsn)
        try:
            for n in range(20):
                task = make.a_task_proposed(task_id=f"t{n}")
                answer = make.a_ranking_submitted(task_id=f"t{n}")
                await asyncio.gather(brought(sink.connection, task), brought(other, answer))
        finally:
            await other.close()

    async def brought(connection: asyncpg.Connection, event: Event) -> None:
        async with connection.transaction():
            await project(connection, [make.a_record(event)])

    sink.run(both())
    assert sink.rows("select count(*), sum(have), bool_or(open) from tasks") == [(20, 20, False)]


def test_pairs_of_a_ranking_are_no_tasks_until_people_disagree(sink: Sink) -> None:
    task = make.a_task_proposed(overlap=2)
    said = Demonstrations().handle(
        task, Given(configuration=Configuration(constitution=make.a_constitution()))
    )
    sink.take(task, *said.events)
    assert sink.rows("select round from tasks") == [("ranking",)]
    assert sink.rows("select count(*) from pairs where strategy = 'ranked'") == [(3,)]
    pair_id = said.events[0].subject
    sink.take(make.a_label_disputed(pair_id=pair_id))
    assert sink.rows(f"select round, open from tasks where pair_id = '{pair_id}'") == [("review", True)]


def test_what_people_said_is_read_back_by_kind_slice_and_provenance(sink: Sink) -> None:
    task = make.a_task_proposed(kind=TaskKind.DEMONSTRATION, task_id="d1")
    other = make.a_task_proposed(kind=TaskKind.DEMONSTRATION, task_id="d2", slice="code")
    simulated = make.a_demonstration_submitted(task_id="d2", slice="code", provenance=Provenance.SIMULATED)
    written = make.a_demonstration_submitted(task_id="d1")
    sink.take(task, other, written, simulated)

    async def read() -> None:
        pool = await asyncpg.create_pool(sink.dsn, min_size=1, max_size=1)
        try:
            kinds = [TaskKind.DEMONSTRATION]
            assert await answers_of(pool, kinds, provenances=["real"]) == [written]
            both = ["real", "simulated"]
            assert await answers_of(pool, kinds, provenances=both, slice_name="code") == [simulated]
            assert set(await answered_tasks(pool, kinds)) == {"d1", "d2"}
            async with pool.acquire() as connection, connection.transaction():
                found = [
                    one
                    async for one in answered(
                        connection, TaskKind.DEMONSTRATION, slice_name=None, provenances=both
                    )
                ]
            assert found == [(task, written), (other, simulated)]
        finally:
            await pool.close()

    sink.run(read())


def test_validated_preferences_of_rankings_are_read_back(sink: Sink) -> None:
    task = make.a_task_proposed(candidates=(make.a_response("391"), make.a_response("401")))
    given = Given(configuration=Configuration(constitution=make.a_constitution()))
    pair, route = Demonstrations().handle(task, given).events
    pair_id = pair.subject
    sink.take(
        task,
        pair,
        route,
        make.a_label_submitted(pair_id=pair_id),
        make.a_label_resolved(pair_id=pair_id, label=Preference.B_MUCH_BETTER),
        make.a_pair_validated(pair_id=pair_id, resolution_id=make.a_label_resolved(pair_id=pair_id).event_id),
    )

    async def read(provenances: list[str]) -> list[dict[str, object]]:
        async with sink.connection.transaction():
            pairs = ranked_pairs(sink.connection, slice_name=None, provenances=provenances)
            return [row async for row in pairs]

    (row,) = sink.run(read(["real"]))
    better = pair.response_b.text  # type: ignore[attr-defined]
    assert row["chosen"] == [{"role": "assistant", "content": better}]
    assert (row["margin"], row["task_id"]) == (2.0, "task-1")
    assert sink.run(read(["simulated"])) == []
