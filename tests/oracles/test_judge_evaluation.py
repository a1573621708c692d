"""Recorded judges on real labels: every figure of the references, and estimates by others' libraries."""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ppi_py import ppi_mean_ci, ppi_mean_pointestimate  # type: ignore[import-untyped]
from sklearn.metrics import brier_score_loss, cohen_kappa_score
from tests.oracles.agreement.shared_data import shared, shared_json

from prefstream.domain.evaluation import (
    ALL,
    EvaluationSet,
    Scorecard,
    Share,
    judgement_of,
    panel_of,
    powered_mean,
    ppi_mean,
    scorecards,
    stacking,
)
from prefstream.streams.evaluation import Source, read_files

PANDALM = {
    "gpt-3.5-turbo": ("gpt-3.5-turbo-testset-v1.json", "gpt_result", "gpt35"),
    "pandalm-7b": ("pandalm-7b-testset-v1.json", "pandalm_result", "pandalm"),
}
#: Judges and strategies of the stacking figure: 24 in all.
JUDGES = ("GPT-4", "ChatGPT", "LLaMA2", "PaLM2")
STRATEGIES = ("Vanilla", "CoT", "Metrics", "Reference", "Metrics_Reference", "Vanilla_NoRules")


@pytest.fixture(scope="module")
def llmbar() -> EvaluationSet:
    files = [str(shared("llmbar", name)) for name in ("items.jsonl", "judgements.jsonl.gz")]
    return read_files(Source(files=files), told=lambda _rows, _share: None).evaluated


@pytest.fixture(scope="module")
def llmbar_cards(llmbar: EvaluationSet) -> Mapping[str, Scorecard]:
    cards = scorecards(llmbar, by_slice=True, epsilon=0.2)
    return {f"{card.slice}|{card.judge.judge}|{card.judge.strategy}": card for card in cards}


def pandalm_set(judge: str, slice_column: str = "cmp_key") -> EvaluationSet:
    name, column, _ = PANDALM[judge]
    source = Source(
        files=[str(shared("pandalm", file)) for file in ("testset-v1.json", name)],
        columns={"slice": slice_column, "verdict": column},
        constants={"judge": judge},
    )
    return read_files(source, told=lambda _rows, _share: None).evaluated


def pandalm_cards(judge: str) -> Mapping[str, Scorecard]:
    return {card.slice: card for card in scorecards(pandalm_set(judge), by_slice=True, epsilon=0.1)}


def figures(card: Scorecard) -> dict[str, float | None]:
    """Return what `reference.json` calls its figures."""
    found = card.consistency
    return {
        "c1": found.by_order["ab"].value,
        "c2": found.by_order["ba"].value,
        "both": found.both.value,
        "same": found.same.value,
        "n": found.pairs,
        "null": found.without_verdict["ab"],
        "null_null": found.without_both.value,
        "acc_avg": found.readings.value,
        "acc_when_consistent": found.right_when_same.value,
        "pos_first_rate": found.first_of_all.value,
    }


@pytest.mark.shared
def test_every_figure_of_llmbars_reference_is_reproduced(llmbar_cards: Mapping[str, Scorecard]) -> None:
    reference = shared_json("llmbar", "reference.json")["per_slice_judge_strategy"]
    assert len(reference) == 325
    for name, wanted in reference.items():
        found = {key: round(value or 0, 6) for key, value in figures(llmbar_cards[name]).items()}
        assert found == wanted, name


@pytest.mark.shared
def test_no_slice_judge_or_strategy_is_left_out_or_made_up(llmbar_cards: Mapping[str, Scorecard]) -> None:
    reference = shared_json("llmbar", "reference.json")["per_slice_judge_strategy"]
    assert {name for name in llmbar_cards if not name.startswith(f"{ALL}|")} == set(reference)


@pytest.mark.shared
def test_swap_consistency_is_not_correctness(llmbar_cards: Mapping[str, Scorecard]) -> None:
    card = llmbar_cards["LLMBar/Adversarial/Neighbor|ChatGPT|Vanilla"].consistency
    assert round(card.same.value or 0, 3) == 0.716
    assert round(card.right_when_same.value or 0, 3) == 0.073


@pytest.mark.shared
@pytest.mark.parametrize("judge", list(PANDALM))
def test_pandalms_judges_have_their_accuracy_with_nulls_apart(judge: str) -> None:
    wanted = shared_json("pandalm", "reference.json")["judges"][judge]
    card = pandalm_cards(judge)[ALL]
    found = card.consistency
    assert (found.agreement.hits, found.agreement.of) == (wanted["accuracy_vs_majority"]["k"], 999)
    assert found.without_verdict["ab"] == wanted["unparsed"] == sum(card.unreadable.values())
    tied = wanted["accuracy_excl_human_tie"]
    assert (card.without_ties.agreement.hits, card.without_ties.agreement.of) == (tied["k"], tied["n"])


