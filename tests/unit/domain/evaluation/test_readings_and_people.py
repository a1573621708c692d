import pytest
from tests.unit.domain.evaluation.judged import JUDGE, evaluated, judged, label, pair, vote

from prefstream.domain.evaluation import Reading, judgement_of, people_of
from prefstream.schemas.errors import BadInput


def test_the_majority_of_people_decides() -> None:
    assert people_of([label("x", "A>"), label("y", "A>>"), label("z", "B>")]).side == "A"


def test_people_who_are_split_take_no_side() -> None:
    assert people_of([label("x", "A>"), label("y", "B>"), label("z", "=")]) == (None, "people_split")


def test_people_who_mostly_name_no_side_take_none() -> None:
    assert people_of([label("x", "A>"), label("y", "unsure")]) == (None, "people_name_no_side")
    assert people_of([label("x", "A>"), label("y", "A>"), label("z", "both_bad")]).side == "A"


def test_no_label_at_all_says_so() -> None:
    assert people_of([]) == (None, "unlabelled")


def test_a_later_round_overrules_an_earlier_one() -> None:
    labels = [label("x", "A>"), label("y", "A>"), label("r", "=", "review"), label("j", "B>", "adjudicate")]
    assert people_of(labels).side == "B"
    assert people_of(labels[:3]).side == "="


def test_votes_are_pooled_as_judging_pools_them() -> None:
    assert judged("A>", "A>").side == "A"
    assert judged("A>", "A>").confidence == pytest.approx(2.5 / 3)
    assert (judged("A>", "B>").side, judged("A>", None).side) == ("=", "A")
    assert (judged(None, None).side, judged(None, None).confidence) == (None, None)


def test_stated_confidences_of_both_orders_are_averaged_as_chances_of_a() -> None:
    found = judgement_of([Reading(vote("A>"), 0.9), Reading(vote("B>", "ba"), 0.6)])
    assert found.side == "A"
    assert found.confidence == found.p_a == pytest.approx(0.65)


def test_a_single_stated_confidence_in_a_tie_is_kept() -> None:
    found = judgement_of([Reading(vote("="), 0.8)])
    assert (found.side, found.confidence, found.p_a) == ("=", 0.8, 0.5)


def test_a_confidence_without_a_verdict_is_none() -> None:
    assert judgement_of([Reading(vote(None), 0.8)]).confidence is None


def test_judges_are_chosen_by_name_or_by_name_and_strategy() -> None:
    some = evaluated((pair("p"), judged("A>", "A>")))
    assert list(some.chosen(["gpt"]).judgements) == list(some.chosen(["gpt/plain"]).judgements) == [JUDGE]
    with pytest.raises(BadInput, match="no judge 'gtp' here; there are: gpt"):
        some.chosen(["gtp"])


def test_stated_confidences_that_balance_are_a_tie() -> None:
    found = judgement_of([Reading(vote("A>"), 0.75), Reading(vote("B>", "ba"), 0.75)])
    assert (found.side, found.confidence) == ("=", 0.5)


def test_no_named_judge_means_all() -> None:
    some = evaluated((pair("p"), judged("A>", "A>")))
    assert some.chosen([]) is some
