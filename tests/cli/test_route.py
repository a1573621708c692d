import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from prefstream.streams.commands import load_policy
from tests.cli.command import prefstream


def rows(n: int = 300, *, wrong_every: int = 25) -> list[dict[str, Any]]:
    return [
        {
            "pair_id": f"p{place}",
            "slice": "maths" if place % 3 else "code",
            "confidence": (0.95, 0.75, 0.55)[place % 3],
            "judge_label": "AB"[place % 2],
            "human_label": "AB"[(place + (place % wrong_every == 0)) % 2],
        }
        for place in range(n)
    ]


def write(path: Path, found: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(one) + "\n" for one in found))
    return path.name


def told(folder: Path, *arguments: str) -> dict[str, Any]:
    ended = prefstream(folder, *arguments, "--json")
    assert ended.code == 0, ended.err
    document: dict[str, Any] = json.loads(ended.out)
    return document


def test_certify_tells_each_slice_with_the_documented_keys(tmp_path: Path) -> None:
    document = told(tmp_path, "route", "certify", write(tmp_path / "audit.jsonl", rows()))
    assert set(document["slices"]) == {"maths", "code"}
    for one in document["slices"].values():
        assert {"certified", "threshold", "coverage", "n_accepted", "errors", "p_value", "needed"} <= set(one)
    maths = document["slices"]["maths"]
    assert (maths["certified"], maths["coverage"], maths["n_accepted"]) == (True, 1.0, 200)


def test_csv_parquet_and_jsonl_say_the_same(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = rows()
    files = [write(tmp_path / "a.jsonl", found), "a.csv", "a.parquet"]
    with (tmp_path / "a.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(found[0]))
        writer.writeheader()
        writer.writerows(found)
    pq.write_table(pa.Table.from_pylist(found), tmp_path / "a.parquet")
    first, *others = [told(tmp_path, "route", "certify", file) for file in files]
    assert others == [first, first]


def test_the_policy_is_one_that_publish_takes(tmp_path: Path) -> None:
    audit = write(tmp_path / "audit.jsonl", rows())
    ended = prefstream(tmp_path, "route", "certify", audit, "--alpha", "0.12", "--out", "policy.yaml")
    assert ended.code == 0, ended.err
    policy = load_policy(tmp_path / "policy.yaml")
    assert (policy.alpha, policy.audit_share) == (0.12, 0.1)
    assert policy.slices["maths"].threshold == 0.0
    assert policy.certificate is not None
    assert policy.certificate.window.labels == 300


def test_a_pooled_policy_says_that_it_is_pooled(tmp_path: Path) -> None:
    audit = write(tmp_path / "audit.jsonl", rows())
    ended = prefstream(tmp_path, "route", "certify", audit, "--pooled", "--out", "policy.yaml")
    assert "POOLED" in ended.out
    text = (tmp_path / "policy.yaml").read_text()
    assert "promises nothing for any one of them" in text
    assert yaml.safe_load(text)["certificate"]["pooled"] is True
    document = told(tmp_path, "route", "certify", audit, "--pooled")
    assert document["mode"] == "pooled"
    assert document["pooled"]["certified"]
    assert not any(one["certified"] for one in document["slices"].values())


def test_without_audit_labels_nothing_is_said_of_risk(tmp_path: Path) -> None:
    unaudited = [one | {"propensity": 0} for one in rows(60)]
    document = told(tmp_path, "route", "certify", write(tmp_path / "a.jsonl", unaudited))
    for one in document["slices"].values():
        assert (one["certified"], one["risk"], one["refusal"]) == (False, None, "no_audit_labels")
    assert "unknown" in document["notes"][-1]


def test_backtest_has_the_documented_keys_pooled_and_by_slice(tmp_path: Path) -> None:
    audit = write(tmp_path / "audit.jsonl", rows())
    arguments = ("--alpha", "0.1", "--delta", "0.1", "--resamples", "50", "--slices")
    document = told(tmp_path, "route", "backtest", audit, *arguments)
    keys = {"coverage_mean", "violation_rate", "abstain_rate", "oracle_coverage"}
    for one in (document, document["pooled"], document["slicewise"], *document["slices"].values()):
        assert keys <= set(one)
    assert document["n_labels"] == 150
    assert document == told(tmp_path, "route", "backtest", audit, *arguments)


def test_a_curve_is_drawn_in_characters_and_as_a_picture(tmp_path: Path) -> None:
    audit = write(tmp_path / "audit.jsonl", rows())
    ended = prefstream(tmp_path, "route", "curve", audit, "--plot", "curve.png")
    assert ended.code == 0, ended.err
    assert "share of pairs sent to people" in ended.out
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    document = told(tmp_path, "route", "curve", audit)
    assert document["points"][0]["routed"] == pytest.approx(0.96)
    assert document["points"][-1] == {"people": 1.0, "routed": 1.0, "random": 1.0, "oracle": 1.0}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"confidence": 1.2}, "audit.jsonl:7: confidence is 1.2, not a number from 0 to 1"),
        ({"confidence": "many"}, "audit.jsonl:7: confidence is 'many'"),
        ({"human_label": "gibberish"}, "'gibberish'"),
        ({"pair_id": "p1"}, "audit.jsonl:7: pair 'p1' stands on line 2"),
        ({"pair_id": ""}, "audit.jsonl:7: pair_id is missing"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_exit_code_2(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    found = rows(40)
    found[6] |= changed
    ended = prefstream(tmp_path, "route", "certify", write(tmp_path / "audit.jsonl", found))
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("certify", "none.jsonl"), "none.jsonl cannot be read"),
        (("certify", "empty.jsonl"), "empty"),
        (("certify", "audit.jsonl", "--alpha", "1.5"), "alpha is 1.5"),
        (("certify", "audit.jsonl", "--anytime", "0.5,0.9"), "strictest first"),
        (("certify", "audit.jsonl", "--map", "human_label=gold"), "no column 'gold'"),
        (("certify", "audit.jsonl", "--judge", "gpt"), "no judge 'gpt'"),
        (("certify", "audit.jsonl", "--population", "file", "-o", "p.yaml"), "pairs to come"),
        (("backtest", "audit.jsonl", "--labels", "60"), "cannot be drawn"),
        (("curve", "audit.jsonl", "--plot", "curve.pdf"), "curve.png"),
        (("curve", "audit.jsonl", "--slice", "poems"), "no slice 'poems'"),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_code_2(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    write(tmp_path / "audit.jsonl", rows(60))
    write(tmp_path / "empty.jsonl", [])
    ended = prefstream(tmp_path, "route", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_a_row_of_jsonl_may_leave_out_what_it_does_not_know(tmp_path: Path) -> None:
    found = [
        {name: cell for name, cell in one.items() if name != "human_label" or place % 2}
        for place, one in enumerate(rows(400))
    ]
    document = told(tmp_path, "route", "certify", write(tmp_path / "audit.jsonl", found))
    assert (document["n_pairs"], document["n_labels"]) == (400, 200)
    without = [{"pair_id": "p", "confidence": 0.9, "judge_label": "A"}]
    ended = prefstream(tmp_path, "route", "certify", write(tmp_path / "audit.jsonl", without))
    assert (ended.code, ended.out) == (2, "")
    assert "no column for human_label" in ended.err
