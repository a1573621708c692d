"""The figures of slices: windows, what is undefined, and real labels against the reference libraries."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from tests import factories as make
from tests.oracles.agreement.shared_data import shared
from tests.running_parts import postgres_dsn, postgres_server  # noqa: F401  (fixtures)

from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.projections import project, refresh
from prefstream.schemas.envelope import Event
from prefstream.schemas.metrics import MetricsUpdated
from prefstream.schemas.values import Verdict

pytestmark = pytest.mark.postgres

LATER = make.NOON + timedelta(minutes=90)


class Sink:
    """A migrated database with figures to refresh."""

    def __init__(self, dsn: str, runner: asyncio.Runner) -> None:
        self.run = runner.run
        self.connection: asyncpg.Connection = self.run(asyncpg.connect(dsn))
        self.run(upgrade(self.connection))

    def take(self, *events: Event) -> frozenset[str]:
        async def take() -> frozenset[str]:
            async with self.connection.transaction():
                told = await project(self.connection, [make.a_record(event) for event in events])
            return told.slices

        return self.run(take())

    def refresh(self, *slices: str, as_of: Any = LATER) -> dict[str, MetricsUpdated]:
        told = self.run(refresh(self.connection, slices or ["arithmetic"], as_of))
        return {event.window: event for event in told}

    def metrics(self, window: str) -> dict[tuple[str, str], asyncpg.Record]:
        rows = self.run(self.connection.fetch("select * from slice_metrics where window_name = $1", window))
        return {(row["statistic"], row["subject"]): row for row in rows}


@pytest.fixture
def sink(postgres_dsn: str) -> Iterator[Sink]:  # noqa: F811
    with asyncio.Runner() as runner:
        sink = Sink(postgres_dsn, runner)
        yield sink
        runner.run(sink.connection.close())


def labels(pair_id: str, verdicts: Sequence[Verdict], minutes: float = 0) -> list[Event]:
    moment = make.NOON + timedelta(minutes=minutes)
    return [
        make.a_label_submitted(pair_id=pair_id, annotator=f"ann{place}", verdict=verdict, occurred_at=moment)
        for place, verdict in enumerate(verdicts, start=1)
    ]


def test_a_window_holds_its_minutes_only(sink: Sink) -> None:
    sink.take(make.a_pair_proposed(pair_id="old"), *labels("old", [Verdict.TIE, Verdict.TIE]))
    sink.take(
        make.a_pair_proposed(pair_id="new"), *labels("new", [Verdict.A_BETTER, Verdict.B_BETTER], minutes=31)
    )

    sink.refresh()

    counted = {name: sink.metrics(name)["percent_agreement", ""] for name in ("1h", "24h", "7d", "all")}
    assert {name: (row["value"], row["n"]) for name, row in counted.items()} == {
        "1h": (0.0, 1),
        "24h": (0.5, 2),
        "7d": (0.5, 2),
        "all": (0.5, 2),
    }


def test_what_is_undefined_is_null_with_its_reason(sink: Sink) -> None:
    told = sink.refresh("never-seen")

    row = sink.metrics("all")["alpha_nominal", ""]
    assert (row["value"], row["reason"], row["n"]) == (None, "no unit has two ratings", 0)
    [alpha] = [one for one in told["all"].measurements if one.statistic == "alpha_nominal"]
    assert (alpha.value, alpha.reason) == (None, "no unit has two ratings")


def test_annotators_who_left_the_window_have_no_row(sink: Sink) -> None:
    sink.take(make.a_pair_proposed(), *labels(make.PAIR, [Verdict.TIE, Verdict.A_BETTER]))
    sink.refresh(as_of=make.NOON)
    before = ("cohen_kappa", "ann1|ann2") in sink.metrics("1h")

    sink.refresh(as_of=LATER)

    assert before
    assert ("cohen_kappa", "ann1|ann2") not in sink.metrics("1h")
    assert ("cohen_kappa", "ann1|ann2") in sink.metrics("all")


def test_older_figures_never_replace_newer_ones(sink: Sink) -> None:
    sink.take(make.a_pair_proposed(), *labels(make.PAIR, [Verdict.TIE, Verdict.A_BETTER]))
    sink.refresh(as_of=LATER)
    sink.refresh(as_of=make.NOON)

    assert {row["as_of"] for row in sink.metrics("24h").values()} == {LATER}


def test_the_same_figures_give_the_same_event_and_others_another(sink: Sink) -> None:
    sink.take(make.a_pair_proposed(), *labels(make.PAIR, [Verdict.TIE, Verdict.A_BETTER]))
    first, again = sink.refresh()["all"], sink.refresh()["all"]
    sink.take(make.a_pair_proposed(pair_id="p2"), *labels("p2", [Verdict.TIE, Verdict.TIE]))
    other = sink.refresh()["all"]

    assert first == again
    assert other.event_id != first.event_id


def test_long_names_of_annotators_fit_into_the_event(sink: Sink) -> None:
    sink.take(
        make.a_pair_proposed(),
        *(make.a_label_submitted(annotator=letter * 256) for letter in "ab"),
    )

    told = sink.refresh()["all"]

    assert sum(one.statistic.startswith("cohen_kappa:") for one in told.measurements) == 1


@pytest.mark.shared
def test_pandalm_figures_equal_scikit_learn_and_krippendorff(sink: Sink) -> None:
    scale = [Verdict.TIE, Verdict.A_BETTER, Verdict.B_BETTER]
    rows = json.loads(shared("pandalm", "testset-v1.json").read_text())
    table = [[row[f"annotator{place}"] for place in (1, 2, 3)] for row in rows]
    for start in range(0, len(table), 250):
        batch: list[Event] = []
        for number, verdicts in enumerate(table[start : start + 250], start=start):
            batch += labels(f"p{number}", [scale[int(verdict)] for verdict in verdicts])
            batch.append(make.a_pair_proposed(pair_id=f"p{number}"))
        assert sink.take(*batch) == {"arithmetic"}

    sink.refresh()

    metrics = sink.metrics("24h")
    ratings = np.array(table, dtype=int).T
    for i, j in ((0, 1), (0, 2), (1, 2)):
        row = metrics["cohen_kappa", f"ann{i + 1}|ann{j + 1}"]
        assert row["value"] == pytest.approx(cohen_kappa_score(ratings[i], ratings[j]), abs=1e-12)
        assert row["low"] < row["value"] < row["high"]
        assert row["n"] == len(table)
    a_tie_b = np.choose(ratings, (1, 0, 2)).astype(float)
    nominal = krippendorff.alpha(reliability_data=a_tie_b, level_of_measurement="nominal")
    ordinal = krippendorff.alpha(reliability_data=a_tie_b, level_of_measurement="ordinal")
    assert metrics["alpha_nominal", ""]["value"] == pytest.approx(nominal, abs=1e-12)
    assert metrics["alpha_ordinal", ""]["value"] == pytest.approx(ordinal, abs=1e-12)
