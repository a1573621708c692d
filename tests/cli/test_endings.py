"""How commands end: codes, one sentence on standard error, one document on standard output."""

import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from prefstream.adapters import samples
from tests.cli.command import PREFSTREAM, Ended, environment, prefstream

#: Nothing listens on the discard port of loopback.
CLOSED = "127.0.0.1:9"


def assert_told(ended: Ended, code: int, *words: str) -> None:
    assert ended.code == code, ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err
    for word in words:
        assert word in ended.err


def test_an_unknown_process_is_refused_with_those_there_are(tmp_path: Path) -> None:
    assert_told(prefstream(tmp_path, "run", "wroker"), 2, "wroker", "worker, llm-worker, calibrator, sink")


@pytest.mark.parametrize("command", ["up", "demo"])
def test_an_unknown_log_is_refused_with_those_there_are(tmp_path: Path, command: str) -> None:
    assert_told(prefstream(tmp_path, command, "--log", "rabbit"), 2, "rabbit", "kafka or postgres")
    assert not (tmp_path / ".prefstream").exists()


@pytest.mark.parametrize("command", ["nonsense", "status --nonsense", "deadletters list --limit none"])
def test_what_the_command_line_does_not_know_exits_2(tmp_path: Path, command: str) -> None:
    assert_told(prefstream(tmp_path, *command.split()), 2, "Usage: ")


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "status --json",
        "run worker",
        "db status",
        "db upgrade",
        "deadletters list",
        "topics list",
        "topics create --json",
        "policy revoke --reason x",
    ],
)
def test_nothing_configured_and_nothing_running_is_told_in_one_sentence(tmp_path: Path, command: str) -> None:
    ended = prefstream(tmp_path, *command.split())
    assert_told(ended, 3, "prefstream: no database is set", "prefstream up", "PREFSTREAM_POSTGRES__DSN")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    "command", ["status", "db status", "topics list", "deadletters list", "policy revoke --reason x"]
)
def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path: Path, command: str) -> None:
    dsn = f"postgresql://someone:hunter2@{CLOSED}/prefs"
    ended = prefstream(tmp_path, *command.split(), PREFSTREAM_POSTGRES__DSN=dsn)
    assert_told(ended, 3, CLOSED)
    assert "hunter2" not in ended.err


@pytest.mark.parametrize("command", ["status", "deadletters list", "run worker", "policy revoke --reason x"])
def test_a_database_without_tables_is_told_with_the_fix(
    tmp_path: Path, postgres_dsn: str, command: str
) -> None:
    ended = prefstream(tmp_path, *command.split(), PREFSTREAM_POSTGRES__DSN=postgres_dsn)
    assert_told(ended, 3, "prefstream: the database is not prepared", "prefstream db upgrade")


@pytest.mark.parametrize("command", ["topics list", "topics create"])
def test_a_broker_that_is_not_there_is_named(tmp_path: Path, command: str) -> None:
    ended = prefstream(tmp_path, *command.split(), PREFSTREAM_KAFKA__BOOTSTRAP=CLOSED)
    assert_told(ended, 3, CLOSED, "nothing listens there")


def test_constitution_lint_prints_exactly_one_document(tmp_path: Path) -> None:
    shipped = Path(samples.__path__[0]) / "constitution.yaml"
    ended = prefstream(tmp_path, "constitution", "lint", str(shipped), "--json")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["errors"] == 0


def test_schemas_check_prints_exactly_one_document(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "schemas", "check", "--json")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["incompatible"] == []


def test_ctrl_c_while_a_server_keeps_us_waiting_exits_130(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        dsn = f"postgresql://u:p@127.0.0.1:{silent.getsockname()[1]}/d?sslmode=disable"
        process = subprocess.Popen(
            [*PREFSTREAM, "status"],
            cwd=tmp_path,
            env=environment({"PREFSTREAM_POSTGRES__DSN": dsn}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            asked, _ = silent.accept()
            with asked:
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=30)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
