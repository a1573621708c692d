"""The sink's projections on a real PostgreSQL: what each kind of record becomes, and what goes wrong."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tests import factories as make
from tests.running_parts import postgres_dsn, postgres_server  # noqa: F401  (fixtures)

from prefstream.adapters.postgres.log import unpacked
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.projections import Projected, project, set_aside
from prefstream.adapters.postgres.projections.reading import STAGE_TOPICS
from prefstream.agents.curation import Curation
from prefstream.agents.demonstrations import Demonstrations
from prefstream.agents.generation import Generation
from prefstream.agents.judging import Judging
from prefstream.agents.resolution import Resolution
from prefstream.agents.routing import Routing
from prefstream.agents.stage import Configuration, Given
from prefstream.agents.validation import Validation
from prefstream.schemas.dead_letters import Detour, detoured
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.records import LogRecord
from prefstream.schemas.selection import Priority
from prefstream.schemas.topics import DEAD_LETTERS, JUDGING_RETRY, PAIRS_VALIDATED
from prefstream.schemas.values import Preference, Verdict

pytestmark = pytest.mark.postgres

Run = Callable[[Coroutine[Any, Any, Any]], Any]


class Sink:
    """A migrated database and a sink on it."""

    def __init__(self, dsn: str, runner: asyncio.Runner) -> None:
        self.dsn = dsn
        self.run: Run = runner.run
        self.connection: asyncpg.Connection = self.run(asyncpg.connect(dsn))
        self.run(upgrade(self.connection))
        self._offset = 0

    def records(self, *events: Event) -> list[LogRecord]:
        """Return the events as records at offsets of their own."""
        first = self._offset
        self._offset += len(events)
        return [make.a_record(event, offset=first + place) for place, event in enumerate(events)]

    def take(self, *events: Event) -> Projected:
        """Project the events as one batch."""
        return self.take_records(self.records(*events))

    def take_records(self, records: Sequence[LogRecord]) -> Projected:
        """Project the records as one batch and commit."""
        told: Projected = self.run(projected(self.connection, records))
        return told

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query gives."""
        return [tuple(row) for row in self.run(self.connection.fetch(query))]


async def projected(connection: asyncpg.Connection, records: Sequence[LogRecord]) -> Projected:
    async with connection.transaction():
        return await project(connection, records)


@pytest.fixture
def sink(postgres_dsn: str) -> Iterator[Sink]:  # noqa: F811
    with asyncio.Runner() as runner:
        sink = Sink(postgres_dsn, runner)
        yield sink
        runner.run(sink.connection.close())


def test_the_archive_keeps_bytes_headers_and_coordinates(sink: Sink) -> None:
    record = make.a_record(
        make.a_pair_judged(), partition=3, offset=41, headers=(("a", b"\xff\x00"), ("a", b"2")), key=b"\x80"
    )

    told = sink.take_records([record])

    [row] = sink.rows("select * from archive")
    assert told.archived == 1
    assert str(row[0]) == make.a_pair_judged().event_id
    assert row[1:4] == (record.topic, 3, 41)
    assert row[4:8] == (make.NOON, make.NOON, "PairJudged", make.PAIR)
    assert (row[8], row[9], unpacked(row[10])) == (b"\x80", record.value, record.headers)


def test_one_event_of_each_type_is_archived_under_its_id(sink: Sink) -> None:
    events = make.one_of_each()

    told = sink.take(*events)

    assert told.archived == len(events)
    assert told.latest == make.NOON
    assert {str(row[0]) for row in sink.rows("select event_id from archive")} == {
        event.event_id for event in events
    }


def test_an_event_that_comes_again_is_dropped(sink: Sink) -> None:
    event = make.a_pair_proposed()
    sooner = make.a_pair_proposed(occurred_at=make.NOON - timedelta(hours=1))

    first, again = sink.take(event, event), sink.take(sooner, make.a_pair_judged())

    assert (first.archived, first.duplicates) == (1, 1)
    assert (again.archived, again.duplicates, again.conflicts) == (1, 1, 0)
    assert sink.rows("select n from funnel_buckets where counter = 'proposed'") == [(1,)]


