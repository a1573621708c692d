"""How far people agree on tasks that are no pairs."""

from datetime import timedelta
from random import Random

import pytest
from tests.factories import (
    NOON,
    a_demonstration_submitted,
    a_ranking_submitted,
    a_rating_submitted,
    a_response,
    a_safety_label_submitted,
    a_task_proposed,
)

from prefstream.domain.agreement import Compositions, alpha_ordinal
from prefstream.domain.demonstrations import (
    demonstration_measures,
    ranking_agreement,
    rating_agreement,
    safety_agreement,
    tau_b,
)
from prefstream.schemas.demonstrations import TaskKind


def test_tau_b_is_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    random = Random(7)
    for _ in range(300):
        size = random.randint(2, 9)
        one, other = ([random.randint(1, size) for _ in range(size)] for _ in range(2))
        if len(set(one)) > 1 and len(set(other)) > 1:
            assert tau_b(one, other) == pytest.approx(stats.kendalltau(one, other).statistic)
        else:
            assert tau_b(one, other) is None


def test_rankings_are_compared_per_task() -> None:
    answers = [
        a_ranking_submitted(task_id=task_id, annotator=annotator, ranks=ranks)
        for task_id, annotator, ranks in (
            ("t1", "ann", (1, 2, 3)),
            ("t1", "bob", (1, 2, 3)),
            ("t2", "ann", (1, 2, 3)),
            ("t2", "bob", (3, 2, 1)),
            ("t3", "ann", (1, 2, 3)),
        )
    ]
    found = ranking_agreement(answers)
    assert (found.n_tasks, found.n_answers, found.n_people, found.n_shared_tasks) == (3, 5, 2, 2)
    assert found.figures["kendall_tau_b"].value == 0.0
    assert found.figures["pairwise_agreement"].value == 0.5
    assert found.figures["pairwise_agreement"].n_units == 2


def test_without_a_shared_task_there_is_no_figure_but_a_reason() -> None:
    found = ranking_agreement([a_ranking_submitted()])
    assert found.figures["kendall_tau_b"].value is None
    assert found.figures["kendall_tau_b"].reason == "no task was ranked by two people"
    assert rating_agreement([]).figures["overall_alpha_ordinal"].value is None
    assert safety_agreement([]).figures["category_alpha_nominal"].reason is not None


def test_people_who_tie_everything_have_no_tau_but_may_agree() -> None:
    answers = [a_ranking_submitted(annotator=name, ranks=(1, 1)) for name in ("ann", "bob")]
    found = ranking_agreement(answers)
    assert found.figures["kendall_tau_b"].value is None
    assert found.figures["pairwise_agreement"].value == 1.0


def test_of_several_answers_by_one_person_the_latest_counts() -> None:
    later = NOON + timedelta(hours=1)
    again = a_ranking_submitted(
        annotator="ann",
        ranks=(3, 2, 1),
        occurred_at=later,
        event_id="00000000-0000-5000-8000-000000000001",
    )
    answers = [a_ranking_submitted(annotator=name) for name in ("ann", "bob")]
    assert ranking_agreement([again, *answers]).figures["kendall_tau_b"].value == -1.0
    assert ranking_agreement([*answers, again]).figures["kendall_tau_b"].value == -1.0


def test_ratings_agree_by_the_ordinal_alpha_on_every_dimension() -> None:
    said = {"t1": (1, 2), "t2": (4, 4), "t3": (5, 4), "t4": (2, 2)}
    answers = [
        a_rating_submitted(task_id=task, annotator=name, overall=value, dimensions={"accuracy": value})
        for task, values in said.items()
        for name, value in zip(("ann", "bob"), values, strict=True)
    ]
    found = rating_agreement(answers)
    counts = [{str(a): 2} if a == b else {str(a): 1, str(b): 1} for a, b in said.values()]
    wanted = alpha_ordinal(Compositions.of(counts), order=["1", "2", "3", "4", "5"])
    assert found.figures["overall_alpha_ordinal"] == wanted
    assert found.figures["accuracy_alpha_ordinal"].value == wanted.value
    assert wanted.value is not None
    assert 0 < wanted.value < 1


def test_safety_labels_agree_on_category_and_on_severity() -> None:
    answers = [
        a_safety_label_submitted(task_id=task, annotator=name, category=category, severity=severity)
        for task, name, category, severity in (
            ("t1", "ann", "fraud", 2),
            ("t1", "bob", "fraud", 3),
            ("t2", "ann", "none", 0),
            ("t2", "bob", "none", 0),
        )
    ]
    found = safety_agreement(answers)
    assert found.figures["category_alpha_nominal"].value == 1.0
    severity = found.figures["severity_alpha_ordinal"].value
    assert severity is not None
    assert severity < 1.0


def test_of_demonstrations_no_agreement_is_claimed() -> None:
    task = a_task_proposed(
        kind=TaskKind.DEMONSTRATION, candidates=(a_response("one two three four"),), task_id="d1"
    )
    written = a_demonstration_submitted(task_id="d1", response="one two three five", edited=True)
    rating_task = a_task_proposed(kind=TaskKind.RATING, task_id="r1", rates=written.event_id)
    ratings = [
        a_rating_submitted(task_id="r1", annotator=name, overall=value)
        for name, value in (("ann", 5), ("bob", 4), ("cid", 2))
    ]
    found = demonstration_measures([written], {"d1": task, "r1": rating_task}, ratings)
    assert found.figures["agreement"].value is None
    assert "need not be alike" in str(found.figures["agreement"].reason)
    assert found.figures["share_of_words_changed"].value == 0.25
    assert found.figures["share_accepted_by_others"].value == 0.5, "the writer's own rating does not count"
    assert found.means == {"rating_by_others": 3.0}
