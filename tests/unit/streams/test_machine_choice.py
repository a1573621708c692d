"""Which log one machine takes, and what it says about that."""

import os
from pathlib import Path

import pytest

from prefstream.adapters.local.kafka_jars import Found, Missing
from prefstream.adapters.settings import KafkaSettings, Settings
from prefstream.schemas.errors import BadInput
from prefstream.streams.machine import choose_log

FOUND = Found(java=Path("java"), java_version=21, cached=True)
MISSING = Missing(reason="Java 17 or newer is not there", fix="Install one.")
BROKER = KafkaSettings(bootstrap="kafka.example:9092")


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read settings from nowhere but what a test says."""
    for name in [name for name in os.environ if name.startswith("PREFSTREAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("changes", "found", "log", "why"),
    [
        ({}, FOUND, "kafka", "started here"),
        ({}, MISSING, "postgres", MISSING.reason),
        ({"log": "postgres"}, FOUND, "postgres", "asked for"),
        ({"log": "postgres", "kafka": BROKER}, FOUND, "postgres", "asked for"),
        ({"log": "kafka"}, FOUND, "kafka", "started here"),
        ({"kafka": BROKER}, MISSING, "kafka", "kafka.example:9092"),
        ({"log": "kafka", "kafka": BROKER}, MISSING, "kafka", "kafka.example:9092"),
    ],
)
def test_the_log_is_chosen_and_the_choice_explained(
    changes: dict[str, object], found: Found | Missing, log: str, why: str
) -> None:
    choice = choose_log(Settings(**changes), found)

    assert choice.log == log
    assert why in choice.why


def test_kafka_that_is_asked_for_and_cannot_be_had_is_refused_with_the_way_out() -> None:
    with pytest.raises(BadInput, match=r"Java 17 or newer is not there\. Install one\."):
        choose_log(Settings(log="kafka"), MISSING)
