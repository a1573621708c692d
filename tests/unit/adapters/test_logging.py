"""Log lines: one JSON object each, from us and from libraries, and never a secret."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from prefstream.adapters.logging import redacted
from prefstream.adapters.settings import KafkaSettings, PostgresSettings

SECRET = "hunter2-do-not-show"
PROGRAM = f"""
import logging, structlog
from prefstream.adapters.logging import configure_logging
from prefstream.adapters.settings import Settings
import sys
configure_logging(process="worker", level=sys.argv[1])
log = structlog.get_logger("prefstream.test")
settings = Settings(postgres={{"dsn": "postgresql://me:{SECRET}@host/db"}},
                    kafka={{"sasl_password": "{SECRET}"}},
                    judge={{"anthropic_api_key": "{SECRET}", "openai_api_key": "{SECRET}"}})
log.info("said", n=1, text="two\\nlines", password="{SECRET}", api_key="{SECRET}", dsn="{SECRET}",
         authorization="{SECRET}", openai_api_key="{SECRET}", settings=settings)
log.debug("detail")
logging.getLogger("library").warning("a library says %s", "so")
logging.getLogger("library").info("a library whispers")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
"""


def lines(level: str) -> list[dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, level], capture_output=True, text=True, timeout=60, check=True
    )
    assert SECRET not in done.stdout + done.stderr
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_line_is_one_object_that_names_its_process() -> None:
    found = lines("info")

    assert [line["event"] for line in found] == ["said", "a library says so", "failed"]
    assert {line["process"] for line in found} == {"worker"}
    assert all({"timestamp", "level"} <= line.keys() for line in found)
    assert (found[0]["n"], found[0]["text"]) == (1, "two\nlines")
    assert {found[0][name] for name in ("password", "api_key", "dsn", "authorization")} == {"[redacted]"}
    assert "ZeroDivisionError" in str(found[2]["exception"])


@pytest.mark.parametrize(("level", "detail"), [("debug", True), ("info", False), ("error", False)])
def test_the_level_says_what_is_shown(level: str, *, detail: bool) -> None:
    assert ("detail" in [line["event"] for line in lines(level)]) is detail


@given(
    st.sampled_from(["password", "secret", "token", "api_key", "authorization", "dsn"]),
    st.text(max_size=5),
    st.text(max_size=5),
)
def test_whatever_is_named_like_a_secret_is_not_shown(word: str, before: str, after: str) -> None:
    assert redacted(None, "info", {f"{before}{word.upper()}{after}": SECRET, "n": 1}) == {
        f"{before}{word.upper()}{after}": "[redacted]",
        "n": 1,
    }


def test_settings_do_not_show_their_secrets() -> None:
    shown = [KafkaSettings(sasl_password=SecretStr(SECRET)), PostgresSettings(dsn=SecretStr(SECRET))]

    assert SECRET not in repr(shown) + str(shown) + "".join(one.model_dump_json() for one in shown)


def test_secrets_within_values_are_not_shown_either() -> None:
    said = redacted(
        None,
        "info",
        {
            "settings": {"kafka": {"sasl_password": SECRET}},
            "parts": [{"api_key": SECRET}],
            "exception": f"OSError: postgresql://me:{SECRET}@host/db does not answer",
            "error": "http://a/b@c and me@host are no secrets",
        },
    )

    assert SECRET not in str(said)
    assert said["exception"] == "OSError: postgresql://[redacted]@host/db does not answer"
    assert said["error"] == "http://a/b@c and me@host are no secrets"
