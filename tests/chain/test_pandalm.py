"""Real data that nobody here wrote goes through the whole chain, on either log, with nothing lost."""

import json
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import krippendorff
import pytest
from sklearn.metrics import cohen_kappa_score

from tests.chain import pandalm
from tests.chain.running import Running, running

pytestmark = [pytest.mark.postgres, pytest.mark.shared, pytest.mark.timeout(300)]

CODES = {"A>": 1, "B>": 2, "=": 0}


@pytest.mark.usefixtures("pandalm_data")
def test_pandalm_goes_through_whole(tmp_path: Path, log_kind: str) -> None:
    with running(tmp_path, log=log_kind, environment=pandalm.ENVIRONMENT) as deployment:
        pandalm.ingest_verdicts(deployment)
        pairs = deployment.command(*pandalm.pairs_command(), check=False)
        for annotator in pandalm.ANNOTATORS:
            deployment.command(*pandalm.labels_command(annotator))
        deployment.drain()

        assert pairs.returncode == 2, "six rows cannot be used, and the exit code says so"
        _check_refusals(json.loads(pairs.stdout))
        _check_pairs(deployment)
        _check_agreement(deployment)
        _check_counters(deployment)


def _check_refusals(report: dict[str, Any]) -> None:
    reference = json.loads((pandalm.folder() / "reference.json").read_text())
    broken = [row for row, _, _ in reference["non_string_fields"]]

    assert (report["ingested"], report["refused"]) == (993, 6)
    assert [refusal["row"] - 1 for refusal in report["refusals"]] == broken
    lines = (pandalm.folder() / "testset-v1.json").read_text().splitlines()
    for refusal, row in zip(report["refusals"], broken, strict=True):
        assert refusal["line"] > 0
        assert f'"idx": {row},' in "".join(lines[refusal["line"] - 1 : refusal["line"] + 2])


def _check_pairs(deployment: Running) -> None:
    pairs = deployment.fetch("select * from pairs where proposed_id is not null")
    recorded = deployment.fetch("select votes from recorded_verdicts")
    unread = [row for row in recorded if json.loads(row["votes"])[0]["verdict"] is None]
    without = [row for row in pairs if row["votes_without_verdict"]]
    refused_unread = len(unread) - len(without)

    assert len(pairs) == 993
    assert {row["status"] for row in pairs} <= {"validated", "quarantined", "rejected", "disputed"}
    assert len(unread) == 25
    assert refused_unread == 1, "one of the 25 stands on a pair that was refused"
    for row in without:
        assert row["judge_label"] is None
        assert row["route"] == "escalate"
        assert "no_verdict" in {reason["code"] for reason in json.loads(row["reasons"])}


def _check_agreement(deployment: Running) -> None:
    rows = deployment.fetch("select slice, pair_id, annotator, verdict from labels where slice is not null")
    figures = {
        (row["slice"], row["statistic"], row["subject"]): row["value"]
        for row in deployment.fetch("select * from slice_metrics where window_name = 'all'")
    }
    units: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        units[row["slice"]][row["pair_id"]][row["annotator"]] = CODES[row["verdict"]]

    assert len(rows) == 993 * 3
    assert len(units) == 50
    for name, of_slice in units.items():
        _equal(figures[name, "alpha_nominal", ""], _alpha(of_slice))
        for one, other in combinations(pandalm.ANNOTATORS, 2):
            ours = figures[name, "cohen_kappa", f"{one}|{other}"]
            _equal(
                ours, _kappa([unit[one] for unit in of_slice.values()], [u[other] for u in of_slice.values()])
            )


def _equal(ours: float | None, theirs: float | None) -> None:
    assert (ours is None) == (theirs is None)
    if ours is not None and theirs is not None:
        assert ours == pytest.approx(theirs, abs=1e-12)


def _alpha(units: dict[str, dict[str, int]]) -> float | None:
    table = [[unit[annotator] for unit in units.values()] for annotator in pandalm.ANNOTATORS]
    if len({value for row in table for value in row}) < 2:
        return None
    return float(krippendorff.alpha(reliability_data=table, level_of_measurement="nominal"))


def _kappa(one: list[int], other: list[int]) -> float | None:
    if len({*one, *other}) < 2:
        return None
    return float(cohen_kappa_score(one, other))


def _check_counters(deployment: Running) -> None:
    import urllib.request

    for process in deployment.supervisor.processes.values():
        with urllib.request.urlopen(f"http://127.0.0.1:{process.health_port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        counts: dict[str, dict[str, float]] = defaultdict(dict)
        for line in lines:
            if line.startswith("prefstream_stage_records_total{"):
                labels, value = line.rsplit(" ", 1)
                outcome, stage = (part.split('"')[1] for part in labels.split("{")[1].split(","))
                counts[stage][outcome] = float(value)
        assert counts
        for stage, of_stage in counts.items():
            ended = of_stage["done"] + of_stage["retry"] + of_stage["dead"]
            assert of_stage["received"] == ended, f"{stage}: nothing is in flight, so in = out + retry + dead"
