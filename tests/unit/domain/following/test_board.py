"""The board of `prefstream watch`."""

from datetime import timedelta

from tests import factories as make

from prefstream.domain.following.board import Board
from prefstream.schemas.ids import derived_id
from prefstream.schemas.metrics import Measurement, MetricsUpdated


def of(name: str, proposed: int, alpha: float | None = 0.9, window: str = "24h") -> MetricsUpdated:
    return make.a_metrics_updated(
        slice=name,
        window=window,
        measurements=(
            Measurement(statistic="funnel:proposed", value=float(proposed), n=proposed),
            Measurement(statistic="alpha_nominal", value=alpha, reason=None if alpha else "one rater", n=9),
        ),
    )


def test_the_busiest_slice_comes_first_and_others_windows_do_not_count() -> None:
    board = Board("24h")

    for event in (of("law", 3), of("code", 9), of("law", 99, window="1h")):
        board.take(event)

    assert [(row.slice, row.volume, row.funnel["proposed"]) for row in board.rows] == [
        ("code", 9, 9),
        ("law", 3, 3),
    ]


def test_an_undefined_agreement_has_no_band() -> None:
    board = Board("24h")
    board.take(of("law", 3, alpha=None))
    board.take(of("code", 2, alpha=0.5))

    assert [row.band for row in board.rows] == [None, "moderate"]


def test_alerts_are_counted_by_slice_and_forgotten_when_they_are_over() -> None:
    board = Board("24h")
    board.take(of("law", 3))
    board.take(make.an_alert_raised(slice="law", alert_id="a", event_id=derived_id("a")))
    board.take(make.an_alert_raised(slice="law", alert_id="b", severity="critical", event_id=derived_id("b")))
    board.take(
        make.an_alert_raised(
            slice="law", alert_id="c", occurred_at=make.NOON + timedelta(hours=1), event_id=derived_id("c")
        )
    )

    assert [one.alert_id for one in board.alerts] == ["b", "c", "a"]
    assert board.rows[0].alerts == 3
    board.take(make.an_alert_cleared(slice="law", alert_id="b"))
    assert [one.alert_id for one in board.alerts] == ["c", "a"]


def test_only_the_slices_that_were_asked_for_are_there() -> None:
    board = Board("24h", frozenset({"law"}))

    for event in (of("law", 3), of("code", 9), make.an_alert_raised(slice="code")):
        board.take(event)

    assert [one["slice"] for one in board.document()["slices"]] == ["law"]
    assert board.document()["alerts"] == []


def test_all_is_forgotten_when_everything_comes_anew() -> None:
    board = Board("24h")
    board.take(of("law", 3))
    board.take(make.an_alert_raised())

    board.clear()

    assert (board.rows, board.alerts) == ([], [])
