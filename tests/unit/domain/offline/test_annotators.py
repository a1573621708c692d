from datetime import UTC, datetime

import pytest

from prefstream.domain.offline.annotators import ANNOTATORS, Annotator, simulated_label
from prefstream.schemas.codec import decode, encode
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.values import Preference, Provenance

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def labels(annotator: Annotator, truth: Preference, slice_: str = "code") -> list[LabelSubmitted]:
    return [simulated_label(f"p{n}", slice_, truth, annotator, NOON) for n in range(2000)]


def side(label: LabelSubmitted) -> int:
    preference = label.verdict.preference
    assert preference is not None
    return (preference.margin > 0) - (preference.margin < 0)


@pytest.mark.parametrize("skill", [0.7, 0.9, 1.0])
@pytest.mark.parametrize("truth", list(Preference))
def test_an_annotator_is_right_as_often_as_skilled(skill: float, truth: Preference) -> None:
    annotator = Annotator(id="simulated:x", skill=0.1, skills={"code": skill})
    wanted = (truth.margin > 0) - (truth.margin < 0)
    right = [side(label) == wanted for label in labels(annotator, truth)]

    assert sum(right) / len(right) == pytest.approx(skill, abs=0.03)


def test_annotators_slip_on_different_pairs() -> None:
    ada, ben = Annotator(id="simulated:ada", skill=0.7), Annotator(id="simulated:ben", skill=0.7)
    truth = Preference.A_BETTER
    both = [side(a) == side(b) == 1 for a, b in zip(labels(ada, truth), labels(ben, truth), strict=True)]

    assert sum(both) / len(both) == pytest.approx(0.49, abs=0.04)


def test_a_label_repeats_and_is_marked_as_simulated() -> None:
    first, again = (
        simulated_label("p1", "code", Preference.TIE, ANNOTATORS[0], NOON, task_id="t1") for _ in range(2)
    )

    assert first == again
    assert first.provenance is Provenance.SIMULATED
    assert first.rationale.startswith("Simulated annotator")
    assert first.annotator.startswith("simulated:")
    assert decode(encode(first)) == first


def test_rounds_and_tasks_give_labels_of_their_own() -> None:
    one = simulated_label("p1", "code", Preference.TIE, ANNOTATORS[0], NOON)
    review = simulated_label("p1", "code", Preference.TIE, ANNOTATORS[0], NOON, round_="review")
    task = simulated_label("p1", "code", Preference.TIE, ANNOTATORS[0], NOON, task_id="t2")

    assert len({one.event_id, review.event_id, task.event_id}) == 3


def test_an_adjudicator_does_not_slip() -> None:
    poor = Annotator(id="simulated:poor", skill=0.0)
    said = [
        simulated_label(f"p{n}", "code", Preference.B_BETTER, poor, NOON, round_="adjudicate")
        for n in range(50)
    ]

    assert {side(label) for label in said} == {-1}


def test_seconds_stay_between_half_and_twice_the_pace() -> None:
    seconds = [label.seconds or 0 for label in labels(Annotator(id="simulated:x", pace_s=30), Preference.TIE)]

    assert 15 <= min(seconds) < 20
    assert 50 < max(seconds) <= 60
