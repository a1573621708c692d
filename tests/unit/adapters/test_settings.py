"""Settings: where they come from, which wins, and what is said of one that cannot be used."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from prefstream.adapters.settings import FILE, KafkaSettings, Settings, misspelt
from prefstream.schemas.errors import BadInput

PASSWORD = "correct-horse"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read settings from nowhere but what a test says."""
    for name in [name for name in os.environ if name.startswith("PREFSTREAM_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_everything_is_on_this_machine() -> None:
    settings = Settings()

    assert (settings.log, settings.kafka.bootstrap, settings.postgres.dsn) == (None, "", SecretStr(""))
    assert not settings.folder.is_absolute()
    assert settings.judge.panel == ("offline",), "nothing is sent to anybody unless it is asked for"


def test_what_is_given_wins_over_the_environment_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(FILE).write_text("partitions = 2\noverlap = 2\nkeep_s = 2\n")
    monkeypatch.setenv("PREFSTREAM_PARTITIONS", "3")
    monkeypatch.setenv("PREFSTREAM_OVERLAP", "3")

    settings = Settings(partitions=4)

    assert (settings.partitions, settings.overlap, settings.keep_s) == (4, 3, 2)


def test_a_part_may_come_from_file_and_environment_together(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(FILE).write_text('[kafka]\nbootstrap = "kafka.example:9092"\nreplication = 3\n')
    monkeypatch.setenv("PREFSTREAM_KAFKA__SASL_PASSWORD", PASSWORD)
    monkeypatch.setenv("PREFSTREAM_KAFKA__REPLICATION", "2")

    kafka = Settings().kafka

    assert (kafka.bootstrap, kafka.replication) == ("kafka.example:9092", 2)
    assert kafka.sasl_password.get_secret_value() == PASSWORD


def test_lists_are_json_in_the_environment_and_lists_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(FILE).write_text('[judge]\npanel = ["recorded:a"]\ngenerators = ["offline:hasty"]\n')
    monkeypatch.setenv("PREFSTREAM_JUDGE__PANEL", '["recorded:b", "offline"]')

    judge = Settings().judge

    assert (judge.panel, judge.generators) == (("recorded:b", "offline"), ("offline:hasty",))


def test_settings_do_not_change_while_a_process_runs() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().partitions = 8  # type: ignore[misc]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PREFSTREAM_PARTITIONS", "0"),
        ("PREFSTREAM_PARTITIONS", "many"),
        ("PREFSTREAM_LOG", "rabbit"),
        ("PREFSTREAM_KAFKA__SECURITY_PROTOCOL", "TLS"),
        ("PREFSTREAM_JUDGE__DEADLINE_S", "101"),
        ("PREFSTREAM_HEALTH_PORT", "70000"),
        ("PREFSTREAM_LOG_LEVEL", "loud"),
        ("PREFSTREAM_KAFKA__SASL_PASSWORDD", PASSWORD),
        ("PREFSTREAM_JUDGE__PANEL", PASSWORD),
    ],
)
def test_a_variable_that_cannot_be_used_is_named_and_its_value_is_not(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(BadInput) as raised:
        Settings()

    assert variable in str(raised.value)
    assert PASSWORD not in str(raised.value)
    assert raised.value.__cause__ is None, "a traceback would show the value"


@pytest.mark.parametrize(
    "content",
    [
        f'postgres = "{PASSWORD}"\n',
        f'[postgres]\ndsn = ["{PASSWORD}"]\n',
        f'[kafka]\nsasl_passwrd = "{PASSWORD}"\n',
        f'sasl_password = "{PASSWORD}"\n',
        f'[judge]\nanthropic_api_key = {{ key = "{PASSWORD}" }}\n',
    ],
)
def test_a_secret_in_the_wrong_place_of_the_file_is_not_repeated(content: str) -> None:
    Path(FILE).write_text(content)

    with pytest.raises(BadInput) as raised:
        Settings()

    assert FILE in str(raised.value)
    assert PASSWORD not in str(raised.value)


def test_secrets_show_nowhere_that_settings_are_shown() -> None:
    settings = Settings(
        postgres={"dsn": f"postgresql://me:{PASSWORD}@h/d"},
        kafka=KafkaSettings(sasl_password=SecretStr(PASSWORD)),
        judge={"anthropic_api_key": PASSWORD, "openai_api_key": PASSWORD},
    )

    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert PASSWORD not in shown


def test_a_variable_that_is_nearly_a_setting_is_pointed_out() -> None:
    names = ["PREFSTREAM_PARTITION", "PREFSTREAM_KAFA__BOOTSTRAP", "PREFSTREAM_TEST_KAFKA", "PATH"]

    found = misspelt([*names, "PREFSTREAM_KAFKA__BOOTSTRAP", "prefstream_overlap"])

    assert {"PREFSTREAM_PARTITION", "PREFSTREAM_KAFA__BOOTSTRAP"} <= set(found)
    assert found["PREFSTREAM_PARTITION"] == "PREFSTREAM_PARTITIONS"
    assert not {"PATH", "PREFSTREAM_KAFKA__BOOTSTRAP", "prefstream_overlap"} & set(found)
