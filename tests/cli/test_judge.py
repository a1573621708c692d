"""`prefstream judge`: eval, feedback and adopt on files."""

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.cli.command import Ended, prefstream

VERDICT = {"A": "A>", "B": "B>"}


def rows(right: float, *, judge: str = "gpt", pairs: int = 120, labelled: int = 100) -> list[dict[str, Any]]:
    """Return pairs in two slices, two people who agree, and a judge that is right so often."""
    chance = Random(4)
    found = []
    for n in range(pairs):
        side = chance.choice("AB")
        wrong = "B" if side == "A" else "A"
        said = side if (n * 7919 % 1000) / 1000 < right else wrong
        found.append(
            {
                "pair_id": f"p{n:03}",
                "slice": "law" if n % 3 else "code",
                "prompt": f"Question {n}?",
                "response_a": "a" * (n % 7 + 1),
                "response_b": "b" * (n % 5 + 1),
                "judge": judge,
                "verdict": VERDICT[said],
                "verdict_swapped": "nonsense" if n % 20 == 0 else VERDICT[said],
                "judge_rationale": "it is longer",
                "clause_verdicts": [{"clause": "P1", "verdict": said, "quote": "a", "quote_found": True}],
            }
            | (
                {"annotator1": side, "annotator2": side, "rationale": "it is right", "clauses": ["P1"]}
                if n < labelled
                else {}
            )
        )
    return found


def write(path: Path, some: Sequence[dict[str, Any]]) -> str:
    path.write_text("\n".join(map(json.dumps, some)) + "\n")
    return path.name


def test_a_judge_is_evaluated_on_a_file(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "judge", "eval", write(tmp_path / "rows.jsonl", rows(0.8)), "--by", "slice")
    assert (ended.code, ended.err) == (0, "")
    assert "120 pairs, people take a side on 100" in ended.out
    assert [line.split()[1] for line in ended.out.splitlines()[2:5]] == ["all", "code", "law"]
    assert "5 readings without a verdict ('nonsense' 5)" in ended.out
    assert "left out: 20 judged pairs (unlabelled)" in ended.out
    assert "PPI++" in ended.out
    assert "alternative-annotator test at epsilon 0.1" in ended.out
    assert "●" in ended.out


def test_the_document_holds_every_figure(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "judge", "eval", write(tmp_path / "rows.jsonl", rows(0.8)), "--json")
    (card,) = json.loads(ended.out)["judges"]
    assert card["agreement"]["of"] == 100
    assert card["agreement"]["value"] == card["agreement"]["hits"] / 100
    assert card["without_verdict"] == {"ab": 0, "ba": 5}
    assert card["estimates"]["agreement"]["unlabelled"] == 20
    assert {"ece_equal_width", "ece_equal_mass", "brier"} <= card["calibration"].keys()


def test_files_are_put_together_and_columns_named(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text(
        "id,kind,gold\n" + "\n".join(f"p{n},x,{n % 3}" for n in range(30)) + "\n"
    )
    (tmp_path / "gpt.csv").write_text("id,said\n" + "\n".join(f"p{n},{n % 2}" for n in range(30)) + "\n")
    ended = prefstream(
        *(tmp_path, "judge", "eval", "pairs.csv", "gpt.csv", "--map", "slice=kind", "--map", "verdict=said"),
        *("--set", "judge=gpt", "--json"),
    )
    assert (ended.code, ended.err) == (0, "")
    (card,) = json.loads(ended.out)["judges"]
    assert (card["judge"], card["agreement"]["hits"], card["agreement"]["of"]) == ("gpt", 10, 30)


def test_parquet_and_columns_of_judges_are_read(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        "pair_id": [f"p{n}" for n in range(40)],
        "gpt": [1.0 if n % 2 else None for n in range(40)],
        "palm": ["A", "B"] * 20,
        "annotator1": ["A"] * 40,
    }
    pq.write_table(pa.table(columns), tmp_path / "wide.parquet")
    ended = prefstream(
        *(tmp_path, "judge", "eval", "wide.parquet", "--judge-column", "gpt=gpt"),
        *("--judge-column", "palm=palm", "--json"),
    )
    assert (ended.code, ended.err) == (0, "")
    cards = {card["judge"]: card for card in json.loads(ended.out)["judges"]}
    assert cards["gpt"]["agreement"]["hits"] == cards["palm"]["agreement"]["hits"] == 20
    assert (cards["gpt"]["without_verdict"]["ab"], cards["palm"]["without_verdict"]["ab"]) == (20, 0)


def test_pictures_are_drawn_into_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "rows.jsonl", rows(0.8))
    ended = prefstream(tmp_path, "judge", "eval", "rows.jsonl", "--plot", "plots")
    assert ended.code == 0
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == [
        "agreement.png",
        "reliability.png",
    ]