@pytest.mark.parametrize("together", [True, False])
def test_an_id_with_another_content_becomes_a_dead_letter(sink: Sink, *, together: bool) -> None:
    first, other = sink.records(make.a_pair_proposed(), make.a_pair_proposed(strategy="best_of_n"))

    told = [sink.take_records(batch) for batch in ([[first, other]] if together else [[first], [other]])][-1]

    assert (told.conflicts, told.dead_letters) == (1, 1)
    letters = "select stage, topic, partition, log_offset, reason, value from dead_letters"
    assert sink.rows(letters) == [("sink", other.topic, 0, other.offset, "conflict", other.value)]
    assert sink.rows("select strategy from pairs") == [("ready_made",)]
    assert sink.rows("select value from archive") == [(first.value,)]


def test_undecodable_bytes_are_archived_and_left_to_the_stage_that_reads_them(sink: Sink) -> None:
    told = sink.take_records([make.a_record(value=b"{", key=b"k")])

    assert (told.archived, told.undecodable, told.dead_letters) == (1, 1, 0)
    assert sink.rows("select value, key, type, subject from archive") == [(b"{", b"k", None, None)]


@pytest.mark.parametrize("value", [b"\xff", None])
def test_undecodable_bytes_that_no_stage_reads_are_the_sinks_dead_letters(
    sink: Sink, value: bytes | None
) -> None:
    record = make.a_record(topic=PAIRS_VALIDATED.name, offset=9, value=value)

    told, again = sink.take_records([record]), sink.take_records([record])

    assert (told.undecodable, told.dead_letters) == (1, 1)
    assert (again.archived, again.duplicates) == (0, 1)
    found = sink.rows("select stage, topic, log_offset, reason, value from dead_letters")
    assert found == [("sink", PAIRS_VALIDATED.name, 9, "undecodable", value)]


def test_the_stages_read_the_topics_that_we_leave_to_them() -> None:
    stages = (Curation, Generation, Judging, Routing, Resolution, Validation, Demonstrations)

    inputs = [field.default for stage in stages for field in fields(stage) if field.name == "inputs"]

    read = {spec.name for specs in inputs if isinstance(specs, tuple) for spec in specs}
    assert {name for name in read if not name.endswith(".retry.v1")} == STAGE_TOPICS


def a_dead_letter(*, attempt: int, offset: int) -> LogRecord:
    origin = make.a_record(make.a_pair_proposed(), partition=2, offset=17)
    detour = Detour(
        stage="judging",
        topic=origin.topic,
        partition=2,
        offset=17,
        reason="permanent",
        detail="refused",
        attempt=attempt,
    )
    out = detoured(origin, detour, topic=DEAD_LETTERS.name)
    return make.a_record(topic=DEAD_LETTERS.name, offset=offset, value=out.value, headers=out.headers)


def test_a_dead_letter_keeps_where_it_came_from_and_its_last_attempt(sink: Sink) -> None:
    sink.take_records([a_dead_letter(attempt=8, offset=1), a_dead_letter(attempt=2, offset=2)])
    sink.take_records([a_dead_letter(attempt=3, offset=3)])

    [row] = sink.rows(
        "select stage, topic, partition, log_offset, reason, detail, attempt, value, headers "
        "from dead_letters"
    )

    origin = make.a_record(make.a_pair_proposed())
    assert row[:7] == ("judging", origin.topic, 2, 17, "permanent", "refused", 8)
    assert (row[7], unpacked(row[8])) == (origin.value, origin.headers)
    assert sink.rows("select count(*) from archive") == [(3,)]


