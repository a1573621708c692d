"""Dawid and Skene's model on real crowds, against their own table and an independent library's figures."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from csv import DictReader
from random import Random

import numpy as np
import pytest
from tests.oracles.agreement.shared_data import shared, shared_json

from prefstream.domain.reliability import FLAT, CrowdLabel, Estimate, Ledger, Schedule, estimated

pytestmark = pytest.mark.shared

#: Of the accuracy lost to the reference, and to counting votes, at most.
BELOW_REFERENCE, BELOW_MAJORITY = 0.005, 0.01
DRAWS = 20
Labels = Sequence[CrowdLabel]


def read(*parts: str, occasion: str | None = None) -> list[CrowdLabel]:
    with shared(*parts).open(newline="") as file:
        return [
            CrowdLabel(
                item=row["task"],
                annotator=row["worker"],
                label=row["label"],
                occasion=row[occasion] if occasion else "",
                order=(n, ""),
            )
            for n, row in enumerate(DictReader(file))
        ]


def gold_of(*parts: str) -> dict[str, str]:
    with shared(*parts).open(newline="") as file:
        return {row["task"]: row["label"] for row in DictReader(file)}


def accuracy(estimate: Estimate, truth: Mapping[str, str]) -> float:
    """Return the share of items whose most likely class is the true one."""
    items = [item for item in estimate.sheet.items if item in truth]
    return sum(estimate.label(item) == truth[item] for item in items) / len(items)


def votes_of(labels: Labels) -> Mapping[str, Counter[str]]:
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for one in labels:
        votes[one.item][one.label or ""] += 1
    return votes


def leaders(counts: Counter[str]) -> list[str]:
    return sorted(name for name, count in counts.items() if count == max(counts.values()))


def gain(labels: Labels, truth: Mapping[str, str], *, how: str) -> float:
    """Return the accuracy gained over counting votes.

    Args:
        labels: What was said.
        truth: What is true.
        how: What becomes of items whose votes tie: "left_out", "first" by name as libraries do, or "coin",
            the mean of what a coin would do.
    """
    estimate, gained = estimated(labels), 0.0
    votes = votes_of(labels)
    for item, counts in votes.items():
        top = leaders(counts)
        if len(top) > 1 and how == "left_out":
            continue
        by_votes = (truth[item] in top) / len(top) if how == "coin" else top[0] == truth[item]
        gained += (estimate.label(item) == truth[item]) - by_votes
    return gained / len(votes)


def drawn(labels: Labels, truth: Mapping[str, str], per_item: int, seed: int) -> list[CrowdLabel]:
    by_item = defaultdict(list)
    for one in sorted(labels, key=lambda one: (one.item, one.annotator)):
        if one.item in truth:
            by_item[one.item].append(one)
    chance = Random(seed)
    return [one for some in by_item.values() for one in chance.sample(some, min(per_item, len(some)))]


def standing(labels: Labels) -> list[CrowdLabel]:
    return list({(one.item, one.annotator): one for one in labels}.values())


@pytest.mark.parametrize("name", ["adult2", "barzan"])
def test_accuracy_is_at_least_the_reference(name: str) -> None:
    reference = shared_json("crowd", "reference.json")[name]["accuracy"]["DawidSkene"]["acc"]
    labels, truth = read("crowd", f"{name}.labels.csv"), gold_of("crowd", f"{name}.gold.csv")
    assert accuracy(estimated(labels), truth) >= reference - BELOW_REFERENCE


def few(name: str, per_item: int) -> Iterator[tuple[Labels, Mapping[str, str]]]:
    """Yield random parts of a set with so many labels an item, and the truth."""
    dices = name == "dices"
    labels = read(*(("dices350", "labels.long.csv") if dices else ("crowd", f"{name}.labels.csv")))
    truth = gold_of(*(("dices350", "expert.gold.csv") if dices else ("crowd", f"{name}.gold.csv")))
    for seed in range(DRAWS):
        yield drawn(standing(labels), truth, per_item, seed), truth


@pytest.mark.parametrize("per_item", [1, 2, 3])
@pytest.mark.parametrize("name", ["adult2", "barzan", "dices"])
def test_few_labels_an_item_are_on_average_at_least_as_good_as_votes(name: str, per_item: int) -> None:
    gains = [gain(labels, truth, how="coin") for labels, truth in few(name, per_item)]
    # A single label is the estimate; then the two differ by rounding alone.
    assert sum(gains) / DRAWS >= -1e-12


@pytest.mark.parametrize("how", ["left_out", "first"])
@pytest.mark.parametrize("per_item", [1, 2, 3])
@pytest.mark.parametrize("name", ["adult2", "barzan"])
def test_no_draw_of_few_labels_loses_a_hundredth_to_votes(name: str, per_item: int, how: str) -> None:
    for labels, truth in few(name, per_item):
        assert gain(labels, truth, how=how) >= -BELOW_MAJORITY


def test_the_table_of_1979_is_reproduced() -> None:
    reference = shared_json("crowd", "reference.json")["dawid_skene_1979"]
    labels = read("crowd", "dawid_skene_1979.labels.csv", occasion="repeat")
    estimate = estimated(labels, prior=FLAT, schedule=Schedule(tolerance=1e-7, sweeps=200))
    assert estimate.result.log_likelihood == pytest.approx(reference["log_likelihood"], abs=1e-5)
    assert list(estimate.shares.values()) == pytest.approx(reference["class_marginals"], abs=2e-6)
    for observer, table in enumerate(reference["error_rates"], start=1):
        rates = [list(row.values()) for row in estimate.skill(f"o{observer}").rates.values()]
        assert np.abs(np.array(rates) - np.array(table)).max() < 2e-5
    assert {item: estimate.label(item) for item in estimate.sheet.items} == reference["argmax"]
    assert min(estimate.result.posteriors.max(axis=0)) / (1 << 30) == pytest.approx(
        reference["min_max_posterior"], abs=2e-5
    )


@pytest.mark.parametrize("name", ["adult2", "barzan"])
def test_a_live_ledger_equals_a_replay_on_real_labels(name: str) -> None:
    labels = read("crowd", f"{name}.labels.csv")
    live = Ledger(classes=())
    for at in range(0, len(labels), 100):
        live = live.after(labels[at : at + 100]).settled(only_due=at % 500 > 0)
    shuffled = list(labels)
    Random(1).shuffle(shuffled)
    assert live.settled().fingerprints == Ledger(classes=()).after(shuffled).settled().fingerprints


def test_the_seven_repeated_rows_of_adult2_count_once() -> None:
    labels = read("crowd", "adult2.labels.csv")
    estimate = estimated(labels)
    assert len(labels) == 3324
    assert len(estimate.sheet.label) == 3317


@pytest.mark.parametrize("name", ["adult2", "barzan"])
def test_gold_items_help_the_others(name: str) -> None:
    labels, truth = read("crowd", f"{name}.labels.csv"), gold_of("crowd", f"{name}.gold.csv")
    gains = []
    for seed in range(5):
        known = set(Random(seed).sample(sorted(truth), len(truth) // 3))
        rest = {item: label for item, label in truth.items() if item not in known}
        anchored = estimated(labels, gold={item: truth[item] for item in known})
        gains.append(accuracy(anchored, rest) - accuracy(estimated(labels), rest))
    assert sum(gains) / len(gains) > 0.0
