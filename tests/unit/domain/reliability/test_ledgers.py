from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.domain.reliability.crowds import crowd

from prefstream.domain.reliability import CrowdLabel, Ledger, estimated

LABELS = st.lists(
    st.builds(
        CrowdLabel,
        item=st.sampled_from(["p1", "p2", "p3"]),
        annotator=st.sampled_from(["ann", "bob", "cy"]),
        label=st.sampled_from(["A", "=", "B", None]),
        slice=st.just("code"),
        order=st.tuples(st.integers(0, 5), st.just("x")),
    ),
    max_size=20,
)


@settings(max_examples=60)
@given(LABELS, st.randoms(use_true_random=False))
def test_one_label_at_a_time_equals_a_replay_of_all(labels: list[CrowdLabel], chance: Random) -> None:
    gold = {"code": {"p1": "B"}}
    live = Ledger()
    for label in labels:
        live = live.after([label]).settled()
    live = live.after([], gold=gold).settled()
    shuffled = [*labels, *labels[:3]]
    chance.shuffle(shuffled)
    replayed = Ledger().after(shuffled, gold=gold).settled()
    assert live.fingerprints == replayed.fingerprints


def test_batches_of_any_size_equal_a_replay_over_slices() -> None:
    labels, _ = crowd(5, items=200, slices=("code", "math", "safety"))
    replayed = Ledger().after(reversed(labels)).settled()
    for size in (1, 7, 100):
        live = Ledger()
        for at in range(0, len(labels), size):
            live = live.after(labels[at : at + size]).settled(only_due=True)
        assert live.settled().fingerprints == replayed.fingerprints
    alone = [one for one in labels if one.slice == "math"]
    of_slice = estimated(alone, classes=Ledger().classes)
    assert replayed.fingerprints["math"] == of_slice.fingerprint


def test_a_correction_and_a_withdrawal_leave_no_trace() -> None:
    labels, _ = crowd(6, slices=("code",))
    plain = Ledger().after(labels).settled()
    wrong = CrowdLabel(item="p000", annotator="guest", label="B", slice="code", order=(1, "w"))
    withdrawn = CrowdLabel(item="p000", annotator="guest", label=None, slice="code", order=(2, "w"))
    touched = plain.after([wrong]).settled()
    assert touched.fingerprints != plain.fingerprints
    assert touched.after([withdrawn]).settled().fingerprints == plain.fingerprints


def test_a_slice_that_did_not_change_is_not_estimated_again() -> None:
    labels, _ = crowd(7, slices=("code", "math"))
    before = Ledger().after(labels).settled()
    more = CrowdLabel(item="p000", annotator="guest", label="B", slice="code")
    after = before.after([more]).settled()
    assert after.slices["math"].estimate is before.slices["math"].estimate
    assert after.slices["code"].estimate is not before.slices["code"].estimate
    assert before.after(labels).slices["code"] is before.slices["code"]


def test_between_settlements_a_posterior_knows_the_present_labels() -> None:
    labels, _ = crowd(8, items=100, slices=("code",))
    ledger = Ledger().after(labels).settled()
    estimate = ledger.slices["code"].estimate
    assert estimate is not None
    assert ledger.posterior("code", "p001") == estimate.posterior("p001")
    new = [CrowdLabel(item="new", annotator=name, label="B", slice="code") for name in ("ann0", "ann1")]
    first = ledger.after(new[:1]).posterior("code", "new")
    both = ledger.after(new).posterior("code", "new")
    assert first is not None
    assert both is not None
    assert estimate.shares["B"] < first["B"] < both["B"]
    assert ledger.posterior("math", "new") is None


def test_gold_is_its_posterior_at_once() -> None:
    labels, _ = crowd(9, slices=("code",))
    ledger = Ledger().after(labels).settled().after([], gold={"code": {"p000": "B"}})
    assert ledger.posterior("code", "p000") == {"=": 0.0, "A": 0.0, "B": 1.0, "both_bad": 0.0}


def test_settling_is_due_after_a_twentieth_of_new_labels() -> None:
    labels, _ = crowd(10, items=300, slices=("code",))
    ledger = Ledger().after(labels[:800]).settled()
    some = ledger.after(labels[800:839])
    assert some.settled(only_due=True).slices["code"].changes == 39
    assert some.after(labels[839:843]).settled(only_due=True).slices["code"].changes == 0


def test_a_slice_whose_labels_are_all_withdrawn_has_no_estimate() -> None:
    label = CrowdLabel(item="p", annotator="ann", label="A", slice="code", order=(1, "e"))
    gone = CrowdLabel(item="p", annotator="ann", label=None, slice="code", order=(2, "e"))
    ledger = Ledger().after([label]).settled().after([gone]).settled()
    assert ledger.fingerprints == {}
