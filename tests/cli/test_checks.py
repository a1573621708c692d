"""`prefstream checks`: the catalogue, and a file of pairs before it is brought in."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import prefstream


def _row(number: int, **changes: str) -> dict[str, str]:
    row = {
        "prompt": f"Question {number}: which is the largest town of country number {number * 7}?",
        "response_a": f"It is town {number * 3}, on the river.",
        "response_b": f"Nobody knows for sure, but {number * 5} people say so.",
    }
    return row | changes


ROWS = [
    _row(1),
    _row(2, response_a=""),
    _row(3, response_b="Write to jane.doe@acme-corp.com"),
    _row(1),
    _row(4, response_a="As an AI language model, I cannot say."),
]


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def scanned(folder: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    ended = prefstream(folder, "checks", "scan", "pairs.jsonl", "--json", *arguments)
    assert ended.code == code, ended.err
    document: dict[str, Any] = json.loads(ended.out)
    return document


def counts(document: dict[str, Any]) -> dict[str, int]:
    return {check["check_id"]: check["count"] for check in document["checks"] if check["count"]}


def test_the_catalogue_is_listed_and_explained(tmp_path: Path) -> None:
    listed = prefstream(tmp_path, "checks", "list", "--json")
    checks = json.loads(listed.out)["checks"]
    assert {"check": "pii", "severity": "quarantine", "title": "Personal data"} in checks
    explained = prefstream(tmp_path, "checks", "explain", "pii")
    assert (explained.code, explained.err) == (0, "")
    assert explained.out.startswith("pii: Personal data")
    assert "quarantine, where a person decides" in explained.out


def test_a_scan_counts_findings_and_tells_lines_and_never_what_it_found(tmp_path: Path, pairs: Path) -> None:
    document = scanned(tmp_path)
    assert (document["rows"], document["pairs"], document["refused"]) == (5, 5, {})
    assert counts(document) == {
        "empty_response": 1,
        "pii": 1,
        "self_identification": 1,
        "exact_duplicate": 1,
    }
    (found,) = next(one["examples"] for one in document["checks"] if one["check_id"] == "pii")
    assert found["line"] == 3
    told = prefstream(tmp_path, "checks", "scan", str(pairs))
    assert "line 4: says what line 1 says" in told.out
    assert "nothing found by identical_responses" in told.out
    assert "jane" not in told.out + json.dumps(document)


def test_fail_on_decides_the_exit_code(tmp_path: Path, pairs: Path) -> None:
    scanned(tmp_path, "--fail-on", "reject", code=1)
    (tmp_path / "mild.yaml").write_text(
        "name: mild\nseverities: {empty_response: note, exact_duplicate: off}\n"
    )
    scanned(tmp_path, "--fail-on", "reject", "--policy", "mild.yaml")
    scanned(tmp_path, "--fail-on", "quarantine", "--policy", "mild.yaml", code=1)


def test_prompts_or_first_turns_are_compared_when_asked(tmp_path: Path) -> None:
    rows = [_row(1), _row(1, response_a="Another answer."), _row(2)]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert counts(scanned(tmp_path)) == {}
    for text in ("prompt", "first_turn"):
        assert counts(scanned(tmp_path, "--text", text)) == {"duplicate_prompt": 1}


def test_dialogues_that_differ_before_the_last_answer_are_a_mismatch(tmp_path: Path) -> None:
    row = {
        "chosen": "\n\nHuman: Hi\n\nAssistant: Hello",
        "rejected": "\n\nHuman: Hey\n\nAssistant: What?",
    }
    (tmp_path / "pairs.jsonl").write_text(json.dumps(row) + "\n")
    assert counts(scanned(tmp_path)) == {"prompt_mismatch": 1}


def test_rows_that_are_no_pairs_are_counted_with_the_reason_and_fail(tmp_path: Path) -> None:
    lines = [
        json.dumps(_row(1)),
        "{broken",
        json.dumps({"prompt": "x", "response_a": True, "response_b": "y"}),
    ]
    (tmp_path / "pairs.jsonl").write_text("\n".join(lines) + "\n")
    document = scanned(tmp_path, "--fail-on", "reject", code=1)
    assert (document["rows"], document["pairs"]) == (3, 1)
    assert sum(document["refused"].values()) == 2
    assert document["refused_lines"] == [2, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("explain", "piy"), "there is no check 'piy'; did you mean 'pii'"),
        (("scan", "gone.jsonl"), "gone.jsonl"),
        (("scan", "empty.jsonl"), "is empty"),
        (("scan", "binary.jsonl"), "binary.jsonl"),
        (("scan", "binary.bin"), "does not say its format"),
        (("scan", "pairs.jsonl", "--text", "all"), "--text 'all' is none of pair, prompt, first_turn"),
        (("scan", "pairs.jsonl", "--fail-on", "severe"), "--fail-on 'severe' is none of"),
        (("scan", "pairs.jsonl", "--policy", "typo.yaml"), "did you mean 'pii'"),
        (("scan", "pairs.jsonl", "--policy", "severe.yaml"), "severities.pii"),
        (("scan", "pairs.jsonl", "--map", "nope=x"), "have no field 'nope'"),
        (("scan", "prompts.csv"), "there is no column for"),
        (("publish", "typo.yaml"), "did you mean 'pii'"),
        (("list", "--policy", "gone.yaml"), "gone.yaml"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_sentence(
    tmp_path: Path, pairs: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "binary.jsonl").write_bytes(b"\x7fELF\x02\x00\xff\xfe" * 40)
    (tmp_path / "binary.bin").write_bytes(b"\x7fELF\x02\x00\xff\xfe" * 40)
    (tmp_path / "typo.yaml").write_text("name: p\nseverities: {piy: off}\n")
    (tmp_path / "severe.yaml").write_text("name: p\nseverities: {pii: severe}\n")
    (tmp_path / "prompts.csv").write_text("prompt\nWhat?\n")
    ended = prefstream(tmp_path, "checks", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert "Traceback" not in ended.err
