"""Steps, series and scorecards: what a point is of, and what a week says beside the one before."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.agreement import Statistic
from prefstream.domain.trends import (
    Alert,
    Counted,
    Steps,
    Week,
    band_of,
    changed,
    figures_in,
    points,
    scorecard,
    steps_of,
    week_named,
)
from prefstream.schemas.errors import BadInput
from prefstream.schemas.metrics import Window

AGREED, TORN = (("A", 2),), (("A", 1), ("B", 1))
SOME = st.dictionaries(
    st.integers(0, 9).map(lambda n: n * 60),
    st.builds(
        lambda agreed, torn, labels: Counted(
            nominal={AGREED: agreed, TORN: torn}, work={("funnel", "labels"): labels}
        ),
        st.integers(1, 9),
        st.integers(1, 9),
        st.integers(1, 9),
    ),
)


@pytest.mark.parametrize("window", ["1h", "24h", "7d", "all"])
@pytest.mark.parametrize("until", [1, 59, 60, 1441, 29_540_000])
def test_the_last_step_holds_the_last_minute_and_none_is_before_1970(window: Window, until: int) -> None:
    steps = steps_of(window, until=until, oldest=max(0, until - 50_000))

    assert steps.since >= 0
    assert steps.until - steps.length < until <= steps.until
    assert steps.count <= 45


@given(st.integers(0, 10_000_000), st.integers(1, 30_000_000))
def test_all_time_holds_the_oldest_minute_while_its_steps_are_no_longer_than_a_year(
    age: int, until: int
) -> None:
    steps = steps_of("all", until=until, oldest=max(0, until - age))

    assert steps.since <= max(0, until - age)


@given(SOME, st.integers(1, 5))
def test_a_point_is_of_its_window_exactly(counted: dict[int, Counted], reach: int) -> None:
    steps = Steps(since=240, length=60, count=6)

    for point in points(steps, counted, reach=reach):
        within = Counted()
        for at in range(point.until - reach * 60, point.until, 60):
            within = within.merge(counted.get(at, Counted()))
        assert point.figures == figures_in(within)


@given(SOME)
def test_a_point_of_all_time_is_of_everything_until_then(counted: dict[int, Counted]) -> None:
    last = points(Steps(since=240, length=60, count=6), counted, reach=None)[-1]
    whole = Counted()
    for one in counted.values():
        whole = whole.merge(one)

    assert last.figures == figures_in(whole)


def test_a_step_without_labels_is_not_known_with_its_reason() -> None:
    (point,) = points(Steps(since=0, length=60, count=1), {}, {"alpha_nominal"})

    assert point.figures["alpha_nominal", ""].reason == "no unit has two ratings"
    assert point.labels == 0


@pytest.mark.parametrize(
    ("value", "low", "band"),
    [
        (0.74, 0.7, "critical"),
        (0.75, 0.7, "warning"),
        (0.79, 0.7, "warning"),
        (0.80, 0.79, "unsure"),
        (0.90, 0.80, "good"),
        (0.90, None, "good"),
    ],
)
def test_a_figure_is_in_the_band_of_its_value(value: float, low: float | None, band: str) -> None:
    figure = Statistic(value=value, low=low, high=None if low is None else 1.0, n_units=9)

    assert band_of("alpha_nominal", figure) == band
    assert band_of("no_such_measure", figure) == "unbounded"


def test_a_change_without_limits_is_never_beyond_chance() -> None:
    change = changed(Statistic(value=0.9, n_units=3), Statistic(value=0.1, n_units=3))

    assert change is not None
    assert not change.beyond_chance
    assert changed(Statistic.undefined("no unit", n_units=0), Statistic(value=1.0, n_units=1)) is None


def test_a_slice_that_vanished_stands_with_what_it_was() -> None:
    card = scorecard(
        week_named("2026-W09"), {"new": Counted(nominal={AGREED: 3, TORN: 2})}, {"old": Counted()}, [], []
    )

    assert [one.slice for one in card.slices] == ["new", "old"]
    assert card.total.now["alpha_nominal", ""] == card.slices[0].now["alpha_nominal", ""]
    assert ("old", ("alpha_nominal", ""), "no unit has two ratings") in card.not_known


@given(st.integers(4 * 86_400, 200_000_000_000))
def test_a_week_is_found_by_its_name(second: int) -> None:
    at = datetime.fromtimestamp(second, UTC)
    week = Week.of(at)

    assert week_named(week.name) == week
    assert week.since <= at < week.until
    assert week.after.before == week


@pytest.mark.parametrize(
    "name", ["", "47", "2026-47", "2026-W00", "2026-W54", "2025-W53", "9999-W01", "\uff12026-W09"]
)
def test_what_is_no_week_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="no ISO week"):
        week_named(name)


def test_an_alert_is_told_as_it_stood_at_the_end_of_the_week() -> None:
    end = datetime(2026, 3, 2, tzinfo=UTC)
    alert = Alert(
        alert_id="a",
        slice="law",
        window_name="24h",
        statistic="alpha_nominal",
        severity="critical",
        action="retrain",
        detail="",
        runbook=None,
        raised_at=end - timedelta(days=1),
        cleared_at=end + timedelta(hours=1),
        taken_by="lea",
        taken_why="training on Monday",
        taken_at=end - timedelta(hours=1),
        silenced=True,
    )

    before, long_before = alert.as_of(end), alert.as_of(end - timedelta(hours=2))

    assert (before.cleared_at, before.taken_by, before.silenced) == (None, "lea", False)
    assert (long_before.taken_by, long_before.taken_why) == (None, None)
    assert alert.as_of(end + timedelta(days=1)).cleared_at == alert.cleared_at