def test_a_dead_letter_without_its_story_is_the_sinks_own(sink: Sink) -> None:
    plain = make.a_record(topic=DEAD_LETTERS.name, offset=1)
    broken = make.a_record(topic=DEAD_LETTERS.name, offset=2, headers=(("ps_stage", b"judging"),))

    sink.take_records([plain, broken])

    found = sink.rows("select stage, topic, log_offset, reason from dead_letters order by 3")
    assert found == [("sink", DEAD_LETTERS.name, offset, "undecodable") for offset in (1, 2)]


def test_a_retry_is_archived_and_changes_nothing_else(sink: Sink) -> None:
    sink.take_records([make.a_record(topic=JUDGING_RETRY.name)])

    assert sink.rows("select topic, type from archive") == [(JUDGING_RETRY.name, None)]
    assert sink.rows("select * from pairs") == []


def test_a_prompt_is_submitted_until_curation_decides(sink: Sink) -> None:
    sink.take(make.a_prompt_submitted(), make.a_prompt_set_aside(prompt_id="p2"))
    before = sink.rows("select prompt_id, status, reason from prompts order by 1")
    sink.take(make.a_prompt_curated(tags=("medical",)), make.a_prompt_submitted(prompt_id="p2"))

    after = sink.rows("select prompt_id, status, slice, tags, clause from prompts order by 1")

    assert before == [("p2", "set_aside", "filler"), (make.PROMPT, "submitted", None)]
    assert after == [
        ("p2", "set_aside", "general", None, "C3"),
        (make.PROMPT, "curated", "arithmetic", '["medical"]', None),
    ]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["as it happened", "the other way round"])
@pytest.mark.parametrize("together", [True, False])
def test_a_prompt_that_generation_sets_aside_is_curated_no_more(
    sink: Sink, *, order: tuple[int, int], together: bool
) -> None:
    """Offline answers take no time, so both events would happen at one instant."""
    curated = make.a_prompt_curated()
    given = Given(configuration=Configuration(constitution=make.a_constitution()))
    [aside] = Generation(generators=()).handle(curated, given).events
    events = [(curated, aside)[place] for place in order]

    for batch in [events] if together else [[event] for event in events]:
        sink.take(*batch)

    [row] = sink.rows("select status, slice, stakes, reason, decision_id::text from prompts")
    assert row == ("set_aside", curated.slice, None, "no_contrast", aside.event_id)


def test_the_status_follows_the_pair_through_the_chain(sink: Sink) -> None:
    told = []
    for event in (
        make.a_pair_proposed(),
        make.a_pair_judged(),
        make.a_pair_routed(),
        make.a_label_disputed(),
        make.a_label_resolved(),
        make.a_pair_validated(),
        make.a_pair_rejected(),
    ):
        sink.take(event)
        told += [status for (status,) in sink.rows("select status from pairs")]

    assert told == ["proposed", "judged", "escalated", "disputed", "resolved", "validated", "rejected"]


def test_every_column_of_a_pair_holds_its_event(sink: Sink) -> None:
    sink.take(make.a_pair_proposed(), make.a_pair_judged(votes=(make.a_vote(), make.a_vote(verdict=None))))
    sink.take(make.an_accepted_pair_routed(audit=True), make.a_label_resolved(label=Preference.B_BETTER))
    sink.take(make.a_pair_rejected())

    [row] = sink.run(sink.connection.fetch("select * from pairs"))

    assert (row["prompt_id"], row["model_a"], row["model_b"]) == (make.PROMPT, "model-1", "model-2")
    assert (row["judge_label"], row["confidence"], row["p_a"]) == ("A>", 0.9, 0.9)
    assert (row["votes"], row["votes_without_verdict"], row["cost_nanousd"]) == (2, 1, 6_600_000)
    assert (row["route"], row["audit"], row["threshold"], row["overlap"]) == ("accept", True, 0.8, 1)
    assert (
        row["reasons"] == '[{"code": "at_or_above_threshold", "clause": "routing.threshold", "detail": ""}]'
    )
    assert (row["label"], row["margin"], row["soft_label"], row["method"]) == ("B>", -1, 1.0, "consensus")
    assert (row["failed_checks"], row["rejection_reasons"], row["labels_needed"]) == (1, '["empty"]', 1)
    assert row["resolved_at"] == row["verdict_at"] == make.NOON


