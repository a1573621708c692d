import sys

import pytest
from tests.unit.domain.evaluation.judged import JUDGE, evaluated, judged, label, pair, vote

from prefstream.domain.evaluation import (
    ALL,
    EvaluationSet,
    LabelledPair,
    Reading,
    consistency,
    judgement_of,
    length_bias,
    panel_of,
    ppi_mean,
    scorecards,
    stacking,
)
from prefstream.domain.evaluation.scorecard import human_sides
from prefstream.schemas.errors import BadInput


def shared_by(count: int) -> EvaluationSet:
    """Return pairs that two people and a judge label, the judge without a doubt."""
    return evaluated(
        *(
            (
                pair(
                    f"p{n:02}", label("x", "A>"), label("y", "A>" if n % 9 else "B>"), slice_name="ab"[n % 2]
                ),
                judged("A>", "A>"),
            )
            for n in range(count)
        )
    )


def test_each_slice_gets_its_own_scorecard_if_asked() -> None:
    some = shared_by(10)
    assert [card.slice for card in scorecards(some, by_slice=False, epsilon=0.1)] == [ALL]
    assert [card.slice for card in scorecards(some, by_slice=True, epsilon=0.1)] == [ALL, "a", "b"]


def test_a_slice_that_a_judge_did_not_read_has_no_scorecard_of_it() -> None:
    some = shared_by(4)
    more = {**some.pairs, "other": LabelledPair(pair_id="other", slice="unread")}
    cards = scorecards(EvaluationSet(pairs=more, judgements=some.judgements), by_slice=True, epsilon=0.1)
    assert [card.slice for card in cards] == [ALL, "a", "b"]


def test_nothing_to_hold_against_each_other_is_refused() -> None:
    with pytest.raises(BadInput, match="no judgement here"):
        scorecards(EvaluationSet(pairs={"p": pair("p", label("x", "A>"))}), by_slice=False, epsilon=0.1)
    with pytest.raises(BadInput, match="people take no side on any pair"):
        scorecards(evaluated((pair("p"), judged("A>", "A>"))), by_slice=False, epsilon=0.1)


def test_pairs_without_a_side_of_people_are_left_out_and_counted() -> None:
    some = evaluated(
        (pair("p1", label("x", "A>")), judged("A>", "A>")),
        (pair("p2", label("x", "A>"), label("y", "B>")), judged("A>", "A>")),
        (pair("p3"), judged("B>", "B>")),
        (pair("p4", label("x", "unsure")), judged("B>", "B>")),
    )
    (card,) = scorecards(some, by_slice=False, epsilon=0.1)
    assert card.left_out == {"people_name_no_side": 1, "people_split": 1, "unlabelled": 1}
    assert (
        card.consistency.pairs,
        card.estimates.agreement.labelled,
        card.estimates.agreement.unlabelled,
    ) == (1, 1, 1)


def test_reviewers_and_adjudicators_are_no_annotators_to_compare_with() -> None:
    labels = [label("x", "A>"), label("r", "B>", "review"), label("u", "unsure")]
    assert human_sides({"p": pair("p", *labels)}) == {"x": {"p": "A"}}


def test_lengths_are_used_where_they_are_known() -> None:
    known = LabelledPair(pair_id="p", slice="s", labels=(label("x", "A>"),), lengths=(9, 5))
    (card,) = scorecards(evaluated((known, judged("A>", "A>"))), by_slice=False, epsilon=0.1)
    assert (card.length.judge.value, card.length.people.value) == (1.0, 1.0)


def test_without_the_extra_everything_but_its_test_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    some = shared_by(40)
    pairs = dict(some.pairs)
    judgements = {
        key: judged("A>" if n % 3 else "B>", "A>" if n % 3 else "B>") for n, key in enumerate(pairs)
    }
    (card,) = scorecards(
        EvaluationSet(pairs=pairs, judgements={JUDGE: judgements}), by_slice=False, epsilon=0.1
    )
    assert card.consistency.agreement.value is not None
    assert "pip install 'prefstream[stats]'" in (card.alternative.reason or "")


def test_stacking_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    names = [JUDGE, JUDGE._replace(judge="other")]
    pairs = {f"p{n}": pair(f"p{n}", label("x", "A>" if n % 2 else "B>")) for n in range(30)}
    said = {key: judged("A>", "A>") for key in pairs}
    panel = panel_of(EvaluationSet(pairs=pairs, judgements=dict.fromkeys(names, said)))
    with pytest.raises(BadInput, match=r"pip install 'prefstream\[stats\]'"):
        stacking(panel, gold=10)


def test_gold_of_one_class_teaches_nothing() -> None:
    names = [JUDGE, JUDGE._replace(judge="other")]
    pairs = {f"p{n:02}": pair(f"p{n:02}", label("x", "=" if n == 7 else "B>")) for n in range(30)}
    said = {key: judged("B>", "B>") for key in pairs}
    found = stacking(panel_of(EvaluationSet(pairs=pairs, judgements=dict.fromkeys(names, said))), gold=10)
    assert found.draws is not None
    assert found.draws < 20
    assert found.cross_validated is None


def test_several_variants_in_one_order_are_compared_by_their_majority() -> None:
    readings = [Reading(vote("A>")), Reading(vote("A>")), Reading(vote("B>")), Reading(vote("A>", "ba"))]
    found = consistency([("A", judgement_of(readings))])
    assert (found.by_order["ab"].hits, found.by_order["ab"].of, found.same.value) == (2, 3, 1.0)
    torn = judgement_of([Reading(vote("A>")), Reading(vote("B>")), Reading(vote("A>", "ba"))])
    assert consistency([("A", torn)]).same.value == 0.0


def test_guesses_that_never_vary_weigh_nothing() -> None:
    found = ppi_mean([1.0, 0.0], [0.5, 0.5], [0.5])
    assert (found.weight, found.value) == (0.0, 0.5)


def test_a_judge_that_chooses_as_people_do_on_many_pairs_has_no_bias_and_no_limits() -> None:
    found = length_bias([((9, 5), "A", "A"), ((5, 9), "A", "A")] * 30).bias
    assert (found.value, found.low, found.bounds_reason) == (
        0.0,
        None,
        "judge and people choose alike throughout",
    )
