"""`prefstream doctor` on this machine and against real servers."""

import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Ended, prefstream

CLOSED = "127.0.0.1:9"


def findings(ended: Ended) -> dict[str, dict[str, Any]]:
    """Return what was found by name, after checking that it is one document that fits the exit code."""
    assert ended.err == ""
    document = json.loads(ended.out)
    problems = [one for one in document["findings"] if one["state"] == "problem"]
    assert document["can_run"] == (not problems)
    assert ended.code == (1 if problems else 0)
    assert all(one["fix"] for one in document["findings"] if one["state"] != "ok")
    return {one["name"]: one for one in document["findings"]}


def test_a_machine_with_nothing_configured_can_run_and_nothing_is_left_behind(
    tmp_path: Path, postgres_server: str
) -> None:
    found = findings(prefstream(tmp_path, "doctor", "--json"))
    names = {
        "python",
        "libraries",
        "parquet",
        "settings",
        "database",
        "log",
        "folder",
        "ports",
        "models",
        "clock",
    }
    assert found.keys() >= names
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_tables_is_told_with_the_command_that_makes_them(
    tmp_path: Path, postgres_dsn: str
) -> None:
    settings = {"PREFSTREAM_POSTGRES__DSN": postgres_dsn}
    found = findings(prefstream(tmp_path, "doctor", "--json", **settings))
    assert found["database"]["state"] == "ok"
    assert (found["schema"]["state"], found["schema"]["fix"]) == ("warning", "prefstream db upgrade")
    assert prefstream(tmp_path, "db", "upgrade", **settings).code == 0
    found = findings(prefstream(tmp_path, "doctor", "--json", **settings))
    assert found["schema"]["state"] == "ok"
    assert (found["topics"]["state"], found["topics"]["fix"]) == ("warning", "prefstream topics create")
    assert prefstream(tmp_path, "topics", "create", **settings).code == 0
    assert findings(prefstream(tmp_path, "doctor", "--json", **settings))["topics"]["state"] == "ok"


def test_servers_that_are_not_there_are_problems_and_no_password_is_shown(tmp_path: Path) -> None:
    ended = prefstream(
        tmp_path,
        "doctor",
        "--json",
        PREFSTREAM_POSTGRES__DSN=f"postgresql://someone:hunter2@{CLOSED}/prefs",
        PREFSTREAM_KAFKA__BOOTSTRAP=CLOSED,
    )
    found = findings(ended)
    assert ended.code == 1
    assert found["database"]["state"] == found["log"]["state"] == "problem"
    assert "hunter2" not in ended.out


def test_servers_that_never_answer_are_given_up_in_five_seconds(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        ended = prefstream(
            tmp_path,
            "doctor",
            "--json",
            PREFSTREAM_POSTGRES__DSN=f"postgresql://u:p@{address}/d",
            PREFSTREAM_KAFKA__BOOTSTRAP=address,
        )
        took_s = time.monotonic() - began
    print(f"doctor took {took_s:.1f} s")
    found = findings(ended)
    assert found["database"]["state"] == found["log"]["state"] == "problem"
    assert took_s < 15, "bounded waits of four seconds, and a slow machine"


@pytest.mark.kafka
def test_a_broker_is_asked_for_its_topics(tmp_path: Path, kafka_bootstrap: str) -> None:
    found = findings(prefstream(tmp_path, "doctor", "--json", PREFSTREAM_KAFKA__BOOTSTRAP=kafka_bootstrap))
    assert found["log"]["state"] == "ok"
    assert found["libraries"]["state"] == "ok"
    assert found["topics"]["state"] in {"ok", "warning"}


def test_settings_that_cannot_be_used_are_a_problem_among_the_others(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "doctor", "--json", PREFSTREAM_OVERLAP="zero")
    found = findings(ended)
    assert ended.code == 1
    assert "PREFSTREAM_OVERLAP" in found["settings"]["what"]
    assert found["python"]["state"] == "ok"


def test_a_misspelt_variable_is_a_warning(tmp_path: Path) -> None:
    found = findings(prefstream(tmp_path, "doctor", "--json", PREFSTREAM_OVERLP="2"))
    assert found["settings"]["state"] == "warning"
    assert "PREFSTREAM_OVERLAP" in found["settings"]["fix"]


def test_a_folder_that_is_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    found = findings(prefstream(tmp_path, "doctor", "--json", PREFSTREAM_FOLDER=str(tmp_path / "data")))
    assert found["folder"]["state"] == "problem"


def test_a_folder_of_others_is_a_problem(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        folder = Path("/proc/prefstream")  # not even root can write there
    else:
        folder = tmp_path / "data"
        folder.mkdir(mode=0o500)
    found = findings(prefstream(tmp_path, "doctor", "--json", PREFSTREAM_FOLDER=str(folder)))
    assert found["folder"]["state"] == "problem"


def test_an_unknown_judge_and_an_unreadable_constitution_are_problems(tmp_path: Path) -> None:
    found = findings(
        prefstream(
            tmp_path,
            "doctor",
            "--json",
            PREFSTREAM_JUDGE__PANEL='["oracle:delphi"]',
            PREFSTREAM_CONSTITUTION="missing.yaml",
        )
    )
    assert found["models"]["state"] == found["constitution"]["state"] == "problem"


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = findings(prefstream(tmp_path, "doctor", "--json", PREFSTREAM_HEALTH_PORT=str(port)))
    assert found["ports"]["state"] == "warning"
    assert str(port) in found["ports"]["what"]


def test_people_get_a_line_each_and_a_verdict(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "doctor", PREFSTREAM_LOG="postgres", PREFSTREAM_OVERLAP="zero")
    assert ended.code == 1
    assert "problem   settings" in ended.out
    assert "fix: " in ended.out
    assert ended.out.splitlines()[-1].startswith("cannot run: 1 problem")