@pytest.mark.shared
def test_gpt35_shows_69_77_percent_with_25_nulls() -> None:
    card = pandalm_cards("gpt-3.5-turbo")[ALL]
    assert f"{100 * (card.consistency.agreement.value or 0):.2f} %" == "69.77 %"
    assert card.unreadable == {"garbage": 25}


@pytest.mark.shared
@pytest.mark.parametrize("judge", list(PANDALM))
def test_pandalms_slices_have_their_accuracy(judge: str) -> None:
    reference = shared_json("pandalm", "reference.json")
    key = {"gpt-3.5-turbo": "gpt35_acc", "pandalm-7b": "pandalm_acc"}[judge]
    cards = pandalm_cards(judge)
    for name, wanted in reference["slices_cmp_key"].items():
        found = cards[name].consistency.agreement
        assert (found.of, round(found.value or 0, 6)) == (wanted["n"], wanted[key])


@pytest.mark.shared
@pytest.mark.parametrize("judge", list(PANDALM))
def test_pandalms_preferences_for_length_are_those_of_the_reference(judge: str) -> None:
    reference = shared_json("pandalm", "reference.json")["prefers_longer"]
    length = pandalm_cards(judge)[ALL].length
    for found, wanted in (
        (length.people, reference["human_majority"]),
        (length.judge, reference[PANDALM[judge][2]]),
    ):
        assert (found.hits, found.of) == (wanted["k"], wanted["n"])


@pytest.mark.shared
def test_the_interval_of_the_length_bias_is_that_of_a_bootstrap() -> None:
    evaluated = pandalm_set("gpt-3.5-turbo")
    ((_, judgements),) = evaluated.judgements.items()
    bias = pandalm_cards("gpt-3.5-turbo")[ALL].length.bias
    rows = []
    for key, one in judgements.items():
        first, second = evaluated.pairs[key].lengths or (0, 0)
        people, longer = evaluated.pairs[key].people.side, "A" if first > second else "B"
        if first != second:
            rows.append([one.side in {"A", "B"}, one.side == longer, people in {"A", "B"}, people == longer])
    table = np.array(rows, dtype=float)
    draws = np.random.default_rng(0)
    differences = []
    for _ in range(2000):
        d_judge, l_judge, d_people, l_people = table[draws.integers(0, len(table), len(table))].sum(axis=0)
        differences.append(l_judge / d_judge - l_people / d_people)
    assert (bias.low, bias.high) == pytest.approx(np.percentile(differences, [2.5, 97.5]), abs=0.004)


@pytest.mark.shared
def test_calibration_on_llmbar_is_that_of_a_plain_reckoning(llmbar: EvaluationSet) -> None:
    for card in scorecards(llmbar, by_slice=False, epsilon=0.2)[:20]:
        judgements = llmbar.judgements[card.judge]
        scored = [
            (one.confidence, one.side == llmbar.pairs[key].people.side)
            for key, one in judgements.items()
            if one.confidence is not None
        ]
        confidences = np.array([confidence for confidence, _ in scored])
        right = np.array([ok for _, ok in scored], dtype=float)
        places = np.minimum((confidences * 10).astype(int), 9)
        error = sum(
            abs(right[places == place].mean() - confidences[places == place].mean())
            * (places == place).mean()
            for place in set(places)
        )
        assert card.calibration.ece_equal_width == pytest.approx(error)
        assert card.calibration.brier == pytest.approx(brier_score_loss(right, confidences, pos_label=1))


def panel(llmbar: EvaluationSet, *orders: str) -> EvaluationSet:
    """Return the 24 judges and strategies, by their readings in these orders."""
    chosen = llmbar.chosen([f"{judge}/{strategy}" for judge in JUDGES for strategy in STRATEGIES])
    judgements = {
        name: {
            key: judgement_of([reading for reading in one.readings if reading.vote.order in orders])
            for key, one in judged.items()
        }
        for name, judged in chosen.judgements.items()
    }
    return EvaluationSet(pairs=chosen.pairs, judgements=judgements)


@pytest.mark.shared
def test_gold_anchored_stacking_beats_the_best_judge_where_unsupervised_ways_collapse(
    llmbar: EvaluationSet,
) -> None:
    """The published comparison: one reading each, 80 gold items about .867, best judge .862, DS .492."""
    found = stacking(panel_of(panel(llmbar, "ab")), gold=80)
    assert (found.judges, found.pairs, found.draws) == (24, 419, 20)
    assert found.stacked == pytest.approx(0.867, abs=0.015)
    assert found.best_single == pytest.approx(0.862, abs=0.0005)
    assert found.majority == pytest.approx(0.582, abs=0.01)
    assert found.dawid_skene == pytest.approx(0.492, abs=0.0005)


@pytest.mark.shared
def test_readings_in_both_orders_make_stacking_better(llmbar: EvaluationSet) -> None:
    found = stacking(panel_of(panel(llmbar, "ab", "ba")), gold=80)
    assert found.stacked is not None
    assert found.stacked > 0.895
    assert found.best_on_gold is not None
    assert found.stacked > found.best_on_gold + 0.05


