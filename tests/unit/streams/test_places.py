"""Where things are: what is configured wins, what was started here is noted for its owner alone."""

import json
import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from prefstream.adapters.settings import KafkaSettings, PostgresSettings, Settings
from prefstream.schemas.errors import BadInput, Unavailable
from prefstream.streams.places import Places, find_places, kafka_connection, running_file, write_running

PASSWORD = "correct-horse"
DSN = f"postgresql://me:{PASSWORD}@db.example:5433/prefs"
KAFKA = KafkaSettings(
    bootstrap="kafka.example:9093",
    security_protocol="SASL_SSL",
    sasl_username="me",
    sasl_password=SecretStr("staple"),
    ca_file=Path("ca.pem"),
)


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a data folder, in a working directory and an environment without settings."""
    for name in [name for name in os.environ if name.startswith("PREFSTREAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def configured(folder: Path, **changes: object) -> Settings:
    values: dict[str, object] = {"folder": folder, "postgres": PostgresSettings(dsn=SecretStr(DSN))}
    return Settings(**(values | changes))


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_is_noted_is_found_again_with_its_secrets(folder: Path) -> None:
    places = Places(log="kafka", dsn=SecretStr(DSN), kafka=KAFKA)

    write_running(folder, places)

    found = find_places(Settings(folder=folder))
    assert found == places
    assert found.dsn.get_secret_value() == DSN
    assert found.kafka.sasl_password.get_secret_value() == "staple"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_note_is_for_its_owner_alone(folder: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_running(folder, Places(log="postgres", dsn=SecretStr(DSN)))
    finally:
        os.umask(before)

    assert mode_of(running_file(folder)) == 0o600


def test_a_note_that_others_could_read_is_closed_to_them(folder: Path) -> None:
    """An older note may be there, with whatever permissions a copy or a backup gave it."""
    folder.mkdir()
    running_file(folder).write_text("{}")
    running_file(folder).chmod(0o644)

    write_running(folder, Places(log="postgres", dsn=SecretStr(DSN)))

    assert mode_of(running_file(folder)) == 0o600


def test_a_shorter_note_leaves_nothing_of_a_longer_one(folder: Path) -> None:
    write_running(folder, Places(log="kafka", dsn=SecretStr(DSN), kafka=KAFKA))
    write_running(folder, Places(log="postgres", dsn=SecretStr("postgresql://h/d")))

    assert json.loads(running_file(folder).read_text())["dsn"] == "postgresql://h/d"
    assert [path.name for path in folder.iterdir()] == ["running.json"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(BadInput, match="PREFSTREAM_FOLDER"):
        write_running(tmp_path / "file", Places(log="postgres", dsn=SecretStr(DSN)))


def test_places_show_no_secret(folder: Path) -> None:
    places = Places(log="kafka", dsn=SecretStr(DSN), kafka=KAFKA)

    for shown in (str(places), repr(places), places.model_dump_json()):
        assert PASSWORD not in shown
        assert "staple" not in shown


def test_what_is_configured_wins_over_what_runs_here(folder: Path) -> None:
    write_running(folder, Places(log="kafka", dsn=SecretStr("postgresql://h/other"), kafka=KAFKA))

    found = find_places(configured(folder))

    assert (found.log, found.dsn.get_secret_value()) == ("postgres", DSN)


@pytest.mark.parametrize(
    ("changes", "log"),
    [
        ({}, "postgres"),
        ({"kafka": KAFKA}, "kafka"),
        ({"kafka": KAFKA, "log": "postgres"}, "postgres"),
        ({"kafka": KAFKA, "log": "kafka"}, "kafka"),
    ],
)
def test_the_log_is_the_one_asked_for_else_the_broker_that_is_set(
    folder: Path, changes: dict[str, object], log: str
) -> None:
    assert find_places(configured(folder, **changes)).log == log


def test_kafka_without_a_broker_is_refused_with_the_setting_that_is_missing(folder: Path) -> None:
    with pytest.raises(BadInput, match="PREFSTREAM_KAFKA__BOOTSTRAP"):
        find_places(configured(folder, log="kafka"))


@pytest.mark.parametrize("note", [None, "", "{", '{"log": "postgres"}', '{"log": "rabbit", "dsn": ""}'])
def test_where_nothing_runs_the_message_says_what_to_do(folder: Path, note: str | None) -> None:
    folder.mkdir()
    if note is not None:
        running_file(folder).write_text(note)

    with pytest.raises(Unavailable, match="prefstream up") as raised:
        find_places(Settings(folder=folder))

    assert raised.value.exit_code == 3


def test_the_connection_has_a_password_only_with_a_user() -> None:
    full = kafka_connection(KAFKA)
    plain = kafka_connection(KafkaSettings(bootstrap="kafka.example:9092"))

    assert (full.sasl_username, full.sasl_password) == ("me", SecretStr("staple"))
    assert (full.bootstrap, full.security_protocol, full.ca_file) == (
        "kafka.example:9093",
        "SASL_SSL",
        Path("ca.pem"),
    )
    assert (plain.sasl_username, plain.sasl_password) == (None, None)
