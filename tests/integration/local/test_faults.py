"""What servers say last is turned into what to do."""

import base64
import uuid
from pathlib import Path

import pytest

from prefstream.adapters.local import faults, ports
from prefstream.adapters.local.child import last_lines
from prefstream.adapters.local.kafka import cluster_id
from prefstream.adapters.local.kafka_settings import Security, properties
from prefstream.schemas.errors import BadInput, Unavailable


@pytest.mark.parametrize(
    ("last_words", "kind", "advice"),
    [
        ("FATAL: could not write: No space left on device", BadInput, "the disk of /data is full. Free some"),
        (
            "could not bind IPv4 address: Address already in use",
            BadInput,
            "port 5 is in use. Stop",
        ),
        ("java.nio.file.AccessDeniedException: /data", BadInput, "it may not use /data. Correct"),
        (
            'FATAL: data directory "/data" has wrong ownership',
            BadInput,
            "it may not use /data. Correct",
        ),
        ("something else", Unavailable, "on /data, port 5.\nServer said last:\nsomething else"),
        ("", Unavailable, "on /data, port 5. It said nothing."),
    ],
)
def test_last_words_become_advice(last_words: str, kind: type[Exception], advice: str) -> None:
    fault = faults.explain("Server", what="ended", folder=Path("/data"), port=5, last_words=last_words)
    assert type(fault) is kind
    assert advice in str(fault)
    assert last_words in str(fault)


def test_a_full_disk_is_named_even_when_the_log_could_not_be_written() -> None:
    fault = faults.explain("Server", what="ended", folder=Path("/d"), port=5, last_words="", disk_full=True)
    assert "the disk of /d is full" in str(fault)


def test_the_end_of_a_log_leaves_stack_frames_out(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("first\ncause\n\tat a.b(C.java:1)\n\t... 12 more\nlast\n", encoding="utf-8")
    assert last_lines(log, 2) == "cause\nlast"
    assert last_lines(tmp_path / "none", 2) == ""


def test_a_remembered_port_is_taken_again_only_when_it_is_free() -> None:
    free = ports.any_free()
    assert ports.choose(wanted=None, remembered=free) == free
    assert ports.choose(wanted=free, remembered=1) == free


def test_settings_survive_javas_reader_and_overrides_win() -> None:
    text = properties(
        log_folder=Path("/a\\b/ü"),
        port=1,
        controller_port=2,
        overrides={"log.retention.ms": "5", "x": "a\nb"},
    )
    lines = text.splitlines()
    assert "log.dirs=/a\\\\b/\\u00fc" in lines
    assert "log.retention.ms=5" in lines
    assert "x=a\\nb" in lines
    assert text.isascii()


def test_a_cluster_id_never_looks_like_an_option() -> None:
    dashes = uuid.UUID(bytes=b"\xfb\xef\xbe" + bytes(13))
    assert not cluster_id(dashes).startswith("-")
    assert len(base64.urlsafe_b64decode(cluster_id(dashes) + "==")) == 16


def test_passwords_are_not_shown_with_the_settings_object() -> None:
    security = Security(
        keystore=Path("k"), truststore=Path("t"), users={"me": "secret-one"}, broker_password="secret-two"
    )
    assert "secret" not in repr(security)
    assert "SCRAM-SHA-512=[name=me,password=secret-one]" in security.scram_records()