@pytest.mark.shared
def test_no_judge_of_pandalm_may_stand_in_for_its_annotators() -> None:
    for judge in PANDALM:
        found = pandalm_cards(judge)[ALL].alternative
        assert (found.winning_rate, found.passed, len(found.against)) == (0.0, False, 3)


@pytest.mark.shared
def test_an_annotator_may_stand_in_for_the_others() -> None:
    """The third annotator of PandaLM, taken for a judge of the first two."""
    source = Source(
        files=[str(shared("pandalm", "testset-v1.json"))],
        columns={"slice": "cmp_key"},
        own=columns(judges={"third": "annotator3"}, annotators={"one": "annotator1", "two": "annotator2"}),
    )
    evaluated = read_files(source, told=lambda _rows, _share: None).evaluated
    (card,) = scorecards(evaluated, by_slice=False, epsilon=0.1)
    assert card.alternative.passed is True


def columns(**some: Mapping[str, str]) -> Any:
    from prefstream.agents.ingestion.evaluations import Columns

    return Columns(**some)


def same_as_the_library(labels: Sequence[float], guesses: Sequence[float], others: Sequence[float]) -> None:
    y, f, rest = (np.array(values, dtype=float) for values in (labels, guesses, others))
    found = ppi_mean(labels, guesses, others)
    low, high = ppi_mean_ci(y, f, rest, alpha=0.05)
    assert found.value == pytest.approx(float(np.squeeze(ppi_mean_pointestimate(y, f, rest))), abs=1e-6)
    assert (found.low, found.high) == pytest.approx(
        (float(np.squeeze(low)), float(np.squeeze(high))), abs=1e-6
    )


shares = st.floats(0, 1)
outcomes = st.one_of(st.sampled_from([0.0, 0.5, 1.0]), shares)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(outcomes, shares), min_size=2, max_size=40), st.lists(shares, min_size=1, max_size=200)
)
def test_ppi_is_that_of_ppi_python(some: list[tuple[float, float]], others: list[float]) -> None:
    labels, guesses = ([pair[k] for pair in some] for k in (0, 1))
    if np.var([*guesses, *others]) > 1e-12:  # the library divides by it
        same_as_the_library(labels, guesses, others)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(outcomes, shares), min_size=1, max_size=40), st.lists(shares, max_size=200))
def test_the_estimate_is_never_less_certain_than_the_labels_alone(
    some: list[tuple[float, float]], others: list[float]
) -> None:
    labels, guesses = ([pair[k] for pair in some] for k in (0, 1))
    found = powered_mean(labels, guesses, others)
    alone = float(np.std(labels)) / len(labels) ** 0.5
    assert found.standard_error is not None
    assert found.standard_error <= alone + 1e-12


@pytest.mark.shared
def test_ppi_on_llmbar_is_that_of_the_library_and_closer_to_the_truth_than_the_labels(
    llmbar: EvaluationSet,
) -> None:
    chance = Random(11)
    ours, alone, covered, runs = [], [], 0, 0
    for judge in ("GPT-4", "ChatGPT", "PaLM2"):
        (name,) = [one for one in llmbar.judgements if one == (judge, "Metrics_Reference")]
        judged = llmbar.judgements[name]
        truth = {key: float(llmbar.pairs[key].people.side == "A") for key in judged}
        guess = {key: 0.5 if one.p_a is None else one.p_a for key, one in judged.items()}
        whole = sum(truth.values()) / len(truth)
        for _ in range(100):
            keys = chance.sample(sorted(truth), len(truth))
            known, rest = keys[:60], keys[60:]
            data = [truth[key] for key in known], [guess[key] for key in known], [guess[key] for key in rest]
            same_as_the_library(*data)
            found = powered_mean(*data)
            assert found.value is not None
            ours.append((found.value - whole) ** 2)
            alone.append((sum(data[0]) / 60 - whole) ** 2)
            covered += (found.low or 0) <= whole <= (found.high or 1)
            runs += 1
    assert sum(ours) < sum(alone)
    assert covered / runs > 0.9


@pytest.mark.shared
def test_agreement_stands_apart_from_kappa(llmbar: EvaluationSet) -> None:
    """The reference's kappa of gpt-3.5, with no verdict as a category of its own, from our sides."""
    evaluated = pandalm_set("gpt-3.5-turbo")
    ((_, judged),) = evaluated.judgements.items()
    people = [evaluated.pairs[key].people.side for key in judged]
    judge = [one.side or "none" for one in judged.values()]
    wanted = shared_json("pandalm", "reference.json")["judges"]["gpt-3.5-turbo"]["kappa_vs_majority"]
    assert round(cohen_kappa_score(people, judge), 6) == wanted
    assert Counter(judge)["none"] == 25
    assert Share.counted(25, 999).value == pytest.approx(0.025, abs=1e-4)
