"""Rankings in the chain: pairs that people decide by ranking all the candidates."""

from collections import Counter
from itertools import permutations

import pytest
from tests.factories import (
    TASK,
    a_pair_proposed,
    a_ranking_submitted,
    a_rating_submitted,
    a_response,
    a_task_proposed,
)
from tests.topology.chains import Script, a_chain, an_open_policy, assert_counters_add_up

from prefstream.agents.driver import CrashPoint, Driver, rows
from prefstream.domain.demonstrations import duels
from prefstream.schemas.demonstrations import TaskKind
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.pairs import PairProposed, PairValidated
from prefstream.schemas.routes import PairRouted, ReasonCode
from prefstream.schemas.values import Provenance

POINTS: tuple[CrashPoint, ...] = ("before_handle", "after_state", "after_emit", "before_commit", "now")


def validated(driver: Driver) -> dict[tuple[str, str], str]:
    """Return the label of each two texts, the better one's text first where the label says one is."""
    found = {}
    for row in rows(driver.records()).pairs.values():
        if isinstance(row.verdict, PairValidated) and row.proposed is not None:
            a, b = row.proposed.response_a.text, row.proposed.response_b.text
            label = row.verdict.label
            better = (a, b) if label.margin >= 0 else (b, a)
            found[better] = label.value if label.margin >= 0 else label.swapped.value
    return found


def test_a_ranking_becomes_validated_pairs_and_no_judge_is_asked() -> None:
    script = Script()
    driver = a_chain(script=script, policy=an_open_policy())
    driver.say(a_task_proposed())
    driver.run_until_idle()
    assert len(driver.read("pairs.proposed.v1")) == 3
    assert validated(driver) == {}
    driver.say(a_ranking_submitted(ranks=(1, 3, 2)))
    driver.run_until_idle()

    assert validated(driver) == {
        ("391", "401"): "A>>",
        ("391", "about 400"): "A>",
        ("about 400", "401"): "A>",
    }
    assert script.asked == Counter()
    assert driver.read("pairs.judged.v1") == []
    assert driver.tally("judging").done == 3
    assert_counters_add_up(driver)


def test_what_a_pair_is_does_not_depend_on_who_ranks_it() -> None:
    driver = a_chain()
    task = a_task_proposed(overlap=2, provenance=Provenance.SIMULATED)
    driver.say(task)
    driver.run_until_idle()
    (pair, *_) = driver.read("pairs.proposed.v1")
    (route, *_) = driver.read("pairs.routed.v1")
    assert isinstance(pair, PairProposed)
    assert isinstance(route, PairRouted)
    assert (pair.strategy, pair.group_id, pair.decided_by_people) == ("ranked", TASK, True)
    assert pair.provenance is Provenance.SIMULATED
    assert (route.route, route.overlap, route.judge_label) == ("escalate", 2, None)
    assert [reason.code for reason in route.reasons] == [ReasonCode.RANKED]


def test_labels_say_who_ranked_how_long_it_took_and_how_it_was_shown() -> None:
    driver = a_chain()
    driver.say(a_ranking_submitted(ranks=(1, 2, 3), shown=(2, 0, 1), seconds=30.0, rationale="Correct."))
    driver.run_until_idle()
    labels = [event for event in driver.read("labels.submitted.v1") if isinstance(event, LabelSubmitted)]
    assert sum(label.seconds or 0 for label in labels) == 30.0
    assert {(label.annotator, label.task_id, label.rationale) for label in labels} == {
        ("ann", TASK, "Correct.")
    }
    shown = {2: 0, 0: 1, 1: 2}
    for label, duel in zip(labels, duels(TASK, 3), strict=True):
        assert label.pair_id == duel.pair_id
        assert label.sides == ("ab" if shown[duel.a] < shown[duel.b] else "ba")


def test_people_who_rank_two_candidates_differently_have_a_dispute_about_them() -> None:
    driver = a_chain()
    driver.say(a_task_proposed(overlap=2))
    driver.say(
        a_ranking_submitted(annotator="ann", ranks=(1, 2, 3)),
        a_ranking_submitted(annotator="bob", ranks=(2, 1, 3)),
    )
    driver.run_until_idle()
    assert set(validated(driver)) == {("391", "about 400"), ("401", "about 400")}
    found = rows(driver.records()).pairs.values()
    assert sum(len(row.disputes) for row in found) == 1


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_task_and_rankings_may_come_in_any_order(order: tuple[int, ...]) -> None:
    said = (
        a_task_proposed(overlap=2),
        a_ranking_submitted(annotator="ann"),
        a_ranking_submitted(annotator="bob"),
    )
    driver = a_chain()
    for place in order:
        driver.say(said[place])
        driver.run_until_idle()
    assert set(validated(driver)) == {("391", "401"), ("391", "about 400"), ("401", "about 400")}
    assert not rows(driver.records()).conflicts


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("at", POINTS)
def test_crashes_and_redeliveries_lose_and_double_nothing(seed: int, at: CrashPoint) -> None:
    driver = a_chain(seed=seed, commit_share=0.3)
    tasks = [
        a_task_proposed(
            task_id=f"t{n}", candidates=tuple(a_response(f"{n} {letter}") for letter in "abcd"), overlap=2
        )
        for n in range(5)
    ]
    rankings = [
        a_ranking_submitted(task_id=f"t{n}", annotator=name, ranks=(1, 2, 2, 4))
        for n in range(5)
        for name in ("ann", "bob")
    ]
    driver.say(*tasks, *rankings, *rankings)
    driver.run(15)
    driver.crash("demonstrations", at=at)
    driver.run(15)
    driver.rebalance("demonstrations")
    driver.redeliver("demonstrations", 3)
    driver.run_until_idle()
    final = rows(driver.records())
    assert not final.conflicts
    assert not final.dead_letters
    assert len(final.pairs) == 5 * 6
    assert all(isinstance(row.verdict, PairValidated) for row in final.pairs.values())
    assert len(final.labels) == 5 * 6 * 2
    assert_counters_add_up(driver)


def test_a_replay_of_the_same_tasks_gives_the_same_bytes() -> None:
    def said(seed: int) -> Counter[bytes | None]:
        driver = a_chain(seed=seed)
        driver.say(a_task_proposed(), a_ranking_submitted(), a_pair_proposed())
        driver.run_until_idle()
        return Counter(record.value for record in driver.records())

    assert said(1) == said(2)


def test_ratings_and_other_kinds_pass_by() -> None:
    driver = a_chain()
    driver.say(a_task_proposed(kind=TaskKind.RATING), a_rating_submitted())
    driver.run_until_idle()
    assert driver.tally("demonstrations").done == 2
    assert len(driver.records()) == 2


def test_a_candidate_that_is_there_twice_gives_a_duplicate_that_is_rejected() -> None:
    driver = a_chain()
    driver.say(a_task_proposed(candidates=(a_response("yes"), a_response("no"), a_response("no"))))
    driver.say(a_ranking_submitted(ranks=(1, 2, 2)))
    driver.run_until_idle()
    found = rows(driver.records()).pairs.values()
    assert sum(isinstance(row.verdict, PairValidated) for row in found) == 1
