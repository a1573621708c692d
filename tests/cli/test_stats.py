"""`prefstream stats`: agreement and aggregate on files."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import prefstream

#: Three people, one of whom left a task out; two slices.
LABELS = """task,worker,label,slice
t1,ann,1,law
t1,bob,1,law
t1,cem,2,law
t2,ann,2,law
t2,bob,2,law
t2,cem,2,law
t3,ann,3,code
t3,bob,1,code
t4,ann,3,code
t4,bob,3,code
t4,cem,3,code
"""
STATISTICS = (
    "percent_agreement",
    "fleiss_kappa",
    "alpha_nominal",
    "alpha_ordinal",
    "alpha_interval",
    "gwet_ac1",
)


def labels(folder: Path, text: str = LABELS) -> str:
    (folder / "labels.csv").write_text(text)
    return "labels.csv"


def rows(*said: str) -> str:
    return "\n".join(["task,worker,label", *said, ""])


def agreement(folder: Path, text: str, *arguments: str) -> dict[str, Any]:
    ended = prefstream(folder, "stats", "agreement", labels(folder, text), *arguments, "--json")
    assert ended.code == 0, ended.err
    document: dict[str, Any] = json.loads(ended.out)
    return document


def test_agreement_has_every_figure_with_limits_or_a_reason(tmp_path: Path) -> None:
    report = agreement(tmp_path, LABELS)

    assert (report["n_units"], report["n_raters"], report["n_labels"], report["order"]) == (
        4,
        3,
        11,
        [*"123"],
    )
    for name in STATISTICS:
        assert (report[name]["value"] is None) == (report[name]["reason"] is not None)
    # 2 + 6 + 0 + 6 of 6 + 6 + 2 + 6 ordered pairs of ratings agree.
    assert report["percent_agreement"]["value"] == 14 / 20
    assert report["alpha_ordinal"]["low"] < report["alpha_ordinal"]["value"] < report["alpha_ordinal"]["high"]
    assert "from 2 to 3 ratings" in report["fleiss_kappa"]["reason"]
    assert sorted(report["cohen_kappa"]) == ["ann|bob", "ann|cem", "bob|cem"]
    assert report["cohen_kappa"]["ann|bob"]["value"] == pytest.approx((3 / 4 - 5 / 16) / (1 - 5 / 16))


def test_agreement_by_slice(tmp_path: Path) -> None:
    report = agreement(tmp_path, LABELS, "--by", "slice")

    assert {name: one["n_units"] for name, one in report["slices"].items()} == {"code": 2, "law": 2}
    assert report["slices"]["law"]["fleiss_kappa"]["value"] == pytest.approx((2 / 3 - 5 / 9) / (4 / 9))


def test_people_read_a_table(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "stats", "agreement", labels(tmp_path), "--by", "slice")

    assert (ended.code, ended.err) == (0, "")
    assert "11 labels of 4 tasks by 3 workers" in ended.out
    assert "Fleiss' kappa      -       units have from 2 to 3 ratings" in ended.out
    assert "  ann | bob: 4 tasks, " in ended.out


def test_words_have_an_order_when_one_is_given(tmp_path: Path) -> None:
    text = rows("t1,ann,bad", "t1,bob,fair", "t2,ann,good", "t2,bob,good")
    without, given = agreement(tmp_path, text), agreement(tmp_path, text, "--order", "bad, fair, good")

    assert (without["alpha_ordinal"]["value"], without["order"]) == (None, None)
    assert without["alpha_ordinal"]["reason"] == "the labels have no order; give one from end to end"
    assert given["alpha_ordinal"]["value"] > given["alpha_nominal"]["value"]
    assert given["alpha_interval"]["reason"] == "the labels are not numbers"
    assert set(given["cohen_kappa_quadratic"]) == {"ann|bob"}


def test_words_of_the_order_that_no_row_has_are_said(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "stats", "agreement", labels(tmp_path), "--order", "1,2,3,4", "--json")

    assert (ended.code, ended.err) == (0, "the order names '4', which no row has\n")


def test_a_bootstrap_has_the_same_limits_twice(tmp_path: Path) -> None:
    text = rows(
        *(f"t{n},{worker},{n % 2 if n % 5 else i}" for n in range(40) for i, worker in enumerate("ab"))
    )
    one, other = (agreement(tmp_path, text, "--bootstrap", "200", "--seed", "7") for _ in range(2))

    assert one == other
    assert one["alpha_nominal"]["low"] < one["alpha_nominal"]["value"] < one["alpha_nominal"]["high"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (["t1,ann,A", "t2,ann,B"], "no unit has two ratings"),
        (["t1,ann,A", "t1,bob,A"], "no disagreement is expected: all ratings are alike"),
        (
            ["t1,ann,A", "t1,bob,A", "t2,ann,A", "t2,bob,A"],
            "no disagreement is expected: all ratings are alike",
        ),
    ],
    ids=["one rater only", "one unit", "constant raters"],
)
def test_what_shows_nothing_is_null_with_a_reason(tmp_path: Path, said: list[str], reason: str) -> None:
    report = agreement(tmp_path, rows(*said))

    assert (report["alpha_nominal"]["value"], report["alpha_nominal"]["reason"]) == (None, reason)
    assert [report[name]["value"] for name in ("fleiss_kappa", "gwet_ac1", "alpha_ordinal")] == [None] * 3
    assert all(kappa["value"] is None and kappa["reason"] for kappa in report["cohen_kappa"].values())


def test_one_constant_rater_leaves_a_kappa_of_zero_that_is_computed(tmp_path: Path) -> None:
    report = agreement(tmp_path, rows("t1,ann,A", "t1,bob,A", "t2,ann,A", "t2,bob,B"))

    assert (report["cohen_kappa"]["ann|bob"]["value"], report["cohen_kappa"]["ann|bob"]["reason"]) == (
        0.0,
        None,
    )


def test_the_last_of_contradicting_labels_counts_unless_said_otherwise(tmp_path: Path) -> None:
    path = labels(tmp_path, rows("t1,ann,A", "t1,bob,B", "t1,ann,B", "t1,bob,B"))
    last = prefstream(tmp_path, "stats", "agreement", path, "--json")
    first = prefstream(tmp_path, "stats", "agreement", path, "--repeated", "first", "--json")
    refused = prefstream(tmp_path, "stats", "agreement", path, "--repeated", "refuse")

    assert json.loads(last.out)["percent_agreement"]["value"] == 1.0
    assert json.loads(first.out)["percent_agreement"]["value"] == 0.0
    assert (json.loads(last.out)["n_repeated"], json.loads(last.out)["n_contradicting"]) == (1, 1)
    assert last.err.startswith("1 labels contradict another")
    assert refused.code == 2
    assert "the worker 'ann' says 'A' and 'B' of task 't1'" in refused.err


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("", [], "labels.csv is empty"),
        ("task,worker,label\n", [], "has no row"),
        ("item,worker,label\nt,ann,A\n", [], "name the one of the task with --map task=COLUMN"),
        (rows("t1,ann,A", "t1,bob,C"), ["--order", "A,B"], "the labels 'C' are not in the order A,B"),
        (rows("t1,ann,A", "t1,bob,B"), ["--order", "A,B,A"], "the order names 'A' twice"),
        (rows("t1,ann,A", "t1,bob,B"), ["--bootstrap", "3"], "3 draws cannot show 95 % limits"),
        (rows("t1,ann,A"), ["--by", "slice"], "has no column 'slice'"),
        (
            "task,worker,label,slice\nt1,ann,A,law\nt1,bob,A,code\n",
            ["--by", "slice"],
            "the task 't1' is in the slices 'law' and 'code'",
        ),
    ],
)
def test_bad_input_ends_with_2_and_a_sentence(
    tmp_path: Path, text: str, arguments: list[str], said: str
) -> None:
    ended = prefstream(tmp_path, "stats", "agreement", labels(tmp_path, text), *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("prefstream: ")
    assert said in ended.err


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "stats", "agreement", "nowhere.csv")

    assert ended.code == 2
    assert "nowhere.csv cannot be read" in ended.err


@pytest.mark.parametrize("method", ["majority", "wawa", "dawid-skene", "dawid-skene-1979"])
def test_tasks_get_labels_held_against_gold(tmp_path: Path, method: str) -> None:
    (tmp_path / "gold.csv").write_text("task,label\nt1,1\nt2,2\nt4,3\nt9,1\n")
    path = labels(tmp_path)
    ended = prefstream(
        tmp_path, "stats", "aggregate", path, "--method", method, "--gold", "gold.csv", "--json"
    )
    report = json.loads(ended.out)

    assert (ended.code, ended.err) == (0, "")
    assert {task: report["labels"][task] for task in ("t1", "t2", "t4")} == {"t1": "1", "t2": "2", "t4": "3"}
    assert all(sum(some.values()) == pytest.approx(1) for some in report["posterior"].values())
    assert (report["gold"]["accuracy"]["value"], report["gold"]["without_labels"]) == (1.0, 1)


def test_people_read_labels_and_ties(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "stats", "aggregate", labels(tmp_path))

    assert (ended.code, ended.err) == (0, "")
    assert "majority: 4 tasks from 11 labels by 3 workers; 1 are tied" in ended.out
    assert "  t3: 1 0.500  tied" in ended.out


def test_gold_that_contradicts_itself_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "gold.csv").write_text("task,label\nt1,1\nt1,2\n")
    ended = prefstream(tmp_path, "stats", "aggregate", labels(tmp_path), "--gold", "gold.csv")

    assert ended.code == 2
    assert "the gold labels of task 't1' are '1' and '2'; keep one" in ended.err
