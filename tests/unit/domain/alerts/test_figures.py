"""Rules that look at figures: when they raise, escalate, clear and keep quiet."""

from math import nextafter

import pytest
from tests.unit.domain.alerts.figures import DAY_US, HOUR_US, RULES, Watching, alpha, kappa, share

from prefstream.domain.alerts import DEFAULTS, Evidence, rules_of
from prefstream.domain.measures import CATALOG
from prefstream.schemas.errors import BadInput
from prefstream.schemas.metrics import Measurement


@pytest.mark.parametrize(
    ("low", "severity"),
    [(0.80, None), (nextafter(0.80, 0), "warning"), (0.75, "warning"), (nextafter(0.75, 0), "critical")],
)
def test_alpha_raises_below_its_bounds_and_not_at_them(low: float, severity: str | None) -> None:
    said = Watching().kinds(alpha(low), at_us=0)

    assert said == ([("people_alpha", "raised", severity)] if severity else [])


@pytest.mark.parametrize(("low", "severity"), [(0.80, None), (0.79, "warning"), (0.74, "critical")])
def test_of_all_pairs_of_people_the_one_that_agrees_least_speaks(low: float, severity: str | None) -> None:
    said = Watching().kinds(kappa("ann|bob", 0.9), kappa("ann|cy", low), at_us=0)

    assert said == ([("people_kappa", "raised", severity)] if severity else [])


def test_two_people_with_few_pairs_in_common_say_nothing() -> None:
    assert Watching().kinds(kappa("ann|bob", 0.1, n=199), at_us=0) == []


def test_too_few_units_are_not_looked_at_and_do_not_use_up_the_look_of_the_day() -> None:
    slice_ = Watching()

    assert slice_.kinds(alpha(0.1, n=199), at_us=0) == []
    assert slice_.kinds(alpha(0.1, n=200), at_us=1) == [("people_alpha", "raised", "critical")]


def test_an_alert_names_bound_band_action_people_and_runbook() -> None:
    (said,) = Watching().sees(alpha(0.5), kappa("ann|bob", 0.9, n=99), kappa("ann|cy", 0.3, n=99), at_us=0)

    assert said.level.bound == 0.75
    assert "orrective retraining" in said.level.action
    assert "band moderate" in said.detail
    assert said.annotators == ("cy", "ann")
    assert said.rule.runbook == "docs/runbooks/people-alpha.md"


def test_between_two_looks_of_a_day_nothing_is_said_however_many_events_there_are() -> None:
    slice_ = Watching()
    slice_.sees(alpha(0.9), at_us=0)

    assert not any(slice_.sees(alpha(0.1), at_us=minute * 60_000_000) for minute in range(1, 24 * 60))
    assert slice_.kinds(alpha(0.1), at_us=DAY_US) == [("people_alpha", "raised", "critical")]


def test_an_open_alert_is_said_once_escalates_once_and_clears_beyond_the_margin() -> None:
    slice_ = Watching()
    lows = [0.79, 0.79, 0.74, 0.74, 0.79, 0.80, 0.819, 0.82, 0.81]

    said = [slice_.kinds(alpha(low), at_us=day * DAY_US) for day, low in enumerate(lows)]

    flat = [(day, one[0][1:]) for day, one in enumerate(said) if one]
    assert flat == [(0, ("raised", "warning")), (2, ("escalated", "critical")), (7, ("cleared", "critical"))]


def test_a_figure_that_wavers_around_its_bound_is_one_alert() -> None:
    slice_ = Watching()

    said = [slice_.kinds(alpha(0.79 + 0.02 * (day % 2)), at_us=day * DAY_US) for day in range(60)]

    assert sum(map(len, said)) == 1


def test_figures_older_than_those_seen_say_nothing() -> None:
    slice_ = Watching()
    slice_.sees(alpha(0.9), at_us=5 * DAY_US)

    assert slice_.kinds(alpha(0.1), at_us=3 * DAY_US) == []
    assert slice_.kinds(alpha(0.9), at_us=6 * DAY_US) == []


def test_a_slice_that_vanishes_and_comes_back_goes_on_where_it_was() -> None:
    slice_ = Watching()
    slice_.sees(alpha(0.7), at_us=0)

    assert slice_.kinds(at_us=50 * DAY_US) == []
    assert slice_.kinds(alpha(0.7), at_us=90 * DAY_US) == []
    assert slice_.kinds(alpha(0.9), at_us=91 * DAY_US) == [("people_alpha", "cleared", "critical")]


def test_the_same_figures_again_say_nothing_again() -> None:
    slice_ = Watching()
    figures = (alpha(0.7), share("informativeness", 30, 100))
    slice_.sees(*figures, at_us=HOUR_US)
    known = slice_.watch

    assert slice_.kinds(*figures, at_us=HOUR_US) == []
    assert slice_.watch == known


def test_an_undefined_figure_neither_raises_nor_clears() -> None:
    slice_ = Watching()

    assert slice_.kinds(alpha(None), at_us=0) == []
    slice_.sees(alpha(0.7), at_us=DAY_US)
    assert slice_.kinds(alpha(None), at_us=2 * DAY_US) == []


