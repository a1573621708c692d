"""`prefstream topics` on both logs."""

import json
from pathlib import Path

import pytest

from prefstream.schemas.topics import TOPICS
from tests.cli.command import prefstream

NAMES = [spec.name for spec in TOPICS]


def created_and_listed(folder: Path, **settings: str) -> None:
    listed = json.loads(prefstream(folder, "topics", "list", "--json", **settings).out)
    there = {row["name"] for row in listed["topics"] if row["partitions"]}
    first = prefstream(folder, "topics", "create", "--json", **settings)
    assert (first.code, first.err) == (0, "")
    assert set(json.loads(first.out)["created"]) == set(NAMES) - there
    again = prefstream(folder, "topics", "create", "--json", **settings)
    assert json.loads(again.out)["created"] == []
    listed = json.loads(prefstream(folder, "topics", "list", "--json", **settings).out)
    assert [row["name"] for row in listed["topics"]] == NAMES
    assert all(row["partitions"] > 0 for row in listed["topics"])


def test_on_the_postgres_log_they_are_created_once(tmp_path: Path, postgres_dsn: str) -> None:
    settings = {"PREFSTREAM_POSTGRES__DSN": postgres_dsn}
    assert prefstream(tmp_path, "db", "upgrade", **settings).code == 0
    created_and_listed(tmp_path, **settings)


@pytest.mark.kafka
def test_on_kafka_they_are_created_once_and_need_no_database(tmp_path: Path, kafka_bootstrap: str) -> None:
    created_and_listed(tmp_path, PREFSTREAM_KAFKA__BOOTSTRAP=kafka_bootstrap)


@pytest.mark.parametrize("command", ["create", "list"])
def test_a_database_without_tables_is_told_with_the_fix(
    tmp_path: Path, postgres_dsn: str, command: str
) -> None:
    ended = prefstream(tmp_path, "topics", command, PREFSTREAM_POSTGRES__DSN=postgres_dsn)
    assert (ended.code, ended.out) == (3, "")
    assert "prefstream db upgrade" in ended.err
    assert ended.err.count("\n") == 1


def test_topics_with_other_partitions_are_left_and_told(tmp_path: Path, postgres_dsn: str) -> None:
    settings = {"PREFSTREAM_POSTGRES__DSN": postgres_dsn}
    assert prefstream(tmp_path, "db", "upgrade", **settings).code == 0
    assert prefstream(tmp_path, "topics", "create", PREFSTREAM_PARTITIONS="2", **settings).code == 0
    ended = prefstream(tmp_path, "topics", "create", PREFSTREAM_PARTITIONS="3", **settings)
    assert ended.code == 0
    assert "nothing to do" in ended.out
    assert "pairs.judged.v1 is left as it is: 2 partitions, not 3" in ended.err


def test_people_see_what_is_missing(tmp_path: Path, postgres_dsn: str) -> None:
    settings = {"PREFSTREAM_POSTGRES__DSN": postgres_dsn}
    assert prefstream(tmp_path, "db", "upgrade", **settings).code == 0
    ended = prefstream(tmp_path, "topics", "list", **settings)
    assert ended.out.startswith("log: postgres\n")
    assert ended.out.count("missing") == len(NAMES)
