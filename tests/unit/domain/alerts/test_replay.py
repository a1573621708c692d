"""The stage: the same figures give the same events, however often and wherever it was stopped."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import factories as make
from tests.unit.domain.alerts.figures import alpha, kappa, share

from prefstream.agents.alerting import Alerting, read, written
from prefstream.agents.stage import Configuration, Given
from prefstream.domain.alerts import DEFAULTS, SliceWatch
from prefstream.schemas.codec import encode
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.metrics import AlertCleared, AlertRaised, Measurement, MetricsUpdated

STAGE = Alerting()
CONFIGURATION = Configuration(constitution=make.a_constitution())
FIGURES = st.tuples(
    st.sampled_from([None, 0.5, 0.74, 0.76, 0.79, 0.81, 0.9]),
    st.integers(0, 200),
    st.sampled_from(["7d", "all"]),
)


def events_of(drawn: Sequence[tuple[float | None, int, str]]) -> list[MetricsUpdated]:
    return [
        make.a_metrics_updated(
            event_id=derived_id("test", str(place)),
            slice="law",
            window=window,
            as_of=make.NOON + timedelta(hours=9 * place),
            measurements=(alpha(low), kappa("ann|bob", 0.7), share("gold_accuracy", right, 200)),
        )
        for place, (low, right, window) in enumerate(drawn)
    ]


def run(events: Sequence[MetricsUpdated], state: bytes | None = None) -> tuple[list[Event], bytes | None]:
    said: list[Event] = []
    for event in events:
        given_now = Given(configuration=CONFIGURATION, states={"law": state})
        outcome = STAGE.handle(event, given_now)
        said += outcome.events
        state = outcome.states.get("law", state)
    return said, state


@given(st.lists(FIGURES, max_size=40), st.data())
def test_a_stop_anywhere_with_everything_since_delivered_again_says_the_same_events(
    drawn: list[tuple[float | None, int, str]], data: st.DataObject
) -> None:
    events = events_of(drawn)
    whole, _ = run(events)
    place = data.draw(st.integers(0, len(events)))

    _, state = run(events[:place])
    rest, _ = run(events[place:], state)
    before, _ = run(events[:place])

    assert [encode(one) for one in (*before, *rest)] == [encode(one) for one in whole]
    repeated, _ = run(events[:place][-1:], state)
    assert repeated == []


@given(st.lists(FIGURES, max_size=60))
def test_of_a_rule_in_a_slice_one_alert_is_open_at_a_time_and_ids_differ(
    drawn: list[tuple[float | None, int, str]],
) -> None:
    said, _ = run(events_of(drawn))

    assert len({one.event_id for one in said}) == len(said)
    by_rule: dict[str | None, list[Event]] = {}
    for one in said:
        assert isinstance(one, AlertRaised | AlertCleared)
        by_rule.setdefault(one.rule, []).append(one)
    for events in by_rule.values():
        for before, after in pairwise(events):
            assert isinstance(before, AlertRaised) or isinstance(after, AlertRaised)
            if isinstance(before, AlertRaised):
                assert before.alert_id == after.alert_id  # type: ignore[attr-defined]
            else:
                assert before.alert_id != after.alert_id  # type: ignore[attr-defined]


@given(st.lists(FIGURES, max_size=30))
def test_a_state_says_the_whole_watch(drawn: list[tuple[float | None, int, str]]) -> None:
    _, state = run(events_of(drawn))

    assert state is None or written(read(state)) == state
    assert read(None) == SliceWatch()


def test_figures_of_other_rules_and_slices_without_figures_say_nothing() -> None:
    event = make.a_metrics_updated(
        slice="law", measurements=(Measurement(statistic="new_figure", value=0.0, n=9),)
    )

    assert run([event])[0] == []
    assert run([event.model_copy(update={"measurements": ()})])[0] == []


@pytest.mark.parametrize("rule", DEFAULTS, ids=lambda rule: rule.name)
def test_every_rule_has_a_runbook_that_says_when_to_silence_it(rule) -> None:  # type: ignore[no-untyped-def]
    page = (Path(__file__).parents[4] / rule.runbook).read_text()

    assert page.startswith(f"# {rule.title}\n")
    for heading in ("What it means", "What to look at", "What to do", "When to silence it"):
        assert f"\n## {heading}\n" in page
