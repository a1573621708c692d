"""The content checks on real pairs: what must be found is found exactly, and what is found was looked at.

Every finding counted here was read; the counts pin what the checks say of these texts, so that a change
that adds a false alarm, or loses a finding, shows.
"""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from tests.factories import NOON
from tests.oracles.agreement.shared_data import shared, shared_json

from prefstream.agents.ingestion import Defaults, pair_event
from prefstream.domain.checks.content import content_checks
from prefstream.domain.checks.labels import contradiction
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Verdict
from prefstream.streams.checks_scan import scan

pytestmark = pytest.mark.shared

DEFAULTS = Defaults(source="file", occurred_at=NOON)


def lines(*parts: str) -> Iterator[dict[str, Any]]:
    path = shared(*parts)
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        yield from map(json.loads, file)


def findings(rows: Iterator[dict[str, Any]]) -> tuple[Counter[str], dict[str, list[int]]]:
    """Return how often each check finds something, and in which rows, from 1."""
    where: dict[str, list[int]] = {}
    for number, row in enumerate(rows, start=1):
        event = pair_event(row, DEFAULTS)
        if isinstance(event, PairProposed):
            for check in content_checks(event):
                if not check.passed:
                    where.setdefault(check.check, []).append(number)
    return Counter({check: len(rows) for check, rows in where.items()}), where


def test_of_the_dialogues_exactly_the_known_damage_is_found() -> None:
    counts, where = findings(lines("hh_rlhf", "harmless-base.test.jsonl.gz"))
    assert where["prompt_mismatch"] == [1255, 1689, 1951, 1953, 2037]
    assert where["empty_response"] == [87, 517, 926, 1104]
    assert counts == {"prompt_mismatch": 5, "empty_response": 4, "pii": 12, "truncated_response": 22}


def test_of_two_sets_of_instructions_only_what_was_read_is_found() -> None:
    counts, _ = findings(iter(shared_json("pandalm", "testset-v1.json")))
    assert counts == {"empty_response": 54, "pii": 7, "truncated_response": 5}
    counts, _ = findings(row | {"label": None} for row in lines("llmbar", "items.jsonl"))
    assert counts == {"self_identification": 4, "truncated_response": 1}


def test_a_scan_finds_as_many_first_turns_twice_as_the_reference_counts() -> None:
    found = scan(str(shared("hh_rlhf", "harmless-base.test.jsonl.gz")), compared="first_turn")
    counts = {one.check_id: one.count for one in found.found}
    expected = shared_json("hh_rlhf", "reference.json")
    assert counts["duplicate_prompt"] == expected["first_turn_exact_norm_duplicates"] == 137
    assert (counts["prompt_mismatch"], counts["empty_response"]) == (5, expected["empty_response"])


def test_no_rationale_that_fits_its_verdict_is_a_contradiction_and_most_that_do_not_are() -> None:
    said = {(row["item_id"], row["strategy"]): row for row in lines("llmbar", "rationales_gpt4.jsonl.gz")}
    false_alarms = missed = asked = 0
    for row in lines("llmbar", "judgements.jsonl.gz"):
        rationale = said.get((row["item_id"], row["strategy"]))
        if row["judge"] != "GPT-4" or rationale is None:
            continue
        shown = ((row["winner"] == "1", "completion"), (row["winner_swapped"] == "2", "completion_swapped"))
        for first_wins, text in shown:
            right, wrong = (Verdict.A_BETTER, Verdict.B_BETTER)[:: 1 if first_wins else -1]
            asked += 1
            false_alarms += bool(contradiction(right, rationale[text]))
            missed += not contradiction(wrong, rationale[text])
    assert (asked, false_alarms) == (1676, 0)
    assert missed <= 100
