"""Rules that read gauges: boundaries, hysteresis, and gauges that show nothing any more."""

from math import nextafter

import pytest
from tests.unit.domain.alerts.figures import DAY_US, RULES

from prefstream.domain.alerts import ALL, Place, Reading, Standing, event_of, gauged
from prefstream.domain.alerts.bands import BANDS, band_of

HOUR_S = 3600.0


class Gauging:
    """Gauges that are looked at, with what is known kept."""

    def __init__(self) -> None:
        self.standings: dict[Place, Standing] = {}

    def look(self, *readings: Reading, at_us: int = 0) -> list[tuple[str, str, str]]:
        changed, said = gauged(RULES, self.standings, readings, at_us=at_us)
        self.standings |= changed
        return [(name, one.move.kind, one.level.severity) for name, one in said]


def reading(rule: str, value: float, slice_name: str = ALL) -> Reading:
    return Reading(rule=rule, slice=slice_name, value=value, detail="what it means")


@pytest.mark.parametrize(
    ("rule", "bound", "severity"),
    [
        ("starvation", 24 * HOUR_S, "warning"),
        ("starvation", 72 * HOUR_S, "critical"),
        ("queue_without_people", 0.0, "warning"),
        ("lag", 10_000.0, "warning"),
        ("lag", 1_000_000.0, "critical"),
        ("budget", 0.80, "notice"),
        ("budget", 0.999, "critical"),
        ("calibration_decay", 0.0, "warning"),
        ("certificate_age", 30.0, "warning"),
    ],
)
def test_a_gauge_raises_above_its_bound_and_not_at_it(rule: str, bound: float, severity: str) -> None:
    at = [one[2] for one in Gauging().look(reading(rule, bound))]
    above = [one[2] for one in Gauging().look(reading(rule, nextafter(bound, 1e9)))]

    assert severity not in at
    assert above == [severity]


def test_a_task_that_waits_is_one_alert_that_escalates_and_clears_beyond_an_hour() -> None:
    gauging = Gauging()
    said = [gauging.look(reading("starvation", hours * HOUR_S, "law")) for hours in (25, 73, 23.5, 23)]

    assert said == [
        [("law", "raised", "warning")],
        [("law", "escalated", "critical")],
        [],
        [("law", "cleared", "critical")],
    ]


def test_a_gauge_that_shows_nothing_any_more_clears() -> None:
    gauging = Gauging()
    gauging.look(reading("queue_without_people", 3, "law"), reading("starvation", 90 * HOUR_S, "law"))

    assert gauging.look() == [("law", "cleared", "warning"), ("law", "cleared", "critical")]
    assert gauging.look() == []


def test_a_clock_that_goes_back_raises_nothing_twice() -> None:
    gauging = Gauging()
    gauging.look(reading("lag", 20_000), at_us=9 * DAY_US)

    assert gauging.look(reading("lag", 20_000), at_us=2 * DAY_US) == []


def test_two_alerts_of_one_minute_have_two_ids_and_the_same_one_again_the_same() -> None:
    def ids() -> list[str]:
        known: dict[Place, Standing] = {}
        found = []
        for value in (20_000, 0, 20_000):
            changed, said = gauged(RULES, known, [reading("lag", value)], at_us=DAY_US)
            known |= changed
            for name, one in said:
                event = event_of(one, slice_name=name, window="all", at_us=DAY_US, rules_id=RULES.id)
                found += [event.event_id, event.alert_id]
        return found

    first_raised, first, first_cleared, cleared, second_raised, second = ids()
    assert first == cleared != second
    assert len({first_raised, first_cleared, second_raised}) == 3
    assert ids() == ids()


def test_the_bands_cover_every_coefficient_once() -> None:
    lows = [one.low for one in BANDS]

    assert lows == sorted(lows)
    assert [band_of(low).name for low in lows] == [one.name for one in BANDS]
    assert [band_of(nextafter(low, -2)).name for low in lows[1:]] == [one.name for one in BANDS[:-1]]
    assert len(BANDS) == 5
