"""What the command says of settings that cannot be used: one sentence, exit code 2."""

import os
from pathlib import Path

import pytest

from prefstream.adapters.settings import Settings
from prefstream.schemas.errors import BadInput
from tests.cli.command import Ended, prefstream


def assert_one_sentence(ended: Ended, *words: str) -> None:
    assert ended.code == 2, ended.err
    assert ended.out == ""
    assert ended.err.startswith("prefstream: ")
    assert ended.err.count("\n") == 1, ended.err
    for word in words:
        assert word in ended.err


def test_a_variable_with_a_wrong_value_is_named(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "status", PREFSTREAM_OVERLAP="zero")
    assert_one_sentence(ended, "PREFSTREAM_OVERLAP", "integer")


@pytest.mark.parametrize(
    "command", ["status", "db status", "up", "run sink", "topics list", "deadletters list"]
)
def test_every_command_says_it_in_one_sentence(tmp_path: Path, command: str) -> None:
    ended = prefstream(tmp_path, *command.split(), PREFSTREAM_PARTITIONS="0")
    assert_one_sentence(ended, "PREFSTREAM_PARTITIONS")


def test_an_unknown_key_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "prefstream.toml").write_text("overlapp = 3\n")
    assert_one_sentence(prefstream(tmp_path, "status"), "overlapp", "prefstream.toml", "no setting")


def test_a_wrong_value_in_the_file_is_named_with_its_table(tmp_path: Path) -> None:
    (tmp_path / "prefstream.toml").write_text("[kafka]\nreplication = 0\n")
    assert_one_sentence(prefstream(tmp_path, "status"), "kafka.replication", "prefstream.toml")


@pytest.mark.parametrize("content", [b"overlap = = 3\n", b"\xff\xfe\x00"])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "prefstream.toml").write_bytes(content)
    assert_one_sentence(prefstream(tmp_path, "status"), "prefstream.toml", "not TOML")


def test_a_list_that_is_not_json_is_named(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "status", PREFSTREAM_JUDGE__PANEL="offline")
    assert_one_sentence(ended, "PREFSTREAM_JUDGE__PANEL", "JSON")


def test_an_unknown_variable_below_a_known_one_is_named(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "status", PREFSTREAM_KAFKA__SERVERS="kafka:9092")
    assert_one_sentence(ended, "PREFSTREAM_KAFKA__SERVERS", "no setting")


def test_the_number_of_further_faults_is_told(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "status", PREFSTREAM_OVERLAP="0", PREFSTREAM_KEEP_S="-1")
    assert_one_sentence(ended, "PREFSTREAM_OVERLAP", "1 more")


def test_a_value_is_never_repeated_for_it_may_be_a_secret(tmp_path: Path) -> None:
    (tmp_path / "prefstream.toml").write_text('[postgres]\ndsn = ["postgresql://u:hunter2@h/d"]\n')
    ended = prefstream(tmp_path, "status")
    assert_one_sentence(ended, "postgres.dsn")
    assert "hunter2" not in ended.err


def test_arguments_win_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("PREFSTREAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prefstream.toml").write_text("overlap = 2\npartitions = 2\nkeep_s = 2\n")
    monkeypatch.setenv("PREFSTREAM_OVERLAP", "3")
    monkeypatch.setenv("PREFSTREAM_PARTITIONS", "3")
    settings = Settings(overlap=5)
    assert (settings.overlap, settings.partitions, settings.keep_s) == (5, 3, 2)


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every file")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prefstream.toml").touch(mode=0o000)
    with pytest.raises(BadInput, match="cannot be read"):
        Settings()
