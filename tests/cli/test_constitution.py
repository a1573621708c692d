"""`prefstream constitution` as an author uses it."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.command import Ended, prefstream

EXAMPLES = ("starter", "general", "medical")


def begun(folder: Path, example: str = "starter", name: str = "house.yaml") -> Path:
    ended = prefstream(folder, "constitution", "new", name, "--example", example)
    assert (ended.code, ended.err) == (0, "")
    return folder / name


def edited(path: Path, old: str, new: str) -> Path:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def constitution(folder: Path, *arguments: str, **settings: str) -> Ended:
    return prefstream(folder, "constitution", *arguments, **settings)


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_constitution_begun_from_an_example_is_clean_and_has_its_schema_beside_it(
    tmp_path: Path, example: str
) -> None:
    path = begun(tmp_path, example)

    first = path.read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=./constitution.schema.json"
    assert json.loads((tmp_path / "constitution.schema.json").read_text("utf-8"))["$id"]
    report = json.loads(constitution(tmp_path, "lint", "house.yaml", "--json").out)
    assert (report["errors"], report["warnings"], report["findings"]) == (0, 0, [])


def test_new_overwrites_nothing(tmp_path: Path) -> None:
    path = begun(tmp_path)
    path.write_text("mine", encoding="utf-8")

    ended = constitution(tmp_path, "new", "house.yaml")
    assert (ended.code, path.read_text("utf-8")) == (2, "mine")
    assert "is there already" in ended.err
    assert constitution(tmp_path, "new", "other.yaml", "--example", "nonsense").code == 2
    assert constitution(tmp_path, "new", "no/such/folder.yaml").code == 2


def test_lint_names_line_column_code_and_fix_and_ends_with_2(tmp_path: Path) -> None:
    edited(begun(tmp_path), "clause: correctness", "clause: corectness")

    ended = constitution(tmp_path, "lint", "house.yaml")
    assert (ended.code, ended.err) == (2, "")
    assert re.search(
        r"^house\.yaml:\d+:5: error \[unknown-clause\] escalation\[0\]\.clause: ", ended.out, re.MULTILINE
    )
    assert "name one of: correctness, helpfulness" in ended.out
    report = json.loads(constitution(tmp_path, "lint", "house.yaml", "--json").out)
    [finding] = report["findings"]
    assert (report["errors"], report["constitution_id"], finding["code"]) == (1, None, "unknown-clause")


def test_lint_with_warnings_alone_ends_well(tmp_path: Path) -> None:
    edited(begun(tmp_path), "  ties: Choose a tie only when you would toss a coin for it.\n", "")

    ended = constitution(tmp_path, "lint", "house.yaml")
    assert ended.code == 0
    assert "warning [empty-protocol]" in ended.out


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"name: [", "not-yaml"),
        (b"a: &a [1]\nb: [*a, *a]", "aliases"),
        (b"- 1", "mapping"),
        (b"\xff\xfe", "UTF-8"),
        (b"#" * 1_000_001, "larger than"),
    ],
)
def test_what_is_no_constitution_ends_with_2_and_one_clear_sentence(
    tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "house.yaml").write_bytes(content)

    ended = constitution(tmp_path, "lint", "house.yaml")
    assert ended.code == 2
    assert told in ended.out + ended.err
    assert "Traceback" not in ended.err


def test_diff_of_two_files_says_what_each_edit_means(tmp_path: Path) -> None:
    begun(tmp_path, name="old.yaml")
    new = edited(begun(tmp_path, name="new.yaml"), "must be right", "should be right")
    edited(new, "priority: 2", "priority: 1")

    ended = constitution(tmp_path, "diff", "old.yaml", "new.yaml")
    assert ended.code == 0
    assert "loosened   clause correctness" in ended.out
    assert "sharpened  clause helpfulness" in ended.out
    report = json.loads(constitution(tmp_path, "diff", "old.yaml", "new.yaml", "--json").out)
    assert {(one["id"], one["kind"]) for one in report["changes"]} == {
        ("correctness", "loosened"),
        ("helpfulness", "sharpened"),
    }
    assert report["judge_prompt_changes"] is True


def test_a_file_is_shown_in_every_form(tmp_path: Path) -> None:
    begun(tmp_path)

    judge = constitution(tmp_path, "show", "house.yaml", "--as", "judge").out
    assert "## Clause correctness (priority 1)" in judge
    assert "record_verdict" in judge
    annotator = constitution(tmp_path, "show", "house.yaml", "--as", "annotator").out
    assert annotator.startswith("# House rules\n")
    rubric = json.loads(constitution(tmp_path, "show", "house.yaml", "--as", "annotator", "--json").out)[
        "rubric"
    ]
    assert [clause["id"] for clause in rubric["clauses"]] == ["correctness", "helpfulness"]
    source = constitution(tmp_path, "show", "house.yaml", "--as", "yaml").out
    (tmp_path / "again.yaml").write_text(source, encoding="utf-8")
    told = [
        json.loads(constitution(tmp_path, "show", name, "--json").out)
        for name in ("house.yaml", "again.yaml")
    ]
    assert told[0]["constitution_id"] == told[1]["constitution_id"]


def test_schema_is_what_editors_read(tmp_path: Path) -> None:
    schema = json.loads(constitution(tmp_path, "schema").out)
    assert schema["properties"]["principles"]["minItems"] == 1


def test_without_a_deployment_what_is_in_force_cannot_be_shown(tmp_path: Path) -> None:
    ended = constitution(tmp_path, "show")
    assert ended.code == 3
    assert "prefstream up" in ended.err


@pytest.mark.postgres
def test_published_versions_are_found_by_id_hash_and_name(tmp_path: Path, postgres_dsn: str) -> None:
    settings = {"PREFSTREAM_POSTGRES__DSN": postgres_dsn}
    assert prefstream(tmp_path, "db", "upgrade", **settings).code == 0
    assert prefstream(tmp_path, "topics", "create", **settings).code == 0
    shipped = json.loads(constitution(tmp_path, "show", "--json", **settings).out)
    assert (shipped["constitution_id"][:8], shipped["published_at"]) == ("general@", None)

    begun(tmp_path)
    first = json.loads(constitution(tmp_path, "publish", "house.yaml", "--json", **settings).out)
    again = json.loads(constitution(tmp_path, "publish", "house.yaml", "--json", **settings).out)
    assert (first["published"], again["published"]) == (True, False)
    edited(tmp_path / "house.yaml", 'version: "1"', 'version: "2"')
    second = json.loads(constitution(tmp_path, "publish", "house.yaml", "--json", **settings).out)

    in_force = json.loads(constitution(tmp_path, "show", "--json", **settings).out)
    assert (in_force["constitution_id"], in_force["in_force"]) == (second["constitution_id"], True)
    for which in (first["constitution_id"], "house@1", first["constitution_id"].partition("#")[2]):
        found = json.loads(constitution(tmp_path, "show", which, "--json", **settings).out)
        assert (found["constitution_id"], found["in_force"]) == (first["constitution_id"], False)
    unknown = constitution(tmp_path, "show", "house@9", **settings)
    assert unknown.code == 2
    assert "house@1#" in unknown.err
    edited(tmp_path / "house.yaml", "must be right", "may be right")
    told = json.loads(constitution(tmp_path, "diff", "house.yaml", "--json", **settings).out)
    assert told["from"] == second["constitution_id"]
    touched = constitution(tmp_path, "touches", "house.yaml", **settings)
    assert touched.code == 0
    assert "to judge again (judges read another prompt): 0 pairs" in touched.out


@pytest.mark.postgres
def test_publish_refuses_what_lint_refuses_and_what_says_that_it_is_a_draft(
    tmp_path: Path, postgres_dsn: str
) -> None:
    settings = {"PREFSTREAM_POSTGRES__DSN": postgres_dsn}
    path = begun(tmp_path)
    edited(path, 'version: "1"', 'version: "1"\ndraft: true')
    ended = constitution(tmp_path, "publish", "house.yaml", **settings)
    assert ended.code == 2
    assert "this is a draft" in ended.err
    edited(edited(path, "draft: true", "draft: false"), "clause: correctness", "clause: nothing")
    ended = constitution(tmp_path, "publish", "house.yaml", **settings)
    assert ended.code == 2
    assert "'nothing' is no principle" in ended.err
