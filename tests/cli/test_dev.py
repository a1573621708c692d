"""`prefstream dev llm-server` as a person starts it."""

import json
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cli.command import PREFSTREAM, environment, prefstream

REQUEST = {"model": "m", "max_tokens": 50, "messages": [{"role": "user", "content": "Which is better?"}]}


@contextmanager
def started(*options: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    child = subprocess.Popen(
        [*PREFSTREAM, "dev", "llm-server", *options],
        env=environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        yield child, child.stdout.readline()
    finally:
        child.kill()
        child.communicate()


def asked(url: str, path: str, document: Any = None) -> tuple[dict[str, Any], str]:
    body = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(url + path, data=body, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer), answer.headers["x-prefstream-stand-in"]


def test_it_says_where_it_is_answers_by_both_apis_and_ends_when_told() -> None:
    with started("--json") as (child, line):
        url = json.loads(line)["url"]
        message, named = asked(url, "/v1/messages", REQUEST)
        completion, _ = asked(url, "/v1/chat/completions", REQUEST)
        counts, _ = asked(url, "/_stand_in/counts")
        child.send_signal(signal.SIGTERM)
        code = child.wait(timeout=20)

    assert (message["model"], completion["model"]) == ("stand-in:m", "stand-in:m")
    assert named
    assert counts["paid"] == 2
    assert code == 0


def test_it_says_to_people_that_it_is_no_model_and_listens_on_loopback() -> None:
    with started("--error-rate", "0.5", "--seed", "3") as (_, line):
        assert line.startswith("stand-in, no model: http://127.0.0.1:")


def test_a_share_that_is_none_is_bad_input(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "dev", "llm-server", "--error-rate", "3")

    assert ended.code == 2
    assert "error_rate is 3.0; it is a share, from 0 to 1" in ended.err


def test_a_port_that_is_taken_is_bad_input(tmp_path: Path) -> None:
    with started("--json") as (_, line):
        port = json.loads(line)["url"].rpartition(":")[2]
        ended = prefstream(tmp_path, "dev", "llm-server", "--port", port)

    assert ended.code == 2
    assert f"port {port} cannot be used" in ended.err


def test_a_fault_nobody_knows_is_bad_input(tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "dev", "llm-server", "--fault", "flood")

    assert ended.code == 2
    assert "there is no fault 'flood'; there are server_error" in ended.err
