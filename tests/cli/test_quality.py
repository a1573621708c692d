"""`prefstream gold` and `prefstream annotators` on a real database."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from prefstream.adapters.postgres.connection import connect, pool_of
from prefstream.adapters.postgres.console import people
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.domain.people import Role
from tests import factories as make
from tests.cli.command import Ended, prefstream
from tests.console.running import PARTITIONS
from tests.console.working import Work

pytestmark = pytest.mark.postgres


@pytest.fixture
def deployment(postgres_dsn: str) -> str:
    """Give the DSN of a deployment with one annotator, two pairs that were adjudicated and one label."""

    async def prepare() -> None:
        connection = await connect(postgres_dsn)
        await upgrade(connection)
        async with connection.transaction():
            new = people.NewPerson(person_id="ada", name="Ada", role=Role.ANNOTATOR)
            await people.add(connection, new)
        await connection.close()
        log = await PostgresLog.open(postgres_dsn, partitions=PARTITIONS)
        await log.ensure_topics(partitions=PARTITIONS, replication=1)
        async with pool_of(postgres_dsn) as pool:
            work = Work(pool, log)
            for name in ("p1", "p2"):
                resolved = make.a_label_resolved(pair_id=name, method="adjudication")
                await work.say(make.a_pair_proposed(pair_id=name), resolved)
            await work.say(make.a_label_submitted(pair_id="p3", annotator="ada"))
        await log.close()

    asyncio.run(prepare())
    return postgres_dsn


def run(folder: Path, dsn: str, *arguments: str) -> Ended:
    return prefstream(folder, *arguments, PREFSTREAM_POSTGRES__DSN=dsn, PREFSTREAM_LOG="postgres")


def told(folder: Path, dsn: str, *arguments: str) -> dict[str, Any]:
    ended = run(folder, dsn, *arguments, "--json")
    assert ended.code == 0, ended.err
    document: dict[str, Any] = json.loads(ended.out)
    return document


def test_gold_is_suggested_added_listed_and_retired(tmp_path: Path, deployment: str) -> None:
    suggested = told(tmp_path, deployment, "gold", "suggest", "--take")
    assert [one["pair_id"] for one in suggested["suggestions"]] == ["p1", "p2"]

    added = run(
        tmp_path, deployment, "gold", "add", "p2", "--expected", "both_bad", "--why", "both are wrong"
    )
    retired = run(tmp_path, deployment, "gold", "retire", "p1")

    assert (added.out, retired.out) == ("gold questions now: p2\n", "asked no more: p1\n")
    listed = told(tmp_path, deployment, "gold", "list", "--retired")["gold"]
    assert [(one["pair_id"], one["expected"], one["active"]) for one in listed] == [
        ("p1", "A>", False),
        ("p2", "both_bad", True),
    ]
    assert run(tmp_path, deployment, "gold", "list").out.count("\n") == 2


def test_somebody_is_shown_paused_resumed_and_their_labels_withdrawn(tmp_path: Path, deployment: str) -> None:
    paused = run(
        tmp_path, deployment, "annotators", "pause", "ada", "--why", "rest", "--hours", "2", "--by", "lea"
    )
    shown = told(tmp_path, deployment, "annotators", "show", "ada")
    resumed = run(tmp_path, deployment, "annotators", "resume", "ada", "--why", "rested")
    withdrawn = told(tmp_path, deployment, "annotators", "withdraw", "ada", "--why", "x", "--everything")

    assert (paused.code, paused.out, resumed.out) == (0, "ada: pause\n", "ada: resume\n")
    assert (shown["paused"], shown["actions"][0]["by_whom"]) == (True, "lea")
    assert withdrawn == {"person_id": "ada", "action": "withdraw", "done": True, "labels": 1}
    assert "ada" in run(tmp_path, deployment, "annotators", "list").out
    assert "resume by command line: rested" in run(tmp_path, deployment, "annotators", "show", "ada").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("gold", "add", "nowhere"), "there is no pair 'nowhere'"),
        (("gold", "add", "p1", "--expected", "C"), "'C' is not a verdict"),
        (("gold", "retire", "p1"), "'p1' is no gold question"),
        (("annotators", "show", "nobody"), "there is no person 'nobody'"),
        (("annotators", "retrain", "ada", "--why", "x"), "too few to train with"),
        (("annotators", "withdraw", "ada", "--why", "x"), "say which labels"),
        (("annotators", "withdraw", "ada", "--why", "x", "--after", "noon"), "'noon' is no instant"),
        (("annotators", "calibration"), "none was drawn yet"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    tmp_path: Path, deployment: str, arguments: tuple[str, ...], said: str
) -> None:
    ended = run(tmp_path, deployment, *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "Traceback" not in ended.err
