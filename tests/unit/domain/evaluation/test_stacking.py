from random import Random

import numpy as np
import pytest
from tests.unit.domain.evaluation.judged import label, pair, vote

from prefstream.domain.evaluation import EvaluationSet, JudgeName, Reading, judgement_of, panel_of, stacking
from prefstream.domain.evaluation.stacking import dawid_skene
from prefstream.schemas.errors import BadInput


def panel_set(*, good: int = 2, herd: int = 5, pairs: int = 120, one_class: bool = False) -> EvaluationSet:
    """Return some judges that are right mostly, and a herd that shares its errors."""
    chance = Random(7)
    truth = {f"p{n:03}": "A" if one_class or chance.random() < 0.5 else "B" for n in range(pairs)}
    wrong = {key for key in truth if chance.random() < 0.6}
    judgements = {}
    for k in range(good + herd):
        said = {}
        for key, side in truth.items():
            flips = key in wrong if k >= good else chance.random() < 0.15
            said[key] = judgement_of(
                [Reading(vote({"A": "A>", "B": "B>"}[side] if not flips else {"A": "B>", "B": "A>"}[side]))]
            )
        judgements[JudgeName(f"j{k}", "plain")] = said
    pairs_ = {key: pair(key, label("x", f"{side}>")) for key, side in truth.items()}
    return EvaluationSet(pairs=pairs_, judgements=judgements)


def test_gold_finds_the_good_judges_in_a_herd_that_shares_its_errors() -> None:
    found = stacking(panel_of(panel_set()), gold=40, draws=4)
    assert found.stacked is not None
    assert found.majority is not None
    assert found.dawid_skene is not None
    assert found.stacked > 0.8
    assert found.majority < 0.6
    assert found.dawid_skene < 0.6
    assert found.cross_validated is not None
    assert found.cross_validated > 0.8


def test_the_same_pairs_give_the_same_figures() -> None:
    panel = panel_of(panel_set())
    assert stacking(panel, gold=40, draws=3) == stacking(panel, gold=40, draws=3)


def test_one_judge_or_one_class_is_a_reason() -> None:
    assert "one judge" in (stacking(panel_of(panel_set(good=1, herd=0)), gold=40).reason or "")
    assert "same side" in (stacking(panel_of(panel_set(one_class=True)), gold=40).reason or "")


@pytest.mark.parametrize("gold", [0, 9, 120, 500])
def test_too_little_and_too_much_gold_is_refused(gold: int) -> None:
    with pytest.raises(BadInput, match="from 10 gold pairs to 119"):
        stacking(panel_of(panel_set()), gold=gold)


def test_pairs_that_one_judge_did_not_read_stay_out() -> None:
    some = panel_set(pairs=20)
    judgements = dict(some.judgements)
    first = min(judgements)
    judgements[first] = {key: one for key, one in judgements[first].items() if key != "p003"}
    panel = panel_of(EvaluationSet(pairs=some.pairs, judgements=judgements))
    assert len(panel.pair_ids) == 19
    assert "p003" not in panel.pair_ids


def test_dawid_skene_learns_that_a_judge_answers_the_wrong_way_round() -> None:
    truth = np.array([1.0, -1.0] * 30)
    votes = np.stack([truth, truth, -truth], axis=1)
    assert (dawid_skene(votes) == truth).all()
