import pytest

from prefstream.domain.evaluation import powered_mean, ppi_mean
from prefstream.schemas.errors import BadInput

LABELS = [1.0, 0.0, 1.0, 1.0] * 15
GUESSES = [0.9, 0.2, 0.8, 0.9] * 15
OTHERS = [0.9, 0.1, 0.8] * 90


def test_a_good_judge_makes_the_estimate_surer_than_the_labels_alone() -> None:
    found, alone = powered_mean(LABELS, GUESSES, OTHERS), powered_mean(LABELS, GUESSES, [])
    assert (found.method, alone.method, found.labelled, found.unlabelled) == (
        "ppi++",
        "labels_alone",
        60,
        270,
    )
    assert (found.standard_error or 0) < (alone.standard_error or 0) * 0.6


def test_a_judge_that_would_only_add_noise_is_left_out() -> None:
    # Guesses vary wildly where people labelled and not at all elsewhere, which fools the tuning.
    labels = [1.0] * 13 + [0.0] * 7 + [1.0] * 7 + [0.0] * 13
    guesses = [1.0] * 20 + [0.0] * 20
    others = [0.5] * 1000
    alone, tuned = powered_mean(labels, guesses, []), ppi_mean(labels, guesses, others)

    assert (tuned.standard_error or 0) > (alone.standard_error or 0)
    found = powered_mean(labels, guesses, others)
    assert (found.method, found.weight, found.standard_error) == ("labels_alone", 0.0, alone.standard_error)


def test_labels_that_do_not_vary_give_no_limits() -> None:
    found = powered_mean([1.0] * 40, [1.0] * 40, [])
    assert (found.value, found.low, found.bounds_reason) == (1.0, None, "the labels show no variation")


def test_few_labels_give_no_limits() -> None:
    found = powered_mean([1.0, 0.0], [1.0, 0.2], [0.5] * 9)
    assert found.value is not None
    assert (found.low, found.high) == (None, None)
    assert "at least 30" in (found.bounds_reason or "")


def test_no_labels_are_a_reason() -> None:
    found = powered_mean([], [], [0.5])
    assert (found.value, found.unlabelled) == (None, 1)
    assert found.reason == "nobody labelled any of these pairs"


def test_a_label_without_its_guess_is_refused() -> None:
    with pytest.raises(BadInput, match="2 labels and 1 guesses"):
        powered_mean([1.0, 0.0], [1.0], [])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(BadInput, match="finite numbers"):
        powered_mean([value], [1.0], [])
