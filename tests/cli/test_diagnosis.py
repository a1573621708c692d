"""What facts about a machine mean."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from prefstream.adapters.local.kafka_jars import Found, Missing
from prefstream.adapters.settings import JudgeSettings
from prefstream.streams import diagnosis
from prefstream.streams.topic_counts import wanted_counts

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(("version", "state"), [((3, 10), "problem"), ((3, 11), "ok"), ((3, 14), "ok")])
def test_python_is_needed_from_3_11_on(version: tuple[int, int], state: str) -> None:
    assert diagnosis.python_finding(version, "python").state == state


@pytest.mark.parametrize("found", [{"a": "1.1"}, {"a": None}, {}])
def test_another_version_of_a_library_stops_kafka_but_not_the_postgres_log(
    found: dict[str, str | None],
) -> None:
    on_kafka = diagnosis.libraries_finding(found, {"a": "1.0"}, kafka=True)
    assert (on_kafka.state, on_kafka.fix) == ("problem", "pip install a==1.0")
    assert diagnosis.libraries_finding(found, {"a": "1.0"}, kafka=False).state == "warning"


def test_no_java_is_a_problem_only_for_who_asks_for_kafka() -> None:
    missing = Missing(reason="no Java was found", fix="Install Java")
    assert diagnosis.kafka_here_finding(missing, asked_for=True).state == "problem"
    finding = diagnosis.kafka_here_finding(missing, asked_for=False)
    assert (finding.state, finding.fix) == ("warning", "Install Java")
    assert "Postgres log" in finding.what


def test_jars_that_must_be_fetched_are_told() -> None:
    found = Found(java=Path("java"), java_version=17, cached=False)
    finding = diagnosis.kafka_here_finding(found, asked_for=False)
    assert finding.state == "ok"
    assert "first start" in finding.what


def test_topics_as_wanted_are_ok() -> None:
    assert diagnosis.topics_finding(wanted_counts(4), partitions=4).state == "ok"


@pytest.mark.parametrize("there", [{}, {"pairs.judged.v1": 4}, {"policies.published.v1": 1}])
def test_missing_topics_are_a_warning_that_names_the_command(there: dict[str, int]) -> None:
    finding = diagnosis.topics_finding(there, partitions=4)
    assert (finding.state, finding.fix) == ("warning", "prefstream topics create")


def test_equal_topics_with_another_number_than_the_setting_are_a_warning() -> None:
    finding = diagnosis.topics_finding(wanted_counts(8), partitions=4)
    assert (finding.state, finding.fix) == ("warning", "set PREFSTREAM_PARTITIONS to 8")


@pytest.mark.parametrize("odd", ["pairs.judged.v1", "policies.published.v1"])
def test_topics_with_unequal_partitions_are_a_problem(odd: str) -> None:
    finding = diagnosis.topics_finding(wanted_counts(4) | {odd: 3}, partitions=4)
    assert finding.state == "problem"
    assert f"{odd} 3" in finding.what


@pytest.mark.parametrize(
    ("applied", "state", "words"),
    [
        ({1: "a", 2: "b"}, "ok", "all 2"),
        ({1: "a"}, "warning", "1 of 2"),
        ({}, "warning", "2 of 2"),
        ({1: "a", 2: "edited"}, "problem", "migration 2 differs"),
        ({1: "a", 2: "b", 3: "c"}, "problem", "migration 3"),
    ],
)
def test_the_schema_is_compared_number_by_number(applied: dict[int, str], state: str, words: str) -> None:
    finding = diagnosis.schema_finding(applied, {1: "a", 2: "b"})
    assert finding.state == state
    assert words in finding.what


@pytest.mark.parametrize(("version", "state"), [(14, "problem"), (15, "ok"), (18, "ok")])
def test_postgres_is_needed_from_15_on(version: int, state: str) -> None:
    assert diagnosis.server_finding(version, 15, "db:5432/prefs").state == state


@pytest.mark.parametrize(("free", "state"), [(0, "problem"), (2**29, "warning"), (2**30, "ok")])
def test_less_than_a_gigabyte_free_is_a_warning(free: int, state: str) -> None:
    assert diagnosis.disk_finding("data", free).state == state


def test_a_model_without_key_or_address_is_a_problem_each() -> None:
    judge = JudgeSettings(panel=("anthropic:m",), generators=("openai:a", "openai:b"))
    fixes = [finding.fix for finding in diagnosis.models_findings(judge) if finding.state == "problem"]
    assert len(fixes) == 2
    assert "PREFSTREAM_JUDGE__ANTHROPIC_API_KEY" in fixes[0]
    assert "PREFSTREAM_JUDGE__OPENAI_BASE_URL" in fixes[1]


def test_a_key_is_never_said() -> None:
    key = SecretStr("sk-secret")
    judge = JudgeSettings(panel=("anthropic:m",), generators=("anthropic:m",), anthropic_api_key=key)
    (finding,) = diagnosis.models_findings(judge)
    assert finding.state == "ok"
    assert "sk-secret" not in repr(finding)


def test_the_offline_judge_is_a_warning() -> None:
    (finding,) = diagnosis.models_findings(JudgeSettings())
    assert finding.state == "warning"
    assert "demonstrations" in finding.what


@pytest.mark.parametrize(
    ("now", "apart_s", "state"),
    [
        (NOW, None, "ok"),
        (NOW, 1.0, "ok"),
        (NOW, -60.0, "warning"),
        (datetime(1970, 1, 1, tzinfo=UTC), None, "problem"),
    ],
)
def test_the_clock_is_set_and_agrees_with_the_database(
    now: datetime, apart_s: float | None, state: str
) -> None:
    assert diagnosis.clock_finding(now, apart_s).state == state


def test_a_port_in_use_is_a_warning_for_it_may_be_ours() -> None:
    assert diagnosis.port_finding(0, free=False).state == "ok"
    assert diagnosis.port_finding(8080, free=True).state == "ok"
    assert diagnosis.port_finding(8080, free=False).state == "warning"


def test_every_finding_that_is_not_ok_says_what_to_do() -> None:
    findings = [
        diagnosis.python_finding((3, 9), "python"),
        diagnosis.topics_finding({}, partitions=4),
        diagnosis.schema_finding({}, {1: "a"}),
        diagnosis.disk_finding("data", 0),
        diagnosis.clock_finding(NOW, 100.0),
        *diagnosis.misspelt_findings({"PREFSTREAM_OVERLP": "PREFSTREAM_OVERLAP"}),
    ]
    assert all(one.state != "ok" and one.fix for one in findings)