def test_a_figure_undefined_for_more_than_its_days_is_a_notice_and_clears_once_it_is_defined() -> None:
    slice_ = Watching()
    slice_.sees(alpha(None), at_us=0)

    assert slice_.kinds(alpha(None), at_us=7 * DAY_US) == []
    assert slice_.kinds(alpha(None), at_us=7 * DAY_US + 1) == [("people_alpha_undefined", "raised", "notice")]
    assert slice_.kinds(alpha(None), at_us=9 * DAY_US) == []
    assert slice_.kinds(alpha(0.9), at_us=10 * DAY_US) == [("people_alpha_undefined", "cleared", "notice")]
    slice_.sees(alpha(None), at_us=11 * DAY_US)
    assert slice_.kinds(alpha(None), at_us=12 * DAY_US) == []


BOUNDS = {
    "gold_accuracy": 0.95,
    "informativeness": 0.60,
    "judge_agreement_audited": 0.75,
    "trace_coverage": 0.80,
}


@pytest.mark.parametrize(("statistic", "bound"), BOUNDS.items())
def test_a_share_that_fell_raises_and_one_at_its_bound_does_not(statistic: str, bound: float) -> None:
    steady, fallen = Watching(), Watching()
    hundreds = range(100, 1001, 100)
    at_bound = [steady.kinds(share(statistic, round(n * bound), n), at_us=n, window="all") for n in hundreds]
    below = [
        fallen.kinds(share(statistic, round(n * (bound - 0.15)), n), at_us=n, window="all") for n in hundreds
    ]

    assert at_bound == [[]] * 10
    assert [one[0][1] for one in below if one] == ["raised"]


def test_a_share_is_not_held_against_its_bound_by_its_window_but_by_all_its_outcomes() -> None:
    assert Watching().kinds(share("gold_accuracy", 1, 1000), at_us=0, window="7d") == []


def test_a_share_clears_after_a_whole_stretch_beyond_its_margin_and_can_fall_again() -> None:
    slice_ = Watching()
    assert slice_.kinds(share("gold_accuracy", 70, 100), at_us=1, window="all")[0][1] == "raised"
    assert slice_.kinds(share("gold_accuracy", 70 + 47, 150), at_us=2, window="all") == []
    assert slice_.kinds(share("gold_accuracy", 117 + 49, 199), at_us=3, window="all") == []
    assert slice_.kinds(share("gold_accuracy", 117 + 50, 200), at_us=4, window="all")[0][1] == "cleared"
    assert slice_.kinds(share("gold_accuracy", 167 + 70, 300), at_us=5, window="all")[0][1] == "raised"


def test_labels_that_were_withdrawn_do_not_count_twice_when_they_come_back() -> None:
    seen = Evidence.begin().after(right=90, wrong=10, bound=0.9)

    gone = seen.after(right=80, wrong=5, bound=0.9)

    assert gone == seen
    assert gone.after(right=90, wrong=10, bound=0.9) == seen


def test_a_rule_without_a_bound_sleeps_until_it_gets_one() -> None:
    dear = Measurement(statistic="cost_per_usable_pair_usd", value=9.0, n=100)
    rules = rules_of(DEFAULTS, bounds={"cost_per_usable_pair": [0.5]})

    assert Watching().kinds(dear, at_us=0) == []
    assert Watching(rules).kinds(dear, at_us=0) == [("cost_per_usable_pair", "raised", "warning")]
    assert Watching(rules).kinds(dear.model_copy(update={"value": 0.5}), at_us=0) == []


def test_a_rule_that_is_off_says_nothing() -> None:
    assert Watching(rules_of(DEFAULTS, off=["people_alpha"])).kinds(alpha(0.1), at_us=0) == []


def test_other_bounds_are_other_rules() -> None:
    other = rules_of(DEFAULTS, bounds={"people_alpha": [0.7, 0.6]})

    assert other.id != RULES.id == rules_of(DEFAULTS).id
    assert Watching(other).kinds(alpha(0.65), at_us=0) == [("people_alpha", "raised", "warning")]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"bounds": {"nothing": [1.0]}}, "no alert rule 'nothing'"),
        ({"bounds": {"people_alpha": [0.7]}}, "takes 2 bounds"),
        ({"bounds": {"people_alpha": [0.7, 0.8]}}, "from the mildest on"),
        ({"bounds": {"gold_accuracy": [1.0]}}, "between 0 and 1"),
        ({"off": ["kappa"]}, "no alert rule 'kappa'"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        rules_of(DEFAULTS, **given)  # type: ignore[arg-type]


def test_with_spending_a_bound_that_chance_may_have_taken_below_does_not_raise() -> None:
    careful = rules_of(DEFAULTS, spend=0.05)

    assert Watching().kinds(alpha(0.79), at_us=0) != []
    assert Watching(careful).kinds(alpha(0.79), at_us=0) == []
    assert Watching(careful).kinds(alpha(0.60), at_us=0) == [("people_alpha", "raised", "critical")]


def test_thresholds_are_told_by_figure() -> None:
    assert RULES.thresholds("alpha_nominal") == {"warning": 0.80, "critical": 0.75}
    assert RULES.thresholds("position_bias") == {}
    assert RULES.thresholds("cost_per_usable_pair_usd") == {}


def test_every_figure_that_a_rule_looks_at_is_one_that_is_measured() -> None:
    looked_at = {one.statistic for one in DEFAULTS if one.look != "gauge"}

    assert looked_at <= set(CATALOG)