def test_several_judges_are_weighed_together(tmp_path: Path) -> None:
    write(tmp_path / "rows.jsonl", [*rows(0.8), *rows(0.6, judge="palm"), *rows(0.3, judge="worst")])
    ended = prefstream(tmp_path, "judge", "eval", "rows.jsonl", "--stack", "40", "--json")
    found = json.loads(ended.out)["stacking"]
    assert (found["judges"], found["pairs"], found["gold"]) == (3, 100, 40)
    assert found["stacked"] > 0.7


def test_one_class_and_all_ties_are_told_with_reasons(tmp_path: Path) -> None:
    some = [
        {"pair_id": f"p{n}", "label": "tie", "judge": j, "verdict": "tie"} for n in range(30) for j in "xy"
    ]
    ended = prefstream(
        tmp_path, "judge", "eval", write(tmp_path / "ties.jsonl", some), "--stack", "10", "--json"
    )
    report = json.loads(ended.out)
    assert report["judges"][0]["agreement"]["value"] == 1.0
    assert report["judges"][0]["first_shown"]["reason"] == "no reading prefers a response"
    assert "nothing can be learnt" in report["stacking"]["reason"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"label": "A", "judge": "g", "verdict": "A", "confidence": 1.5},
            "rows.jsonl:2: confidence is 1.5, not",
        ),
        (
            {"label": "A", "judge": "g", "verdict": "A", "p_a": "nan"},
            "rows.jsonl:2: p_a is text, not a number",
        ),
        ({"label": "perhaps"}, "rows.jsonl:2: the label of people is no verdict that can be read: 'perhaps'"),
        ({"pair_id": "p0", "label": "B"}, "people labels pair 'p0' 'B>' here and 'A>' before"),
        ({"verdict": "A"}, "rows.jsonl:2: judge is missing"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, row: dict[str, object], message: str) -> None:
    first = {"pair_id": "p0", "label": "A", "judge": "g", "verdict": "A"}
    ended = prefstream(
        tmp_path, "judge", "eval", write(tmp_path / "rows.jsonl", [first, {"pair_id": "p1"} | row])
    )
    refused(ended, message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give either files, or --live"),
        (("rows.jsonl", "--live"), "give either files, or --live"),
        (("gone.jsonl",), "gone.jsonl"),
        (("empty.jsonl",), "empty.jsonl is empty"),
        (("blank.jsonl",), "there is no row"),
        (("broken.jsonl",), "broken.jsonl:1: the line is not JSON"),
        (("rows.jsonl", "--judge", "palm"), "there is no judge 'palm' here; there are: gpt"),
        (("rows.jsonl", "--map", "verdict"), "--map takes NAME=VALUE, not 'verdict'"),
        (("rows.jsonl", "--map", "nope=x"), "evaluations have no field 'nope'"),
        (("rows.jsonl", "--map", "verdict=nope"), "no file has a column 'nope'"),
        (("rows.jsonl", "--stack", "5"), "one judge"),
        (("rows.jsonl", "--epsilon", "2"), "--epsilon takes a number from 0 to 1"),
        (("people.jsonl",), "there is no judgement here"),
        (("judge.jsonl",), "people take no side on any pair"),
        (("--live", "--map", "verdict=x"), "--live needs none"),
        (("rows.jsonl", "--built-from", "gone.txt", "--record", "r.json"), "gone.txt cannot be read"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    write(tmp_path / "rows.jsonl", rows(0.8, pairs=20))
    write(tmp_path / "people.jsonl", [{"pair_id": "p", "label": "A"}])
    write(tmp_path / "judge.jsonl", [{"pair_id": "p", "judge": "g", "verdict": "A"}])
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "blank.jsonl").write_text("\n\n")
    (tmp_path / "broken.jsonl").write_text("{'pair_id': 1}\n")
    ended = prefstream(tmp_path, "judge", "eval", *arguments)
    if message == "one judge":
        assert "stacking: not done: there is one judge" in ended.out
    else:
        refused(ended, message)


def refused(ended: Ended, message: str) -> None:
    assert (ended.code, ended.out) == (2, ""), ended.err
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_feedback_names_clauses_and_proposes_exemplars_that_are_yaml(tmp_path: Path) -> None:
    import yaml

    write(tmp_path / "rows.jsonl", rows(0.8))
    ended = prefstream(tmp_path, "judge", "feedback", "rows.jsonl", "--out", "exemplars.yaml")
    assert ended.code == 0
    assert "gpt: differs from people on 19 of 100 pairs" in ended.out
    assert "P1: 19 of 100 differ" in ended.out
    assert "people: it is right" in ended.out
    (clause,) = yaml.safe_load((tmp_path / "exemplars.yaml").read_text())["principles"]
    assert (clause["id"], len(clause["counter_examples"]), len(clause["built_from"])) == ("P1", 3, 3)
    assert clause["counter_examples"][0].keys() == {"prompt", "better", "worse", "why"}
    refused(
        prefstream(tmp_path, "judge", "feedback", "rows.jsonl", "-o", "exemplars.yaml"), "is there already"
    )


def test_feedback_without_people_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "judge.jsonl", [{"pair_id": "p", "judge": "g", "verdict": "A"}])
    refused(
        prefstream(tmp_path, "judge", "feedback", "judge.jsonl"), "no judged pair has a side that people take"
    )