def test_a_verdict_on_an_older_resolution_does_not_count(sink: Sink) -> None:
    later = {"occurred_at": make.NOON + timedelta(minutes=5), "event_id": derived_id("later")}
    sink.take(make.a_label_resolved(**later), make.a_pair_rejected())
    waiting = sink.rows("select status from pairs")
    sink.take(
        make.a_pair_validated(**later | {"resolution_id": derived_id("later"), "event_id": derived_id("v")})
    )

    assert waiting == [("resolved",)]
    assert sink.rows("select status, label from pairs") == [("validated", "A>")]


def test_a_failed_judgement_has_no_verdict_and_says_why(sink: Sink) -> None:
    sink.take(make.a_judgement_failed())

    assert sink.rows("select judging_failure, votes, judge_label from pairs") == [
        ("no_recorded_verdict", 0, None)
    ]
    assert sink.rows("select counter, n from funnel_buckets order by 1") == [("judged", 1), ("no_verdict", 1)]


TASKS = "select round, needed, have, open from tasks order by needed desc, round"


def test_a_task_is_open_until_enough_people_labelled(sink: Sink) -> None:
    told = []
    for event in (
        make.a_pair_routed(overlap=2),
        make.a_pair_proposed(),
        make.a_label_submitted(),
        make.a_label_submitted(task_id="again"),
        make.a_label_submitted(annotator="bob"),
    ):
        sink.take(event)
        told.append(sink.rows(TASKS))

    row = ("annotate", 2)
    assert told == [[], [(*row, 0, True)], [(*row, 1, True)], [(*row, 1, True)], [(*row, 2, False)]]


def test_a_dispute_opens_a_review_and_a_resolution_closes_everything(sink: Sink) -> None:
    sink.take(make.a_pair_proposed(), make.a_pair_routed(overlap=2), make.a_label_submitted())
    sink.take(make.a_label_disputed())
    disputed = sink.rows(TASKS)
    sink.take(make.a_label_resolved())

    assert disputed == [("annotate", 2, 1, True), ("review", 1, 0, True)]
    assert sink.rows(TASKS) == [("annotate", 2, 1, False), ("review", 1, 0, False)]


def test_an_accepted_pair_asks_nobody(sink: Sink) -> None:
    sink.take(make.a_pair_proposed(), make.an_accepted_pair_routed())

    assert sink.rows(TASKS) == []


def test_labels_that_come_before_their_pair_count_once_its_slice_is_known(sink: Sink) -> None:
    early = sink.take(make.a_label_submitted(), make.a_label_submitted(annotator="bob"))
    uncounted = sink.rows("select * from agreement_cells") + sink.rows("select * from funnel_buckets")
    late = sink.take(make.a_pair_proposed())

    assert (early.slices, uncounted, late.slices) == (frozenset(), [], frozenset(["arithmetic"]))
    assert sink.rows("select distinct slice from labels") == [("arithmetic",)]
    assert sink.rows("select n from agreement_cells where kind = 'pair'") == [(1,)]
    assert sink.rows("select n from funnel_buckets where counter = 'labels'") == [(2,)]


def test_a_corrected_label_leaves_no_empty_bucket(sink: Sink) -> None:
    corrected = make.a_label_submitted(
        verdict=Verdict.B_BETTER, occurred_at=make.NOON + timedelta(minutes=3), task_id="again"
    )
    sink.take(make.a_pair_proposed(), make.a_label_submitted())
    sink.take(corrected)

    assert sink.rows("select kind, category_i, n from agreement_cells order by 1") == [
        ("nominal", "B", 1),
        ("ordinal", "B>", 1),
    ]


