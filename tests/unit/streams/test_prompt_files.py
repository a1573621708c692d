"""Prompts in files: read in every format people have, refused with the line where they are none."""

from pathlib import Path

import pytest
from tests.factories import a_sampling_plan

from prefstream.adapters.settings import Settings
from prefstream.domain.curation.protection import hashed_text
from prefstream.schemas.errors import BadInput
from prefstream.streams.prompt_files import prompts_in
from prefstream.streams.protected_sets import document_of, read_set
from prefstream.streams.sampling_plans import arrivals_in_file, load_plan, write_plan


def texts(path: Path, **options: object) -> list[str]:
    return [event.messages[-1].content for event in prompts_in(str(path), **options)]  # type: ignore[arg-type]


def test_prompts_are_read_from_rows_and_from_plain_lines(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"question": "one"}\n\n{"question": "two"}\n')
    table = tmp_path / "table.csv"
    table.write_text("prompt,slice\none,law\ntwo,code\n")
    lines = tmp_path / "lines.txt"
    lines.write_text("\ufeffone\n\n two \r\n")

    assert texts(rows, columns={"prompt": "question"}) == ["one", "two"]
    assert texts(table) == ["one", "two"]
    assert texts(lines) == ["one", "two"]
    assert [event.slice for event in prompts_in(str(table))] == ["law", "code"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.jsonl", b'{"prompt": "one"}\n{"prompt": 1', r"x\.jsonl:2: the line is not JSON"),
        ("x.jsonl", b'{"prompt": "one"}\n{"colour": "two"}\n', r"x\.jsonl:2: prompt is missing"),
        ("x.jsonl", b"\x7fELF\x02\x01\x01\x00\x00\xff\xfe\n", r"x\.jsonl:1: "),
        ("x.txt", b"\x7fELF\x02\x01\x01\x00\x00 text", "binary file"),
        ("x.txt", b"caf\xe9", "byte 3 is not UTF-8"),
        ("x.bin", b"\x00\x01", "does not say its format"),
        ("x.parquet", b"PAR1 and no more", "x.parquet"),
        ("x.csv", b"colour\none\n", "its columns are colour"),
    ],
)
def test_a_file_that_holds_no_prompts_is_refused_and_says_where(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=message):
        read_set("exam", str(path))


def test_a_file_that_is_not_there_or_empty_is_refused(tmp_path: Path) -> None:
    for name in ("gone.txt", "gone.jsonl"):
        with pytest.raises(BadInput, match="cannot be read"):
            list(prompts_in(str(tmp_path / name)))
    empty = tmp_path / "empty.txt"
    empty.write_text("\n \n")
    with pytest.raises(BadInput, match="holds no prompts"):
        read_set("exam", str(empty))


@pytest.mark.parametrize("name", ["", " ", "a/b", "a#b", "x" * 101, "."])
def test_a_set_needs_a_name_that_can_be_typed(tmp_path: Path, name: str) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("one\n")
    with pytest.raises(BadInput, match="cannot be named"):
        read_set(name, str(lines))


def test_a_set_protects_every_user_turn_of_its_file_and_tells_only_counts(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        '{"messages": [{"role": "user", "content": "first turn"},'
        ' {"role": "assistant", "content": "a reply"}, {"role": "user", "content": "second turn"}]}\n'
    )
    found = read_set("exam-1", str(rows))
    assert [found.match(hashed_text([text])) is not None for text in ("FIRST turn", "second turn")] == [
        True,
        True,
    ]
    assert found.match(hashed_text(["a reply"])) is None
    assert document_of(found) == {
        "name": "exam-1",
        "set_id": found.set_id,
        "prompts": 2,
        "grams": 0,
        "parts": 1,
    }


# Sampling -----------------------------------------------------------------------------------------


@pytest.fixture
def anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert Settings().constitution is None
    return tmp_path


def test_arrivals_of_a_file_count_each_text_once_by_the_rules(anywhere: Path) -> None:
    lines = anywhere / "lines.txt"
    lines.write_text("What is 17 * 23?\nwhat is 17*23\nWhat is 17 * 24?\nHello there\n")
    seen: list[int] = []
    found = arrivals_in_file(str(lines), on_row=seen.append)
    assert sum(found.values()) == 3 - ("hello there" in found)
    assert found["arithmetic"] == 2
    assert seen == [1, 2, 3, 4]


def test_a_plan_comes_back_from_its_file(tmp_path: Path) -> None:
    path, plan = tmp_path / "plan.json", a_sampling_plan(targets={"code": 0.5}, arrivals={"code": 3})
    write_plan(path, plan)
    assert load_plan(path) == plan
    with pytest.raises(BadInput, match="cannot be written"):
        write_plan(tmp_path / "no" / "such" / "folder", plan)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name: p\nkeep: {code: 1.5}", r"keep\.code"),
        ("name: p\nkep: {code: .5}", "no field is named kep"),
        ("[1, 2", "neither JSON nor YAML"),
        ("just text", "the document"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_and_says_why(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(content)
    with pytest.raises(BadInput, match=message):
        load_plan(path)