def record(folder: Path, name: str, right: float, *options: str) -> None:
    write(folder / f"{name}.jsonl", rows(right))
    ended = prefstream(folder, "judge", "eval", f"{name}.jsonl", "--record", f"{name}.json", *options)
    assert ended.code == 0, ended.err


def test_a_better_judge_is_adopted_and_a_worse_one_is_not(tmp_path: Path) -> None:
    record(tmp_path, "now", 0.6)
    record(tmp_path, "new", 0.9)
    adopted = prefstream(tmp_path, "judge", "adopt", "--present", "now.json", "--candidate", "new.json")
    assert (adopted.code, adopted.out.partition(":")[0]) == (0, "adopt")
    kept = prefstream(
        tmp_path, "judge", "adopt", "--present", "new.json", "--candidate", "now.json", "--json"
    )
    assert (kept.code, json.loads(kept.out)["adopt"]) == (1, False)


def test_a_candidate_may_not_be_tried_on_what_it_was_built_from(tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("\n".join(f"p{n:03}" for n in range(100)))
    record(tmp_path, "now", 0.6)
    record(tmp_path, "new", 0.9, "--built-from", "ids.txt")
    ended = prefstream(tmp_path, "judge", "adopt", "--present", "now.json", "--candidate", "new.json")
    refused(ended, "no pair is left that neither judge was built from")


def test_proposals_say_what_they_were_built_from(tmp_path: Path) -> None:
    record(tmp_path, "now", 0.6)
    ended = prefstream(tmp_path, "judge", "feedback", "now.jsonl", "--json")
    (tmp_path / "feedback.json").write_text(ended.out)
    record(tmp_path, "new", 0.9, "--built-from", "feedback.json")
    found = prefstream(
        tmp_path, "judge", "adopt", "--present", "now.json", "--candidate", "new.json", "--json"
    )
    assert (found.code, json.loads(found.out)["excluded"]) == (0, 3)


def test_a_file_that_does_not_say_what_it_was_built_from_is_refused(tmp_path: Path) -> None:
    record(tmp_path, "now", 0.6)
    silent = json.loads((tmp_path / "now.json").read_text())
    del silent["built_from"]
    (tmp_path / "new.json").write_text(json.dumps(silent))
    ended = prefstream(tmp_path, "judge", "adopt", "--present", "now.json", "--candidate", "new.json")
    refused(ended, "new.json is no recorded evaluation: built_from: Field required")


def test_one_judge_is_recorded_not_several(tmp_path: Path) -> None:
    write(tmp_path / "rows.jsonl", [*rows(0.8), *rows(0.6, judge="palm")])
    refused(
        prefstream(tmp_path, "judge", "eval", "rows.jsonl", "--record", "r.json"),
        "--record keeps one judge; choose one with --judge: gpt/recorded, palm/recorded",
    )


def test_without_a_deployment_live_says_how_to_get_one(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "judge", "eval", "--live")
    assert ended.code == 3
    assert "prefstream up" in ended.err
