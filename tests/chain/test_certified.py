"""From audit labels to accepted pairs and back, on a real log with recorded judges and recorded people."""

import asyncio
import json
import urllib.request
from pathlib import Path

import asyncpg
import numpy as np
import pytest
from orjson import loads

from prefstream.domain.certification import Terms, certify, evidence
from prefstream.schemas.routes import RULES
from prefstream.schemas.values import Preference
from prefstream.streams.audit_sample import sample_moved
from tests.chain import llmbar
from tests.chain.llmbar import Item
from tests.chain.running import Running, running

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.shared,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("pandalm_data"),
]
DRIFTED = "accepted_pair_agreement"
SLICE = "instructions"


def environment(judge: str, **settings: object) -> dict[str, str]:
    chosen = {"ACTIVATE": "automatic", "EVERY_S": "0.2", "ALPHA": "0.2", "DELTA": "0.2"} | settings
    named = {f"PREFSTREAM_CALIBRATION__{name}": str(value) for name, value in chosen.items()}
    return named | {"PREFSTREAM_JUDGE__PANEL": json.dumps([f"recorded:{judge}"])}


def active(deployment: Running) -> dict[str, object] | None:
    policies = json.loads(deployment.command("policy", "list", "--json").stdout)["policies"]
    return next((one for one in policies if one["status"] == "active"), None)


def wait_for_certificate(deployment: Running) -> dict[str, object]:
    deployment.wait_for(lambda: (found := active(deployment)) is not None and bool(found["certificate"]))
    found = active(deployment)
    assert found is not None
    return found


def wait_for_audits(deployment: Running) -> None:
    """Wait for the policy that accepts nothing and audits all; without it no pair is in the sample."""
    deployment.wait_for(lambda: active(deployment) is not None)


def by_rule(deployment: Running) -> set[str]:
    """Return the pairs that a rule of constitution or house sends to people whatever the confidence."""
    rows = deployment.fetch("select pair_id, reasons::text as reasons from pairs")
    return {row["pair_id"] for row in rows if RULES & {one["code"] for one in json.loads(row["reasons"])}}


def predicted(sample: list[Item], *, alpha: float, level: float) -> float | None:
    """Return the threshold that the library finds when it is asked directly."""
    confidence = np.array([one.pool.confidence for one in sample], dtype=float)
    proof = evidence(confidence, np.array([one.wrong for one in sample]))
    return certify({SLICE: proof}, Terms(alpha=alpha, delta=level)).slices[SLICE].threshold


def test_a_certified_policy_activates_by_itself_and_accepts_what_the_library_predicts(
    tmp_path: Path, log_kind: str
) -> None:
    items = llmbar.items("GPT-4")
    # Natural and adversarial items mixed, always in the same order.
    mixed = [items[place] for place in np.random.default_rng(7).permutation(len(items))]
    first, rest = mixed[:200], mixed[200:]
    chosen = environment("GPT-4", AUDIT_SHARE=0.1, MIN_LABELS=200)
    with running(tmp_path, log=log_kind, environment=chosen) as deployment:
        llmbar.record_verdicts(deployment, "GPT-4", items)
        wait_for_audits(deployment)
        llmbar.propose(deployment, first, slice_name=SLICE)
        deployment.drain()
        assert llmbar.label_open_tasks(deployment, items) == 200
        policy = wait_for_certificate(deployment)
        llmbar.propose(deployment, rest, slice_name=SLICE)
        deployment.drain()

        ruled = by_rule(deployment)
        threshold = predicted([one for one in first if one.id not in ruled], alpha=0.2, level=0.1)
        assert threshold is not None
        assert policy["slices"] == {SLICE: threshold}
        expected = {
            one.id: one for one in rest if one.id not in ruled and (one.pool.confidence or 0.0) >= threshold
        }
        rows = deployment.fetch(
            "select pair_id, judge_label, policy_id from pairs where route = 'accept' and reopened_id is null"
        )
        assert {row["pair_id"] for row in rows} == set(expected)
        assert {row["policy_id"] for row in rows} == {policy["policy_id"]}
        people = {one.id: one.person.preference for one in items}
        wrong = sum(_contradicted(row["judge_label"], people[row["pair_id"]]) for row in rows)
        risk, coverage = wrong / len(rows), len(rows) / len(rest)
        assert risk == sum(one.wrong for one in expected.values()) / len(expected)
        assert coverage == len(expected) / len(rest)
        print(f"threshold {threshold:.4f}, risk {risk:.4f}, coverage {coverage:.4f}, by rule {len(ruled)}")
        assert risk <= 0.2
        assert coverage > 0.5
        assert deployment.fetch("select * from dead_letters") == []


def _contradicted(label: str, person: object) -> bool:
    assert isinstance(person, Preference)
    return Preference(label).margin * person.margin <= 0


