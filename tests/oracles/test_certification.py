"""Certification on recorded judges and real labels: the promise holds, and pays at least as before."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from tests.oracles.agreement.shared_data import shared

from prefstream.agents.ingestion.audit_columns import audit_columns
from prefstream.agents.ingestion.audit_rows import audit_row
from prefstream.agents.ingestion.audit_samples import AuditSample, Reading
from prefstream.agents.ingestion.audit_tables import AuditTable
from prefstream.domain.certification import Backtest, Design, Terms, backtest, budget_curve
from prefstream.domain.certification.certification import together
from prefstream.domain.certification.terms import Population

pytestmark = [pytest.mark.shared, pytest.mark.timeout(300)]

JUDGES = ("ChatGPT-0301", "ChatGPT", "Falcon", "GPT-4", "LLaMA2", "PaLM2")
STRATEGIES = ("Vanilla", "CoT", "Metrics", "Reference", "Metrics_Reference", "Vanilla_NoRules")
ALPHAS = (0.05, 0.1, 0.15, 0.2)
POPULATIONS: tuple[Population, ...] = ("stream", "file")


@cache
def verdicts() -> Mapping[tuple[str, str], list[str | None]]:
    found: dict[tuple[str, str], list[str | None]] = defaultdict(list)
    with gzip.open(shared("llmbar", "judgements.jsonl.gz"), "rt") as file:
        for line in file:
            one = json.loads(line)
            if one["strategy"] in STRATEGIES:
                found[one["judge"], one["item_id"]] += [one["winner"], one["winner_swapped"]]
    return found


@cache
def llmbar(*judges: str, panel: Any = "pooled") -> AuditSample:
    table = AuditTable()
    for line, text in enumerate(shared("llmbar", "items.jsonl").read_text().splitlines(), start=1):
        item = json.loads(text)
        cells = {"pair_id": item["item_id"], "slice": item["slice"], "human_label": item["label"]}
        cells |= {f"votes:{judge}": verdicts()[judge, item["item_id"]] for judge in judges}
        table.add(audit_row(cells, audit_columns(list(cells), {})), line)
    return table.sample(Reading(panel=panel, judges=judges))


@cache
def pandalm(name: str) -> AuditSample:
    table, people = AuditTable(), json.loads(shared("pandalm", "testset-v1.json").read_text())
    judged = {one["idx"]: one for one in json.loads(shared("pandalm", f"{name}-testset-v1.json").read_text())}
    key = next(key for key in next(iter(judged.values())) if key.endswith("result"))
    for line, item in enumerate(people, start=1):
        cells = {
            "pair_id": item["idx"],
            "votes": [judged[item["idx"]][key]],
            "human_label": [item[f"annotator{n}"] for n in (1, 2, 3)],
        }
        table.add(audit_row(cells, audit_columns(list(cells), {})), line)
    return table.sample(Reading(truth="majority"))


def runs(found: AuditSample, alpha: float, population: Population, **design: Any) -> Backtest:
    terms = Terms(alpha=alpha, delta=0.1, population=population)
    return backtest(found.slices, terms, Design(**{"n_labels": 200, "slices": False} | design))


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("judge", JUDGES)
def test_no_judge_breaks_the_bound_more_often_than_promised(judge: str, population: Population) -> None:
    for alpha in ALPHAS:
        found = runs(llmbar(judge), alpha, population)
        assert found.pooled.violation_rate <= found.violation_limit, (judge, alpha)


@pytest.mark.parametrize("judge", JUDGES)
def test_nor_when_a_stream_is_drawn_without_return(judge: str) -> None:
    for alpha in ALPHAS:
        found = runs(llmbar(judge), alpha, "stream", replacement=False)
        assert found.pooled.violation_rate <= found.violation_limit, (judge, alpha)


def test_what_cannot_be_promised_is_hardly_ever_accepted() -> None:
    for judge, alpha in (("PaLM2", 0.1), ("ChatGPT", 0.1), ("ChatGPT", 0.2)):
        found = runs(llmbar(judge), alpha, "file").pooled
        assert found.oracle_coverage == 0.0
        assert found.coverage_mean < 0.01


@pytest.mark.parametrize(
    ("judge", "alpha", "coverage"), [("GPT-4", 0.1, 0.37), ("GPT-4", 0.2, 0.96), ("PaLM2", 0.2, 0.12)]
)
def test_at_least_as_much_is_accepted_as_recommended(judge: str, alpha: float, coverage: float) -> None:
    assert runs(llmbar(judge), alpha, "file").pooled.coverage_mean >= coverage


def test_a_stream_is_accepted_as_far_as_recommended_up_to_chance() -> None:
    for judge, alpha, coverage in (("GPT-4", 0.1, 0.37), ("GPT-4", 0.2, 0.96), ("PaLM2", 0.2, 0.12)):
        # The spread of one run's coverage is at most .45, so that of 1600 runs' mean is about .01.
        assert runs(llmbar(judge), alpha, "stream", n_runs=1600).pooled.coverage_mean >= coverage - 0.03


@pytest.mark.parametrize("population", POPULATIONS)
def test_by_slice_no_slice_breaks_the_bound_more_often_than_promised(population: Population) -> None:
    for judge, alpha in (("GPT-4", 0.1), ("GPT-4", 0.2), ("PaLM2", 0.2), ("ChatGPT", 0.2)):
        found = runs(llmbar(judge), alpha, population, slices=True)
        assert found.any_slice_violation_rate is not None
        assert found.any_slice_violation_rate <= found.violation_limit


def test_a_pooled_bound_hides_a_slice_that_fails() -> None:
    found = runs(llmbar("GPT-4"), 0.2, "stream", n_labels=400, slices=True)
    assert found.pooled_any_slice_violation_rate > 0.95
    assert found.any_slice_violation_rate is not None
    assert found.any_slice_violation_rate <= 0.1


@pytest.mark.parametrize("panel", ["pooled", "cascade", "lead"])
def test_several_judges_break_the_bound_no_more_often_than_promised(panel: str) -> None:
    for alpha in ALPHAS:
        found = runs(llmbar("PaLM2", "GPT-4", panel=panel), alpha, "stream")
        assert found.pooled.violation_rate <= found.violation_limit, (panel, alpha)


def test_a_second_judge_lets_more_be_accepted() -> None:
    alone = runs(llmbar("PaLM2"), 0.2, "stream").pooled.coverage_mean
    for panel in ("pooled", "cascade", "lead"):
        both = runs(llmbar("PaLM2", "GPT-4", panel=panel), 0.2, "stream").pooled.coverage_mean
        assert both > alone + 0.1, panel


@pytest.mark.parametrize("name", ["gpt-3.5-turbo", "pandalm-7b"])
def test_single_votes_without_a_grade_keep_the_promise_too(name: str) -> None:
    for alpha, population in _cells():
        found = runs(pandalm(name), alpha, population)
        assert found.pooled.violation_rate <= found.violation_limit, (name, alpha)


def _cells() -> Iterator[tuple[float, Population]]:
    yield from ((alpha, population) for alpha in (*ALPHAS, 0.3, 0.35) for population in POPULATIONS)


def test_the_budget_curve_is_that_of_the_reference() -> None:
    curve = budget_curve(together(list(llmbar("GPT-4").slices.values())))
    assert curve.points[20].routed == pytest.approx(0.928, abs=0.003)
    assert curve.people_for(0.95) == pytest.approx(0.29)
