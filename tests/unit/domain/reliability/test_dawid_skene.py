from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.domain.reliability.crowds import crowd

from prefstream.domain.reliability import (
    FLAT,
    CrowdLabel,
    Prior,
    Schedule,
    Sheet,
    estimated,
    most_likely,
    soft_label,
)
from prefstream.schemas.errors import BadInput

LABELS = st.lists(
    st.builds(
        CrowdLabel,
        item=st.sampled_from(["p1", "p2", "p3", "p4"]),
        annotator=st.sampled_from(["ann", "bob", "cy", "dee"]),
        label=st.sampled_from(["A", "=", "B"]),
        order=st.tuples(st.integers(0, 3), st.sampled_from(["x", "y"])),
    ),
    min_size=1,
    max_size=24,
)
PRIORS = st.sampled_from([Prior(), FLAT, Prior(right=1.0, wrong=0.5, equal_shares=0.0, self_doubt=0)])


@given(LABELS, PRIORS, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_change_a_bit(
    labels: list[CrowdLabel], prior: Prior, chance: Random
) -> None:
    once = estimated(labels, prior=prior)
    shuffled = [*labels, *chance.choices(labels, k=5)]
    chance.shuffle(shuffled)
    assert estimated(shuffled, prior=prior).fingerprint == once.fingerprint


@given(LABELS, PRIORS)
def test_new_names_for_classes_change_the_names_only(labels: list[CrowdLabel], prior: Prior) -> None:
    names = {"A": "z", "=": "k", "B": "a"}
    # The label decides between two labels with one order, so the names may not decide here.
    labels = list({(one.item, one.annotator): one for one in labels}.values())
    before = estimated(labels, classes=tuple(names), prior=prior)
    renamed = [
        CrowdLabel(item=one.item, annotator=one.annotator, label=names[one.label or ""]) for one in labels
    ]
    after = estimated(renamed, classes=tuple(names.values()), prior=prior)
    for item in before.sheet.items:
        assert {names[k]: v for k, v in before.posterior(item).items()} == after.posterior(item)
    assert before.result.log_likelihood == after.result.log_likelihood


@given(LABELS, PRIORS)
def test_new_names_for_people_change_nothing_else(labels: list[CrowdLabel], prior: Prior) -> None:
    names = {"ann": "zoe", "bob": "yan", "cy": "abe", "dee": "moe"}
    before = estimated(labels, prior=prior)
    renamed = [
        CrowdLabel(item=one.item, annotator=names[one.annotator], label=one.label, order=one.order)
        for one in labels
    ]
    after = estimated(renamed, prior=prior)
    assert np.array_equal(before.result.posteriors, after.result.posteriors)


@given(LABELS, PRIORS)
def test_a_posterior_is_a_distribution_and_equals_that_of_the_tables(
    labels: list[CrowdLabel], prior: Prior
) -> None:
    estimate = estimated(labels, prior=prior)
    for item in estimate.sheet.items:
        posterior = estimate.posterior(item)
        assert sum(posterior.values()) == pytest.approx(1.0, abs=1e-8)
        assert np.isfinite(list(posterior.values())).all()
        latest = {
            one.annotator: one.label
            for one in sorted(labels, key=lambda one: one.rank)
            if one.item == item and one.label
        }
        assert estimate.posterior_of(latest.items()) == posterior
    for name in estimate.sheet.annotators:
        for row in estimate.skill(name).rates.values():
            assert sum(row.values()) == pytest.approx(1.0, abs=1e-8)


def test_the_likelihood_never_falls_without_a_prior() -> None:
    labels, _ = crowd(3)
    likelihoods = [
        estimated(labels, prior=FLAT, schedule=Schedule(sweeps=n, tolerance=0.0)).result.log_likelihood
        for n in range(1, 30)
    ]
    assert all(a <= b + 1e-6 for a, b in pairwise(likelihoods))


@pytest.mark.parametrize("seed", range(5))
def test_one_label_an_item_is_that_label(seed: int) -> None:
    labels, _ = crowd(seed, per_item=1, classes=("A", "A", "A", "=", "B"))
    estimate = estimated(labels, classes=("A", "=", "B", "both_bad"))
    assert [estimate.label(one.item) for one in labels] == [one.label for one in labels]


def test_unknown_people_change_no_unanimous_item() -> None:
    labels = [
        CrowdLabel(item=f"p{n}", annotator=f"a{n}{k}", label="AB"[n % 2]) for n in range(9) for k in "xy"
    ]
    estimate = estimated(labels)
    assert all(estimate.label(f"p{n}") == "AB"[n % 2] for n in range(9))


def test_good_people_outvote_more_careless_ones() -> None:
    skills = (0.95, 0.95, 0.5, 0.5, 0.5)
    labels, truth = crowd(1, items=300, skills=skills, per_item=5, classes=("A", "B"))
    estimate = estimated(labels)
    votes = {item: [one.label for one in labels if one.item == item] for item in truth}
    majority = sum(votes[item].count(true) >= 3 for item, true in truth.items())
    right = sum(estimate.label(item) == true for item, true in truth.items())
    assert right >= majority + 10
    accuracies = [estimate.skill(f"ann{n}").accuracy for n in range(5)]
    assert min(accuracies[:2]) > 0.9
    assert max(accuracies[2:]) < 0.65
    assert set(estimate.best[:2]) == {"ann0", "ann1"}


def test_gold_is_what_it_is_known_to_be_and_teaches_the_tables() -> None:
    said = [("ann", "A"), ("bob", "A"), ("cy", "B")]
    labels = [CrowdLabel(item=f"p{n}", annotator=who, label=label) for n in range(12) for who, label in said]
    gold = {f"p{n}": "B" for n in range(11)}
    with_gold = estimated(labels, gold=gold)
    assert estimated(labels).label("p11") == "A"
    assert with_gold.posterior("p0") == {"A": 0.0, "B": 1.0}
    assert with_gold.label("p11") == "B"
    assert with_gold.skill("cy").rates["B"]["B"] > 0.9
    assert with_gold.skill("ann").counts["B"]["A"] == pytest.approx(11 + (2 / 3) ** 3, abs=0.02)


def test_gold_items_do_not_count_for_the_shares_of_classes() -> None:
    labels = [CrowdLabel(item=f"p{n}", annotator="ann", label="AB"[n < 10]) for n in range(20)]
    shares = estimated(labels, gold={f"p{n}": "B" for n in range(10)}).shares
    assert shares["A"] > 0.75
    only_gold = estimated(labels[:10], gold={f"p{n}": "B" for n in range(10)}, classes=("A", "B")).shares
    assert only_gold["A"] == pytest.approx(0.5)


def test_a_class_that_nobody_names_keeps_a_small_chance() -> None:
    labels, _ = crowd(2, classes=("A", "B"))
    estimate = estimated(labels, classes=("A", "=", "B", "both_bad"))
    assert all(0.0 <= estimate.posterior(item)["both_bad"] < 0.2 for item in estimate.sheet.items)
    flat = estimated(labels, classes=("A", "=", "B", "both_bad"), prior=FLAT)
    assert all(flat.posterior(item)["both_bad"] == 0.0 for item in flat.sheet.items)


def test_a_rare_class_does_not_vanish() -> None:
    labels, truth = crowd(4, items=400, classes=("A",) * 18 + ("B", "="), skills=(0.8,) * 6)
    estimate = estimated(labels)
    rare = [item for item, true in truth.items() if true != "A"]
    found = sum(estimate.label(item) == truth[item] for item in rare)
    assert found / len(rare) > 0.6


def test_one_class_alone_is_certain() -> None:
    estimate = estimated([CrowdLabel(item="p", annotator="ann", label="A")])
    assert estimate.posterior("p") == {"A": 1.0}
    assert estimate.skill("ann").accuracy == pytest.approx(1.0)


def test_a_stranger_is_the_prior() -> None:
    labels, _ = crowd(1)
    estimate = estimated(labels, prior=Prior(right=3.0, wrong=1.0, pooling=0.0))
    skill = estimate.skill("nobody")
    assert skill.labels == 0
    assert skill.rates["A"]["A"] == pytest.approx(0.75)
    assert skill.accuracy == pytest.approx(0.75)


def test_a_stranger_among_careless_people_is_taken_for_half_as_careless() -> None:
    labels, _ = crowd(1, items=300, skills=(0.6,) * 5, per_item=5)
    estimate = estimated(labels)
    people = sum(estimate.skill(f"ann{n}").accuracy for n in range(5)) / 5
    assert people < estimate.skill("nobody").accuracy < 0.9


def test_the_latest_label_of_a_person_counts_and_a_withdrawn_one_does_not() -> None:
    def label(said: str | None, at: int) -> CrowdLabel:
        return CrowdLabel(item="p", annotator="ann", label=said, order=(at, "e"))

    assert estimated([label("A", 1), label("B", 2)], classes=("A", "B")).label("p") == "B"
    assert Sheet.of([label("A", 1), label(None, 2)], classes=("A",)).items == ()


def test_labels_of_different_occasions_all_count() -> None:
    labels = [CrowdLabel(item="p", annotator="ann", label="A", occasion=str(n)) for n in range(3)]
    assert Sheet.of(labels).sizes.tolist() == [3]


def test_nothing_to_estimate_is_said() -> None:
    with pytest.raises(BadInput, match="no label that counts"):
        estimated([])
    with pytest.raises(BadInput, match="every label"):
        Sheet.of_columns(["p"], ["a"], [])
    labels, _ = crowd(1)
    with pytest.raises(BadInput, match="no class"):
        estimated(labels).posterior_of([("ann", "C")])


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(["A", "=", "B", "both_bad"]), st.integers(0, 4), min_size=1))
def test_a_soft_label_swaps_with_the_sides(weights: dict[str, int]) -> None:
    total = sum(weights.values()) or 1
    posterior = {name: weight / total for name, weight in weights.items()}
    swapped = {{"A": "B", "B": "A"}.get(name, name): share for name, share in posterior.items()}
    one, other = soft_label(posterior), soft_label(swapped)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one + other == pytest.approx(1.0)


def test_a_draw_is_no_label() -> None:
    assert most_likely({"A": 0.5, "B": 0.5}) is None