def test_drift_revokes_the_policy_and_suspect_pairs_go_to_people(tmp_path: Path, log_kind: str) -> None:
    items = llmbar.items("ChatGPT")
    natural = [one for one in items if one.natural]
    adversarial = [one for one in items if not one.natural]
    chosen = environment("ChatGPT", AUDIT_SHARE=0.5, MIN_LABELS=len(natural), ACTIVATE="approval")
    with running(tmp_path, log=log_kind, environment=chosen) as deployment:
        llmbar.record_verdicts(deployment, "ChatGPT", items)
        wait_for_audits(deployment)
        llmbar.propose(deployment, natural, slice_name=SLICE)
        deployment.drain()
        assert llmbar.label_open_tasks(deployment, items) == len(natural)
        approve_the_proposal(deployment)
        policy_id = str(wait_for_certificate(deployment)["policy_id"])
        for start in range(0, len(adversarial), 10):
            llmbar.propose(deployment, adversarial[start : start + 10], slice_name=SLICE)
            deployment.drain()
            llmbar.label_open_tasks(deployment, items)
            if revoked(deployment, policy_id):
                break
        accepted = deployment.fetch("select pair_id, audit from pairs where route = 'accept'")
        print(f"accepted until it was revoked: {len(accepted)}")
        assert 0 < len(accepted) < 50
        # Others are raised as well: on adversarial items people and judges disagree in every respect.
        alerts = deployment.fetch(
            "select convert_from(value, 'UTF8') as said from archive where type = 'AlertRaised'"
        )
        of_drift = [one for one in map(loads, (row["said"] for row in alerts)) if one["statistic"] == DRIFTED]
        assert [one["slice"] for one in of_drift] == [SLICE]
        suspects_go_to_people(deployment, policy_id, items)
        what_people_are_told(deployment, policy_id)
        assert deployment.fetch("select * from dead_letters") == []


def approve_the_proposal(deployment: Running) -> None:
    def proposed() -> list[str]:
        policies = json.loads(deployment.command("policy", "list", "--json").stdout)["policies"]
        return [one["policy_id"] for one in policies if one["status"] == "proposed"]

    deployment.wait_for(lambda: bool(proposed()))
    deployment.command("policy", "approve", proposed()[0], "--by", "Ada")


def revoked(deployment: Running, policy_id: str) -> bool:
    """Return whether the calibrator, once it has seen every label, revoked the policy."""
    deployment.wait_for(lambda: looked_at(deployment) >= asyncio.run(moved(deployment)))
    shown = json.loads(deployment.command("policy", "show", policy_id, "--json").stdout)
    return bool(shown["status"] == "revoked")


async def moved(deployment: Running) -> int:
    connection = await asyncpg.connect(deployment.dsn)
    try:
        return await sample_moved(connection)
    finally:
        await connection.close()


def looked_at(deployment: Running) -> float:
    """Return how many records' rows the calibrator says it has looked at."""
    port = deployment.supervisor.processes["calibrator"].health_port
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    done = [line for line in lines if 'outcome="done"' in line and 'stage="calibrator"' in line]
    return float(done[0].rsplit(" ", 1)[1])


def suspects_go_to_people(deployment: Running, policy_id: str, items: list[Item]) -> None:
    listed = json.loads(deployment.command("policy", "suspects", policy_id, "--json").stdout)
    unseen = deployment.fetch("select pair_id from pairs where route = 'accept' and not audit")
    assert {one["pair_id"] for one in listed["pairs"]} <= {row["pair_id"] for row in unseen}
    assert listed["count"] > 0

    sent = json.loads(deployment.command("policy", "suspects", policy_id, "--send", "--json").stdout)
    deployment.drain()

    assert sent["sent"] == listed["count"]
    statuses = "select status from pairs where reopened_id is not null"
    assert {row["status"] for row in deployment.fetch(statuses)} == {"suspect"}
    assert llmbar.label_open_tasks(deployment, items) == listed["count"]
    people = {one.id: one.person.value for one in items}
    rows = deployment.fetch("select pair_id, label, method, status from pairs where reopened_id is not null")
    assert {row["pair_id"]: row["label"] for row in rows} == {
        one["pair_id"]: people[one["pair_id"]] for one in listed["pairs"]
    }
    assert {row["method"] for row in rows} == {"consensus"}
    again = json.loads(deployment.command("policy", "suspects", policy_id, "--json").stdout)
    assert again["count"] == 0


def what_people_are_told(deployment: Running, policy_id: str) -> None:
    told = deployment.command("policy", "list").stdout
    assert f"revoked     {policy_id}" in told
    assert "accepts nothing, audits 100%" in told
    life = deployment.command("policy", "show", policy_id).stdout
    assert "fixed_sequence over each slice, look 1, 100 labels" in life
    assert "PolicyPublished (by Ada)" in life
    assert "PolicyRevoked (people contradicted" in life
    assert "0 accepted pairs are suspect" in deployment.command("policy", "suspects", policy_id).stdout
    for arguments, words in {
        ("approve", policy_id): "is revoked, not proposed",
        ("suspects", "nobody"): "there is no policy 'nobody'",
        ("suspects", "certified-audit-1"): "not revoked; nothing accepted under it is suspect",
        ("revoke", policy_id, "--reason", "again"): "there is nothing to revoke",
    }.items():
        refused = deployment.command("policy", *arguments, check=False)
        assert (refused.returncode, words in refused.stderr) == (2, True), refused.stderr
