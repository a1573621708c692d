"""`prefstream sampling` and `prefstream protect`, as far as they go without a deployment."""

import json
from pathlib import Path

import pytest

from tests.cli.command import prefstream


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    path = tmp_path / "prompts.csv"
    rows = [f"Question {n} of the law?,law" for n in range(30)] + [f"Code {n} in C?,code" for n in range(10)]
    path.write_text("\n".join(["prompt,slice", *rows]) + "\n")
    return path


def test_a_plan_is_reckoned_shown_and_written(tmp_path: Path, prompts: Path) -> None:
    ended = prefstream(
        tmp_path,
        "sampling",
        "plan",
        "--targets",
        "code=.5,law=.5",
        "--of",
        prompts.name,
        "--out",
        "plan.json",
    )
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[1].split() == ["code", "10", "25.0%", "1.0000", "10", "50.0%"]
    assert ended.out.splitlines()[2].split() == ["law", "30", "75.0%", "0.3333", "10", "50.0%"]
    assert "prefstream sampling publish plan.json" in ended.out
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert plan["keep"] == {"code": 1.0, "law": pytest.approx(1 / 3)}

    again = prefstream(
        tmp_path, "sampling", "plan", "--targets", "code=.5,law=.5", "--of", prompts.name, "--json"
    )
    document = json.loads(again.out)
    assert document["plan"] == plan
    assert document["expected"] == {"code": 10.0, "law": pytest.approx(10)}


def test_what_a_plan_leaves_out_is_said(tmp_path: Path, prompts: Path) -> None:
    ended = prefstream(tmp_path, "sampling", "plan", "--targets", "code=.5,tone=.5", "--of", prompts.name)
    assert ended.code == 0
    assert "nothing arrived in tone" in ended.err
    assert "nothing of law is kept" in ended.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--targets", "code"), "not of the form SLICE=SHARE"),
        (("--targets", "code=much"), "not of the form SLICE=SHARE"),
        (("--targets", "code=.5,code=.5"), "twice"),
        (("--targets", "code=.5"), "either --of FILE, or --live"),
        (("--targets", "code=.5", "--live", "--of", "prompts.csv"), "either --of FILE, or --live"),
        (("--targets", "code=2", "--of", "prompts.csv"), "between 0 and 1"),
        (("--targets", "nope=1", "--of", "prompts.csv"), "no prompt has arrived in nope"),
        (("--targets", "code=1", "--of", "gone.csv"), "gone.csv"),
    ],
)
def test_bad_input_ends_with_code_2_and_one_sentence(
    tmp_path: Path, prompts: Path, arguments: tuple[str, ...], message: str
) -> None:
    ended = prefstream(tmp_path, "sampling", "plan", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_a_binary_file_is_no_protected_set(tmp_path: Path) -> None:
    (tmp_path / "exam.txt").write_bytes(b"\x7fELF\x02\x00\x00")
    ended = prefstream(tmp_path, "protect", "add", "exam", "exam.txt")
    assert ended.code == 2
    assert "binary file" in ended.err


@pytest.mark.parametrize(
    "command",
    [
        ("sampling", "show"),
        ("sampling", "revoke", "--reason", "done"),
        ("protect", "list"),
        ("protect", "show", "exam"),
        ("protect", "remove", "exam"),
    ],
)
def test_without_a_deployment_commands_say_how_to_get_one(tmp_path: Path, command: tuple[str, ...]) -> None:
    ended = prefstream(tmp_path, *command)
    assert ended.code == 3
    assert "prefstream up" in ended.err
