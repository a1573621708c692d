from datetime import timedelta

from tests.factories import a_label_submitted

from prefstream.domain.reliability import CrowdLabel, Ledger, crowd_label, estimated, work_of
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.values import Verdict


def crowd_labels(*submitted: LabelSubmitted) -> list[CrowdLabel]:
    return [one for label in submitted if (one := crowd_label(label, slice_name="code")) is not None]


def test_a_verdict_becomes_its_side() -> None:
    (label,) = crowd_labels(a_label_submitted(verdict=Verdict.B_MUCH_BETTER))
    assert (label.label, label.annotator, label.slice) == ("B", "ann", "code")


def test_reviewers_are_no_independent_witnesses() -> None:
    assert crowd_labels(a_label_submitted(round="review"), a_label_submitted(round="adjudicate")) == []


def test_unsure_replaces_and_counts_for_nothing() -> None:
    first = a_label_submitted(verdict=Verdict.A_BETTER)
    later = first.model_copy(
        update={"verdict": Verdict.UNSURE, "occurred_at": first.occurred_at + timedelta(microseconds=1)}
    )
    other = a_label_submitted(annotator="bob", verdict=Verdict.B_BETTER)
    assert estimated(crowd_labels(later, other, first)).sheet.annotators == ("bob",)


def test_a_label_taken_back_leaves_no_trace_in_any_order() -> None:
    kept = a_label_submitted(annotator="bob", verdict=Verdict.B_BETTER)
    gone = a_label_submitted(annotator="ann", verdict=Verdict.A_BETTER)
    back = crowd_label(gone, slice_name="code", withdrawn=True)
    assert back is not None
    alone = Ledger().after(crowd_labels(kept)).settled().fingerprints
    for labels in ([*crowd_labels(kept, gone), back], [back, *crowd_labels(gone, kept)]):
        assert Ledger().after(labels).settled().fingerprints == alone


def test_work_carries_time_sides_and_what_was_shown() -> None:
    label = a_label_submitted(seconds=12.5, sides="ba", verdict=Verdict.A_BETTER)
    work = work_of(label, characters=950, shown=Verdict.A_MUCH_BETTER)
    assert work.left is False
    assert work.pace == 0.01
    assert (work.id, work.shown) == (str(label.event_id), Verdict.A_MUCH_BETTER)