def test_a_text_that_postgres_cannot_store_undoes_the_batch_and_can_be_set_aside(sink: Sink) -> None:
    good, bad = sink.records(make.a_pair_proposed(), make.a_pair_proposed(pair_id="nul\0"))

    with pytest.raises(asyncpg.DataError):
        sink.take_records([good, bad])
    before = sink.rows("select * from archive")
    sink.take_records([good])

    async def put_aside() -> None:
        async with sink.connection.transaction():
            await set_aside(sink.connection, bad, reason="unstorable", detail="a text holds a NUL")

    sink.run(put_aside())
    sink.run(put_aside())
    assert before == []
    assert sink.rows("select stage, log_offset, reason, value from dead_letters") == [
        ("sink", bad.offset, "unstorable", bad.value)
    ]
    assert sink.rows("select count(*) from archive") == [(2,)]


def test_an_error_of_the_caller_leaves_no_trace(sink: Sink) -> None:
    async def fail() -> None:
        async with sink.connection.transaction():
            await project(sink.connection, sink.records(*make.one_of_each()))
            raise RuntimeError("the offsets could not be moved")

    with pytest.raises(RuntimeError):
        sink.run(fail())

    for table in ("archive", "pairs", "prompts", "labels", "tasks", "agreement_cells", "funnel_buckets"):
        assert sink.rows(f"select * from {table}") == []
    assert sink.take(*make.one_of_each()).archived == len(make.one_of_each())


def test_a_label_and_its_pair_in_two_sinks_at_once_are_counted_once(sink: Sink) -> None:
    labels = sink.records(make.a_label_submitted(), make.a_label_submitted(annotator="bob"))
    pairs = sink.records(make.a_pair_proposed(), make.a_pair_routed(overlap=3))

    async def meet() -> None:
        other = await asyncpg.connect(sink.dsn)
        try:
            async with sink.connection.transaction():
                await project(sink.connection, labels)
                second = asyncio.create_task(projected(other, pairs))
                await _blocked(sink.dsn)
            await second
        finally:
            await other.close()

    sink.run(meet())
    assert sink.rows("select n from agreement_cells where kind = 'pair'") == [(1,)]
    assert sink.rows(TASKS) == [("annotate", 3, 2, True)]


def test_the_same_events_in_two_sinks_at_once_are_archived_once(sink: Sink) -> None:
    events = [make.a_pair_proposed(pair_id=f"p{number}") for number in range(20)]

    async def meet() -> Projected:
        other = await asyncpg.connect(sink.dsn)
        try:
            async with sink.connection.transaction():
                await project(sink.connection, sink.records(*events))
                second = asyncio.create_task(projected(other, sink.records(*events)))
                await _blocked(sink.dsn)
            return await second
        finally:
            await other.close()

    told = sink.run(meet())
    assert (told.archived, told.duplicates, told.conflicts) == (0, 20, 0)
    assert sink.rows("select sum(n) from funnel_buckets") == [(20,)]


def test_two_sinks_on_the_same_pairs_and_buckets_never_deadlock(sink: Sink) -> None:
    """Each brings other events of the same pairs, in opposite orders."""
    names = [f"p{number}" for number in range(40)]
    first = [sink.records(*(make.a_pair_proposed(pair_id=name) for name in names))]
    second = [sink.records(*(make.a_pair_judged(pair_id=name) for name in reversed(names)))]
    for annotator in ("ann", "bob", "cyd"):
        labels = [make.a_label_submitted(pair_id=name, annotator=annotator) for name in names]
        first.append(sink.records(*labels[::2]))
        second.append(sink.records(*reversed(labels[1::2])))

    async def both() -> None:
        other = await asyncpg.connect(sink.dsn)
        try:
            await asyncio.gather(_all(sink.connection, first), _all(other, second))
        finally:
            await other.close()

    sink.run(both())
    assert sink.rows("select count(*), min(labels), max(labels) from pairs") == [(40, 3, 3)]
    assert sink.rows("select sum(n) from agreement_cells where kind = 'pair'") == [(120,)]


