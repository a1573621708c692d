from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefstream.domain.aggregation import METHODS, aggregated, gold_score
from prefstream.domain.agreement.ratings import Rating
from prefstream.schemas.errors import BadInput

ratings = st.lists(
    st.builds(
        Rating,
        st.sampled_from(["t1", "t2", "t3"]),
        st.sampled_from(["ann", "bob", "cem"]),
        st.sampled_from("ABC"),
    ),
    min_size=1,
    max_size=15,
)


def crowd(seed: int) -> tuple[list[Rating], dict[str, str]]:
    """Return three good workers, two who guess, and the truth."""
    chance = Random(seed)
    truth = {f"t{n}": chance.choice("AB") for n in range(200)}
    wrong = {"A": "B", "B": "A"}
    rates = {"ann": 0.95, "bob": 0.9, "cem": 0.9, "dee": 0.5, "eve": 0.5}
    said = [
        Rating(task, worker, label if chance.random() < right else wrong[label])
        for task, label in truth.items()
        for worker, right in rates.items()
    ]
    return said, truth


@given(ratings, st.sampled_from(sorted(METHODS)), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_changes_nothing(some: list[Rating], method: str, seed: int) -> None:
    shuffled = Random(seed).sample(some, len(some))

    assert aggregated(shuffled, method) == aggregated(some, method)


@given(ratings, st.sampled_from(sorted(METHODS)))
@settings(max_examples=60, deadline=None)
def test_posteriors_add_up_and_the_label_has_the_most(some: list[Rating], method: str) -> None:
    for verdict in aggregated(some, method).tasks.values():
        assert sum(verdict.posterior.values()) == pytest.approx(1)
        assert verdict.posterior[verdict.label] == max(verdict.posterior.values())


@given(ratings)
def test_majority_counts_votes(some: list[Rating]) -> None:
    for task, verdict in aggregated(some).tasks.items():
        votes = Counter(rating.label for rating in some if rating.task == task)
        assert verdict.posterior == {label: votes[label] / votes.total() for label in sorted(votes)}
        assert verdict.tied == (list(votes.values()).count(max(votes.values())) > 1)


def test_a_tie_is_said_and_goes_to_the_name_that_comes_first() -> None:
    verdict = aggregated([Rating("t", "ann", "B"), Rating("t", "bob", "A")]).tasks["t"]

    assert (verdict.label, verdict.tied) == ("A", True)


def test_who_agrees_with_the_majority_weighs_more() -> None:
    said = [
        *(Rating("t1", worker, "A") for worker in ("ann", "bob")),
        *(Rating("t2", worker, "B") for worker in ("ann", "bob", "cem")),
        *(Rating("t3", worker, label) for worker, label in (("ann", "B"), ("cem", "A"))),
        Rating("t1", "cem", "B"),
    ]

    assert aggregated(said).tasks["t3"].posterior == {"A": 0.5, "B": 0.5}
    # The tie goes to A, so ann is with the majority twice out of three times, and so is cem.
    assert aggregated(said, "wawa").tasks["t1"].posterior == pytest.approx({"A": 5 / 7, "B": 2 / 7})


def test_the_model_beats_the_majority_where_some_only_guess() -> None:
    said, truth = crowd(1)
    right = {method: gold_score(aggregated(said, method), truth).accuracy.hits for method in METHODS}

    assert right["majority"] < right["dawid-skene"]
    workers = aggregated(said, "dawid-skene").workers
    assert min(workers["ann"], workers["bob"], workers["cem"]) > max(workers["dee"], workers["eve"])


def test_a_vote_of_who_is_never_with_the_majority_weighs_nothing() -> None:
    said = [Rating(task, worker, "A") for task in ("t1", "t2") for worker in ("ann", "bob")]
    found = aggregated([*said, Rating("t1", "cem", "B"), Rating("t2", "cem", "B")], "wawa")

    assert found.workers == {"ann": 1.0, "bob": 1.0, "cem": 0.0}
    assert found.tasks["t1"].posterior == {"A": 1.0, "B": 0.0}


def test_known_labels_that_nobody_gave_are_named() -> None:
    score = gold_score(aggregated([Rating("t", "ann", "A")]), {"t": "Z", "u": "A"})

    assert (score.accuracy.hits, score.accuracy.of) == (0, 1)
    assert (score.unlabelled, score.unseen) == (1, ("Z",))


def test_gold_of_other_tasks_says_nothing() -> None:
    score = gold_score(aggregated([Rating("t", "ann", "A")]), {"u": "A"})

    assert (score.accuracy.value, score.accuracy.reason) == (
        None,
        "no task with a known label has one by workers",
    )


def test_methods_that_are_not_there_and_nothing_to_aggregate_are_refused() -> None:
    with pytest.raises(BadInput, match="there is no method 'glad'; the methods are majority"):
        aggregated([Rating("t", "ann", "A")], "glad")
    with pytest.raises(BadInput, match="no rating"):
        aggregated([])
