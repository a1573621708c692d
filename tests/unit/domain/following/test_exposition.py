"""What Prometheus is shown of slices."""

from tests import factories as make

from prefstream.domain.following.exposition import OTHERS, Exposition, exposition
from prefstream.schemas.metrics import Measurement, MetricsUpdated, Window


def of(slice_name: str, *some: Measurement, proposed: int = 1, window: Window = "all") -> MetricsUpdated:
    volume = Measurement(statistic="funnel:proposed", value=float(proposed), n=proposed)
    return make.a_metrics_updated(slice=slice_name, window=window, measurements=(volume, *some))


def values(found: Exposition) -> dict[tuple[str, ...], float]:
    return {(one.name, *one.labels): one.value for one in found.samples}


def test_a_figure_is_shown_by_its_unit_with_its_limits_and_units() -> None:
    some = (
        Measurement(statistic="alpha_nominal", value=0.8, low=0.7, high=0.9, n=40),
        Measurement(statistic="time_to_label_s:p90", value=60.0, n=9),
        Measurement(statistic="cost_per_usable_pair_usd", value=0.5, n=3),
    )

    found = values(exposition([of("law", *some, proposed=7)], most_slices=1))

    assert found == {
        ("prefstream_slice_events", "law", "all", "proposed", ""): 7,
        ("prefstream_slice_agreement", "law", "all", "alpha_nominal", ""): 0.8,
        ("prefstream_slice_agreement_low", "law", "all", "alpha_nominal", ""): 0.7,
        ("prefstream_slice_agreement_high", "law", "all", "alpha_nominal", ""): 0.9,
        ("prefstream_slice_agreement_units", "law", "all", "alpha_nominal", ""): 40,
        ("prefstream_slice_seconds", "law", "all", "time_to_label_s", "p90"): 60.0,
        ("prefstream_slice_seconds_units", "law", "all", "time_to_label_s", "p90"): 9,
        ("prefstream_slice_cost_usd", "law", "all", "cost_per_usable_pair_usd", ""): 0.5,
        ("prefstream_slice_cost_usd_units", "law", "all", "cost_per_usable_pair_usd", ""): 3,
    }


def test_undefined_is_no_number_and_people_are_not_named() -> None:
    undefined = Measurement(statistic="alpha_nominal", value=None, reason="one rater", n=0)
    people = Measurement(statistic="cohen_kappa:ann|bob", value=0.4, n=9)
    unknown = Measurement(statistic="of_a_later_version", value=0.4, n=9)

    found = values(exposition([of("law", undefined, people, unknown)], most_slices=1))

    assert set(found) == {
        ("prefstream_slice_events", "law", "all", "proposed", ""),
        ("prefstream_slice_agreement_units", "law", "all", "alpha_nominal", ""),
    }


def test_slices_with_most_volume_are_shown_and_counts_of_the_others_summed() -> None:
    share = Measurement(statistic="informativeness", value=0.5, n=9)
    events = [of(f"slice-{number}", share, proposed=number) for number in range(10)]

    found = exposition(events, most_slices=2)

    assert {one.labels[0] for one in found.samples} == {"slice-9", "slice-8", OTHERS}
    assert values(found)["prefstream_slice_events", OTHERS, "all", "proposed", ""] == sum(range(8))
    assert found.left_out == 8


def test_numbers_of_series_do_not_grow_with_slices() -> None:
    share = Measurement(statistic="informativeness", value=0.5, low=0.4, high=0.6, n=9)
    few = exposition([of(f"slice-{number}", share) for number in range(51)], most_slices=50)
    many = exposition([of(f"slice-{number}", share) for number in range(2000)], most_slices=50)

    assert len(few.samples) == len(many.samples)
