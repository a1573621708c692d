"""Labels of crowds put together, held against gold and against what other libraries reach."""

from csv import DictReader

import pytest
from tests.oracles.agreement.shared_data import shared, shared_json

from prefstream.domain.aggregation import aggregated, gold_score
from prefstream.domain.agreement.ratings import Rating, kept

pytestmark = pytest.mark.shared


def ratings(*parts: str) -> list[Rating]:
    with shared(*parts).open(newline="") as file:
        return [Rating(row["task"], row["worker"], row["label"]) for row in DictReader(file)]


def gold(*parts: str) -> dict[str, str]:
    with shared(*parts).open(newline="") as file:
        return {row["task"]: row["label"] for row in DictReader(file)}


@pytest.mark.parametrize("name", ["adult2", "barzan"])
def test_votes_are_right_as_often_as_those_of_crowd_kit(name: str) -> None:
    reference = shared_json("crowd", "reference.json")[name]["accuracy"]
    said, known = ratings("crowd", f"{name}.labels.csv"), gold("crowd", f"{name}.gold.csv")

    for method, theirs in (("majority", "MajorityVote"), ("wawa", "Wawa")):
        assert gold_score(aggregated(said, method), known).accuracy.hits == reference[theirs]["k"]


@pytest.mark.parametrize("name", ["adult2", "barzan"])
def test_the_model_is_at_most_half_a_point_below_that_of_crowd_kit(name: str) -> None:
    theirs = shared_json("crowd", "reference.json")[name]["accuracy"]["DawidSkene"]["acc"]
    said, known = kept(ratings("crowd", f"{name}.labels.csv")).ratings, gold("crowd", f"{name}.gold.csv")
    score = gold_score(aggregated(said, "dawid-skene"), known)

    assert score.accuracy.value is not None
    assert score.accuracy.value >= theirs - 0.005


def test_the_majority_of_dices_is_right_as_often_as_that_of_crowd_kit() -> None:
    theirs = shared_json("dices350", "reference.json")["aggregation_vs_expert"]["MajorityVote"]["k"]
    found = aggregated(ratings("dices350", "labels.long.csv"))

    assert gold_score(found, gold("dices350", "expert.gold.csv")).accuracy.hits == theirs


def test_the_table_of_1979_has_the_labels_of_its_authors() -> None:
    found = aggregated(ratings("crowd", "dawid_skene_1979.labels.csv"), "dawid-skene-1979")
    expected = shared_json("crowd", "reference.json")["dawid_skene_1979"]["argmax"]

    assert {task: verdict.label for task, verdict in found.tasks.items()} == {
        task: str(label) for task, label in expected.items()
    }
