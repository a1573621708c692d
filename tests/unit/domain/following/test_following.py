"""The latest state of everything, cursors into it, and what each client is shown."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import factories as make

from prefstream.domain.following import Cursor, Latest, State, Wishes, figures_of, shown, volume_of
from prefstream.schemas.codec import encode
from prefstream.schemas.errors import BadInput
from prefstream.schemas.metrics import Measurement, MetricsUpdated


def measured(*names: str) -> MetricsUpdated:
    return make.a_metrics_updated(
        measurements=tuple(Measurement(statistic=name, value=0.5, n=10) for name in names)
    )


def state(version: int, name: str = "law", *, over: bool = False, event: bytes = b"{}") -> State:
    return State(key=("metrics", name, "24h"), version=version, over=over, event=event)


def seen_by(latest: Latest, version: int) -> list[int]:
    return [one.version for one in latest.since(version)]


def test_only_the_latest_state_of_a_thing_is_kept() -> None:
    latest = Latest()

    latest.take(1, [state(1), state(2, "code"), state(3)])

    assert seen_by(latest, 0) == [2, 3]
    assert len(latest) == 2


def test_who_has_seen_everything_is_told_nothing() -> None:
    latest = Latest()
    latest.take(1, [state(1), state(2, "code")])

    assert seen_by(latest, 2) == []
    assert not latest.take(1, [state(2, "code")])


def test_another_run_of_the_database_forgets_what_was_there() -> None:
    latest = Latest()
    latest.take(1, [state(7)])

    latest.take(2, [state(3, "code")])

    assert seen_by(latest, 0) == [3]
    assert latest.cursor == Cursor(epoch=2, version=3)


def test_cursors_of_another_run_or_of_the_future_are_not_known() -> None:
    latest = Latest()
    latest.take(5, [state(7)])

    known = [
        latest.knows(Cursor(epoch=epoch, version=version)) for epoch, version in ((5, 7), (5, 8), (4, 1))
    ]

    assert known == [True, False, False]


def test_who_begins_anew_is_not_told_what_is_over() -> None:
    latest = Latest()
    latest.take(1, [state(1), state(2, "alert", over=True)])

    assert seen_by(latest, 0) == [1]
    assert seen_by(latest, 1) == [2]


@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.booleans()), max_size=60),
)
def test_whoever_looks_now_and_then_ends_with_the_latest_and_sees_nothing_twice(
    steps: list[tuple[str, bool]],
) -> None:
    latest, at, told, current = Latest(), 0, list[tuple[str, int]](), dict[str, int]()

    for version, (name, looks) in enumerate(steps, start=1):
        latest.take(1, [state(version, name)])
        current[name] = version
        if looks:
            told += [(one.key[1], one.version) for one in latest.since(at)]
            at = latest.cursor.version
    told += [(one.key[1], one.version) for one in latest.since(at)]

    assert dict(told) == current
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("text", ["", "7", "1-", "-1-2", "1-2-3", "x-1", "٣-1", "1-" + "9" * 30, "1-2\n"])
def test_what_is_no_id_of_ours_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="none that was sent"):
        Cursor.read(text)


def test_a_cursor_reads_back() -> None:
    assert Cursor.read(str(Cursor(epoch=1_700_000_000_000, version=42))).version == 42


def test_figures_about_people_by_name_are_not_shown() -> None:
    event = measured("cohen_kappa", "cohen_kappa:ann|bob", "trace_coverage:people")

    said = shown(event)

    assert isinstance(said, MetricsUpdated)
    assert [one.statistic for one in said.measurements] == ["cohen_kappa", "trace_coverage:people"]


def test_wishes_narrow_slices_windows_and_statistics() -> None:
    event = state(1, event=encode(measured("alpha_nominal", "trace_coverage:people", "trace_coverage:judge")))

    narrowed = Wishes(statistics=frozenset({"trace_coverage:judge", "alpha_nominal"})).shows(event)
    whole = Wishes(statistics=frozenset({"trace_coverage"})).shows(event)

    assert Wishes().shows(event) == event.event
    assert Wishes(slices=frozenset({"code"})).shows(event) is None
    assert Wishes(windows=frozenset({"1h"})).shows(event) is None
    assert Wishes(statistics=frozenset({"informativeness"})).shows(event) is None
    assert _names(narrowed) == ["alpha_nominal", "trace_coverage:judge"]
    assert _names(whole) == ["trace_coverage:people", "trace_coverage:judge"]


def test_alerts_are_shown_by_slice_and_statistic_and_their_end_always() -> None:
    raised = State(key=("alert", "a", ""), version=1, event=encode(make.an_alert_raised()))
    cleared = State(key=("alert", "a", ""), version=2, over=True, event=encode(make.an_alert_cleared()))

    assert Wishes(windows=frozenset({"1h"})).shows(raised) == raised.event
    assert Wishes(slices=frozenset({"code"})).shows(raised) is None
    assert Wishes(statistics=frozenset({"informativeness"})).shows(raised) is None
    assert Wishes(statistics=frozenset({"cohen_kappa"})).shows(raised) == raised.event
    assert Wishes(statistics=frozenset({"informativeness"})).shows(cleared) == cleared.event


def test_figures_have_their_statistic_and_subject() -> None:
    found = list(figures_of(measured("funnel:judged", "time_to_label_s:p90")))

    assert [(one.statistic, one.subject) for one in found] == [
        ("funnel:judged", ""),
        ("time_to_label_s", "p90"),
    ]
    assert found[1].measure is not None


def test_volume_is_what_was_proposed_or_else_what_was_labelled() -> None:
    proposed = make.a_metrics_updated(
        measurements=(Measurement(statistic="funnel:proposed", value=40.0, n=40),)
    )

    assert volume_of(proposed) == 40
    assert volume_of(measured("alpha_nominal")) == 10
    assert volume_of(measured("informativeness")) == 0


def _names(shown_bytes: bytes | None) -> list[str]:
    assert shown_bytes is not None
    return [one["statistic"] for one in orjson.loads(shown_bytes)["measurements"]]
