"""The measures of slices in the sink's tables: what comes late, twice, wrongly dated or is taken back."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from tests import factories as make
from tests.running_parts import postgres_dsn, postgres_server  # noqa: F401  (fixtures)

from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.projections import Projected, project, refresh
from prefstream.domain.measures import CATALOG, measure_named
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.metrics import MetricsUpdated
from prefstream.schemas.values import Preference, Verdict

pytestmark = pytest.mark.postgres

LATER = make.NOON + timedelta(minutes=90)
DECLINED = make.a_response("I'm sorry, but I can't help with that.")


class Sink:
    """A migrated database with measures to read."""

    def __init__(self, dsn: str, runner: asyncio.Runner) -> None:
        self.dsn = dsn
        self.run = runner.run
        self.connection: asyncpg.Connection = self.run(asyncpg.connect(dsn))
        self.run(upgrade(self.connection))

    def take(self, *events: Event) -> Projected:
        async def take() -> Projected:
            async with self.connection.transaction():
                return await project(self.connection, [make.a_record(event) for event in events])

        return self.run(take())

    def figures(self, window: str = "all", *, slice_name: str = "arithmetic", as_of: Any = LATER) -> Any:
        """Return value and number of each figure, by "statistic" or "statistic:subject"."""
        [told] = [one for one in self.told(slice_name, as_of=as_of) if one.window == window]
        return {one.statistic: (one.value, one.n) for one in told.measurements}

    def told(self, *slices: str, as_of: Any = LATER) -> list[MetricsUpdated]:
        return self.run(refresh(self.connection, slices, as_of))

    def counts(self) -> dict[tuple[str, int, str], int]:
        rows = self.run(self.connection.fetch("select * from measure_buckets"))
        return {(row["slice"], row["minute"], f"{row['measure']}.{row['key']}"): row["n"] for row in rows}


@pytest.fixture
def sink(postgres_dsn: str) -> Iterator[Sink]:  # noqa: F811
    with asyncio.Runner() as runner:
        sink = Sink(postgres_dsn, runner)
        yield sink
        runner.run(sink.connection.close())


def minute_of(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def test_every_figure_of_the_catalog_is_stored_and_said(sink: Sink) -> None:
    sink.take(make.a_pair_proposed(), make.a_label_submitted(), make.a_label_submitted(annotator="bob"))

    told = sink.told("arithmetic")

    said = {event.window: {measure_named(one.statistic).name for one in event.measurements} for event in told}
    assert said["all"] == set(CATALOG)
    # An hour in which no two people met has no kappa; everything else is there, if only as null.
    assert said["1h"] == set(CATALOG) - {"cohen_kappa"}
    stored = sink.run(sink.connection.fetch("select distinct statistic from slice_metrics"))
    assert {row["statistic"] for row in stored} == set(CATALOG)


def test_a_pair_through_the_chain_is_counted_in_every_measure(sink: Sink) -> None:
    wait = timedelta(seconds=50)
    sink.take(
        make.a_pair_proposed(response_a=DECLINED, response_b=make.a_response("Sure.")),
        make.a_pair_judged(),
        make.a_pair_routed(audit=True),
        make.a_label_submitted(clauses=("honesty",)),
        make.a_label_resolved(label=Preference.A_MUCH_BETTER, occurred_at=make.NOON + wait),
        make.a_pair_validated(occurred_at=make.NOON + wait),
        make.a_gold_answered(),
    )

    found = sink.figures()
    assert found["informativeness"] == (1.0, 1)
    assert found["judge_agreement_audited"] == found["judge_agreement_all"] == (1.0, 1)
    assert found["refusal_preferred_share"] == (1.0, 1)
    assert found["length_bias"] == (1.0, 1)
    assert found["trace_coverage:people"] == (1.0, 1)
    assert found["trace_coverage:judge"] == (0.0, 2)
    assert found["gold_accuracy"] == (1.0, 1)
    assert found["cost_per_usable_pair_usd"] == (pytest.approx(0.0066), 1)
    assert found["time_to_label_s:p50"] == (pytest.approx(50, rel=0.1), 1)
    assert found["funnel:labels"] == (1.0, 1)
    assert found["queue_age_s"] == (None, 0)


def test_the_oldest_open_task_says_how_long_people_wait(sink: Sink) -> None:
    for pair_id, minutes in (("p1", 0), ("p2", 30)):
        moment = make.NOON + timedelta(minutes=minutes)
        sink.take(
            make.a_pair_proposed(pair_id=pair_id), make.a_pair_routed(pair_id=pair_id, occurred_at=moment)
        )

    assert sink.figures("1h")["queue_age_s"] == (90 * 60.0, 1)


def test_a_withdrawn_label_counts_for_nothing_any_more(sink: Sink) -> None:
    sink.take(make.a_pair_proposed(), make.a_label_submitted(clauses=("honesty",)))
    before = sink.counts()

    sink.take(make.a_label_withdrawn())

    assert before
    assert sink.counts() == {}
    assert sink.figures()["trace_coverage:people"] == (None, 0)


def test_a_dispute_takes_back_what_the_resolution_counted_for(sink: Sink) -> None:
    sink.take(make.a_pair_proposed(), make.a_label_resolved(), make.a_pair_validated())
    before = sink.figures()["informativeness"]

    sink.take(make.a_label_disputed(occurred_at=make.NOON + timedelta(minutes=1)))

    assert before == (1.0, 1)
    assert sink.figures()["informativeness"] == (None, 0)
    assert sink.figures()["cost_per_usable_pair_usd"] == (None, 0)


def test_a_slice_renamed_in_mid_window_takes_its_pairs_along(sink: Sink) -> None:
    sink.take(make.a_pair_proposed(), make.a_label_submitted(), make.a_label_resolved())
    renamed = make.a_pair_proposed(
        event_id=derived_id("renamed"), slice="sums", occurred_at=make.NOON + timedelta(minutes=1)
    )

    touched = sink.take(renamed)

    assert touched.slices == {"arithmetic", "sums"}
    # What single events said of the old slice stays there; the pair and its labels move.
    assert {place[0] for place in sink.counts()} == {"sums"}
    assert sink.figures("1h", as_of=make.NOON)["informativeness"] == (None, 0)
    assert sink.figures("1h", slice_name="sums", as_of=make.NOON)["informativeness"] == (1.0, 1)


def test_labels_of_a_pair_that_nobody_proposed_wait_for_its_slice(sink: Sink) -> None:
    sink.take(make.a_label_submitted(), make.a_label_resolved())
    before = sink.counts()

    sink.take(make.a_pair_proposed())

    assert before == {}
    assert {key for _, _, key in sink.counts()} == {
        "trace.people:bare",
        "position.people:first",
        "informative.yes",
    }


def test_a_label_of_1970_counts_in_all_time_alone(sink: Sink) -> None:
    sink.take(make.a_pair_proposed(), make.a_label_submitted(occurred_at=datetime(1970, 1, 1, tzinfo=UTC)))

    assert sink.figures("7d")["trace_coverage:people"] == (None, 0)
    assert sink.figures("all")["trace_coverage:people"] == (0.0, 1)


def test_a_label_from_the_future_does_not_move_the_windows_there(sink: Sink) -> None:
    future = make.NOON + timedelta(days=4000)

    told = sink.take(
        make.a_pair_proposed(),
        make.a_label_submitted(),
        make.a_label_submitted(annotator="bob", occurred_at=future),
    )

    assert told.latest == make.NOON + timedelta(minutes=5)
    assert sink.figures("1h", as_of=told.latest)["trace_coverage:people"] == (0.0, 1)
    assert sink.figures("all", as_of=told.latest)["trace_coverage:people"] == (0.0, 2)
    assert sink.figures("1h", as_of=future)["trace_coverage:people"] == (0.0, 1)


def test_one_rater_and_a_constant_rater_give_null_with_a_reason(sink: Sink) -> None:
    for number in range(3):
        sink.take(
            make.a_pair_proposed(pair_id=f"p{number}"),
            make.a_label_submitted(pair_id=f"p{number}", verdict=Verdict.A_BETTER),
        )
    alone = sink.told("arithmetic")[-1].measurements
    for number in range(3):
        sink.take(make.a_label_submitted(pair_id=f"p{number}", annotator="bob", verdict=Verdict.A_BETTER))
    constant = sink.told("arithmetic")[-1].measurements

    for some, name, reason in (
        (alone, "alpha_nominal", "no unit has two ratings"),
        (constant, "alpha_nominal", "no disagreement is expected: all ratings are alike"),
        (constant, "cohen_kappa:ann|bob", None),
    ):
        found = [one for one in some if one.statistic == name]
        assert found
        assert all(one.value is None and one.reason for one in found)
        assert reason is None or {one.reason for one in found} == {reason}
    assert not [one for one in alone if one.statistic.startswith("cohen_kappa")]


def test_two_sinks_that_write_one_new_pair_at_once_count_it_once(sink: Sink) -> None:
    async def meet() -> None:
        other = await asyncpg.connect(sink.dsn)
        try:
            first = sink.connection.transaction()
            await first.start()
            await project(
                sink.connection,
                [make.a_record(make.a_pair_proposed()), make.a_record(make.a_label_resolved())],
            )

            async def behind() -> None:
                async with other.transaction():
                    await project(other, [make.a_record(make.a_pair_validated())])

            second = asyncio.create_task(behind())
            backend = other.get_server_pid()
            async with asyncio.timeout(10):
                while (
                    await sink.connection.fetchval(
                        "select wait_event_type from pg_stat_activity where pid = $1", backend
                    )
                    != "Lock"
                ):
                    await asyncio.sleep(0.01)
            await first.commit()
            await second
        finally:
            await other.close()

    sink.run(meet())

    at = minute_of(make.NOON)
    assert sink.counts() == {
        ("arithmetic", at, "informative.yes"): 1,
        ("arithmetic", at, "usable.validated"): 1,
    }


def test_a_pair_from_before_there_were_measures_is_not_taken_back(sink: Sink) -> None:
    sink.take(make.a_pair_proposed(), make.a_label_resolved())
    sink.run(
        sink.connection.execute("truncate measure_buckets, measure_rollups; update pairs set revision = 0")
    )

    sink.take(make.a_label_resolved(event_id=derived_id("again"), label=Preference.TIE, occurred_at=LATER))

    assert sink.counts() == {("arithmetic", minute_of(LATER), "informative.no"): 1}


def test_generation_costs_are_counted_as_they_are_journalled(sink: Sink) -> None:
    at_ms = int(make.NOON.timestamp() * 1000)
    rows = [
        ("a", "generation", 4_000_000),
        ("b", "generation", None),
        ("c", "judging", 9),
        ("d", "scoring", 1),
    ]
    for request_id, purpose, cost in [*rows, rows[0]]:
        sink.run(
            sink.connection.execute(
                "insert into journal (request_id, provider, content, at_ms, purpose, slice, cost_nanousd)"
                " values ($1, 'test', '', $2, $3, 'arithmetic', $4)"
                " on conflict (request_id) do update set provider = excluded.provider",
                request_id,
                at_ms,
                purpose,
                cost,
            )
        )

    at = minute_of(make.NOON)
    assert sink.counts() == {
        ("arithmetic", at, "generation.nanousd"): 4_000_001,
        ("arithmetic", at, "generation.unpriced_calls"): 1,
    }
    rollups = sink.run(sink.connection.fetch("select span, since, key, n from measure_rollups order by 1, 3"))
    assert [tuple(row) for row in rollups] == [
        ("all", 0, "nanousd", 4_000_001),
        ("all", 0, "unpriced_calls", 1),
        ("day", at - at % 1440, "nanousd", 4_000_001),
        ("day", at - at % 1440, "unpriced_calls", 1),
        ("hour", at - at % 60, "nanousd", 4_000_001),
        ("hour", at - at % 60, "unpriced_calls", 1),
    ]


def test_kappas_of_two_people_wait_where_they_are_not_asked_for(sink: Sink) -> None:
    both = (make.a_label_submitted(), make.a_label_submitted(annotator="bob"))
    sink.take(make.a_pair_proposed(), *both)
    sink.told("arithmetic", as_of=make.NOON)
    sink.take(
        make.a_pair_proposed(pair_id="p2"),
        *(make.a_label_submitted(pair_id="p2", annotator=name) for name in ("ann", "bob")),
    )

    told = sink.run(refresh(sink.connection, ["arithmetic"], make.NOON, people=()))

    said = {one.statistic: one.n for one in told[-1].measurements}
    assert (said["percent_agreement"], "cohen_kappa:ann|bob" in said) == (2, False)
    stored = "select n from slice_metrics where window_name = 'all' and statistic = 'cohen_kappa'"
    assert sink.run(sink.connection.fetchval(stored)) == 1
    sink.told("arithmetic", as_of=make.NOON)
    assert sink.run(sink.connection.fetchval(stored)) == 2


def test_a_time_that_no_minute_can_hold_is_refused_whole(sink: Sink) -> None:
    with pytest.raises(asyncpg.DataError):
        sink.take(make.a_pair_proposed(occurred_at=datetime(7000, 1, 1, tzinfo=UTC)))

    assert sink.run(sink.connection.fetchval("select count(*) from pairs")) == 0


@pytest.mark.parametrize("window", ["1h", "24h", "7d", "all"])
def test_a_window_read_from_roll_ups_equals_the_sum_of_its_minutes(sink: Sink, window: str) -> None:
    hours = {"1h": 1, "24h": 24, "7d": 168, "all": 10_000}[window]
    moments = [make.NOON - timedelta(minutes=back) for back in range(0, 9 * 1440, 47)]
    sink.take(
        *(
            event
            for number, moment in enumerate(moments)
            for event in (
                make.a_pair_proposed(pair_id=f"p{number}", occurred_at=moment),
                make.a_label_submitted(pair_id=f"p{number}", occurred_at=moment),
                make.a_label_submitted(
                    pair_id=f"p{number}", annotator="bob", verdict=Verdict.TIE, occurred_at=moment
                ),
            )
        )
    )
    end = make.NOON + timedelta(minutes=1)
    inside = sum(end - timedelta(hours=hours) <= moment for moment in moments)

    found = sink.figures(window, as_of=make.NOON)

    assert found["funnel:proposed"] == (float(inside), inside)
    assert found["trace_coverage:people"] == (0.0, 2 * inside)
    assert found["alpha_nominal"][1] == inside
    assert found["cohen_kappa:ann|bob"][1] == inside