async def _all(connection: asyncpg.Connection, batches: Sequence[Sequence[LogRecord]]) -> None:
    for batch in batches:
        await projected(connection, batch)


async def _blocked(dsn: str) -> None:
    """Wait until somebody waits for a lock."""
    watcher = await asyncpg.connect(dsn)
    try:
        async with asyncio.timeout(20):
            while not await watcher.fetchval(
                "select count(*) from pg_stat_activity "
                "where datname = current_database() and wait_event_type = 'Lock'"
            ):
                await asyncio.sleep(0.01)
    finally:
        await watcher.close()


def test_a_task_has_the_priority_of_the_route_that_stands(sink: Sink) -> None:
    first = make.a_pair_routed(priority=a_priority(5))
    other = make.a_pair_routed(priority=a_priority(9), event_id=derived_id("other"))

    sink.take(make.a_pair_proposed(), first)
    sink.take(other)

    assert sink.rows("select priority from tasks") == [(5,)]
    assert sink.rows("select priority from pairs") == [(5,)]


def test_a_route_of_before_there_were_priorities_goes_last(sink: Sink) -> None:
    sink.take(make.a_pair_proposed(), make.a_pair_routed())

    assert sink.rows("select priority from tasks") == [(0,)]


def a_priority(value: int) -> Priority:
    return Priority(value=value, uncertainty=value, diversity=1, stakes=1)


def another_route(first: Event, **changes: Any) -> Event:
    return first.model_copy(update={"event_id": derived_id("test", "another", make.PAIR)} | changes)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("accepted_first", [True, False])
def test_of_two_routes_the_first_in_the_log_stays_and_no_dead_letter_comes_of_it(
    sink: Sink, *, together: bool, accepted_first: bool
) -> None:
    """A redelivery across a policy's publication says two routes; resolution keeps the first too."""
    accepted = make.an_accepted_pair_routed()
    escalated = another_route(make.a_pair_routed(overlap=2))
    routes = (accepted, escalated) if accepted_first else (escalated, accepted)
    resolved = (make.a_label_resolved(method="judge"),) if accepted_first else ()
    events = (make.a_pair_proposed(), *routes, *resolved)

    told = [sink.take(*events)] if together else [sink.take(event) for event in events]

    [(route, policy_id)] = sink.rows("select route, policy_id from pairs")
    assert (route, policy_id) == (("accept", make.POLICY) if accepted_first else ("escalate", None))
    assert sink.rows("select * from tasks where open") == [] or not accepted_first
    assert (sum(one.conflicts for one in told), sink.rows("select * from dead_letters")) == (0, [])


def test_a_reopened_acceptance_opens_a_task_and_keeps_the_route_it_takes_back(sink: Sink) -> None:
    route = make.an_accepted_pair_routed()
    sink.take(make.a_pair_proposed(), route, make.a_label_resolved(method="judge"), make.a_pair_validated())
    assert sink.rows("select status from pairs") == [("validated",)]

    sink.take(another_route(route, revises=route.event_id, route="escalate"))

    [row] = sink.rows("select status, route, policy_id, reopened_route_id::text from pairs")
    assert row == ("suspect", "accept", make.POLICY, route.event_id)
    assert sink.rows("select round, needed, open from tasks") == [("annotate", 1, True)]
    assert sink.rows("select counter, n from funnel_buckets where counter in ('accepted', 'reopened')") == [
        ("accepted", 1),
        ("reopened", 1),
    ]

    later = {"occurred_at": make.NOON + timedelta(minutes=1), "method": "consensus"}
    revised = make.a_label_resolved(
        **later, event_id=derived_id("test", "revised"), label=Preference.B_BETTER
    )
    sink.take(make.a_label_submitted(verdict=Verdict.B_BETTER), revised)

    assert sink.rows("select status, label from pairs") == [("resolved", "B>")]
    assert sink.rows("select * from tasks where open") == []
