"""`prefstream schemas`: export writes the contract, check names every difference and ends with 2."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from prefstream import schemas
from prefstream.cli import main
from prefstream.cli.schemas import app
from prefstream.schemas import contract
from prefstream.schemas.contract import documents
from prefstream.schemas.errors import BadInput, Incompatible

SHIPPED = Path(schemas.__path__[0]) / "json"


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_an_export_is_complete_and_checks_out(tmp_path: Path) -> None:
    done = run("export", tmp_path / "c", "--reference", tmp_path / "r")
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "c").iterdir()} == set(contract.files())
    assert {path.name for path in (tmp_path / "r").iterdir()} == {"events.md", "topics.md"}
    checked = run("check", tmp_path / "c")
    assert checked.exit_code == 0
    assert f"({len(documents())} documents)" in checked.output


def test_an_export_can_say_what_it_wrote_as_json(tmp_path: Path) -> None:
    written = json.loads(run("export", tmp_path, "--json").output)["written"]
    assert sorted(written) == sorted(str(tmp_path / name) for name in contract.files())


def test_the_shipped_contract_is_checked_where_no_folder_is_named() -> None:
    assert json.loads(run("check", "--json").output) == {
        "folder": str(SHIPPED),
        "incompatible": [],
        "drift": [],
    }


def exported(folder: Path, name: str, change: Callable[[dict[str, Any]], None]) -> Path:
    run("export", folder)
    document = read(folder / name)
    change(document)
    (folder / name).write_text(json.dumps(document))
    return folder


def test_an_incompatibility_is_named_and_ends_with_2(tmp_path: Path) -> None:
    def had_a_mood(document: dict[str, Any]) -> None:
        document["properties"]["mood"] = {"type": "string"}

    found = run("check", exported(tmp_path, "PairJudged.v1.json", had_a_mood))
    assert isinstance(found.exception, Incompatible)
    assert found.exception.exit_code == 2
    assert "incompatible: PairJudged.v1: mood: removed" in str(found.exception)
    assert "drift: PairJudged.v1: says something else" in str(found.exception)


def test_an_addition_is_a_drift_and_no_incompatibility(tmp_path: Path) -> None:
    def lacked_the_tags(document: dict[str, Any]) -> None:
        del document["properties"]["tags"]

    folder = exported(tmp_path, "PairJudged.v1.json", lacked_the_tags)
    found = run("check", folder, "--json")
    assert found.exit_code == 2
    told = json.loads(found.output)
    assert (told["incompatible"], told["drift"]) == ([], ["PairJudged.v1: says something else"])
    assert run("check", folder, "--breaking-only").exit_code == 0


def test_a_document_that_is_missing_is_named(tmp_path: Path) -> None:
    run("export", tmp_path)
    (tmp_path / "PairJudged.v1.json").unlink()
    assert json.loads(run("check", tmp_path, "--json").output)["drift"] == [
        "PairJudged.v1: not in the folder"
    ]


def test_a_folder_without_a_contract_is_bad_input(tmp_path: Path) -> None:
    assert isinstance(run("check", tmp_path).exception, BadInput)
    assert isinstance(run("check", tmp_path / "nowhere").exception, BadInput)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b""])
def test_a_document_that_is_no_json_object_is_bad_input(tmp_path: Path, content: bytes) -> None:
    run("export", tmp_path)
    (tmp_path / "asyncapi.json").write_bytes(content)
    found = run("check", tmp_path).exception
    assert isinstance(found, BadInput)
    assert "asyncapi.json" in str(found)


def test_an_export_to_a_file_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    found = run("export", tmp_path / "taken").exception
    assert isinstance(found, BadInput)
    assert str(tmp_path / "taken") in str(found)


def test_the_command_ends_with_2_and_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["prefstream", "schemas", "check", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"prefstream: {tmp_path} holds no exported contract")


@pytest.mark.parametrize("command", ["export", "check"])
def test_help_shows_an_example(command: str) -> None:
    assert f"Example: prefstream schemas {command}" in run(command, "--help").output
