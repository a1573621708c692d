"""`prefstream demonstrations` as a user runs it, on a database as the sink leaves it."""

import asyncio
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.projections import project
from prefstream.agents.demonstrations import Demonstrations
from prefstream.agents.ingestion import Defaults, task_event
from prefstream.agents.stage import Configuration, Given
from prefstream.domain.demonstrations import duels
from prefstream.schemas.demonstrations import TaskKind, TaskProposed
from prefstream.schemas.envelope import Event
from prefstream.schemas.values import Preference, Provenance
from tests import factories as make
from tests.cli.command import prefstream
from tests.running_parts import execute

pytestmark = pytest.mark.postgres


def history() -> list[Event]:
    """Return one answered task of each kind, a second ranking, and a simulated rating."""
    ranking = make.a_task_proposed(
        task_id="rank", candidates=(make.a_response("391"), make.a_response("401")), overlap=2
    )
    given = Given(configuration=Configuration(constitution=make.a_constitution()))
    pair, route = Demonstrations().handle(ranking, given).events
    resolved = make.a_label_resolved(pair_id=pair.subject, label=Preference.A_BETTER)
    return [
        ranking,
        pair,
        route,
        make.a_ranking_submitted(task_id="rank", annotator="ann", ranks=(1, 2)),
        make.a_ranking_submitted(task_id="rank", annotator="bob", ranks=(1, 2)),
        make.a_label_submitted(pair_id=pair.subject),
        resolved,
        make.a_pair_validated(pair_id=pair.subject, resolution_id=resolved.event_id),
        make.a_task_proposed(task_id="rate", kind=TaskKind.RATING),
        make.a_rating_submitted(task_id="rate"),
        make.a_rating_submitted(task_id="rate", annotator="sim", provenance=Provenance.SIMULATED),
        make.a_task_proposed(task_id="write", kind=TaskKind.DEMONSTRATION),
        make.a_demonstration_submitted(task_id="write", edited=True),
        make.a_task_proposed(task_id="harm", kind=TaskKind.SAFETY, slice="red"),
        make.a_safety_label_submitted(task_id="harm", slice="red", category="fraud", severity=2),
    ]


async def filled(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await upgrade(connection)
        async with connection.transaction():
            records = [make.a_record(event, offset=place) for place, event in enumerate(history())]
            await project(connection, records)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def ready(postgres_server: str) -> Iterator[dict[str, str]]:
    """Give the settings of a filled database, which the tests of this module share."""
    name = f"test_kinds_{secrets.token_hex(6)}"
    execute(postgres_server, f'CREATE DATABASE "{name}"')
    dsn = urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))
    asyncio.run(filled(dsn))
    yield {"PREFSTREAM_POSTGRES__DSN": dsn}
    execute(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


def exported(folder: Path, ready: dict[str, str], *arguments: str) -> list[dict[str, Any]]:
    ended = prefstream(folder, "demonstrations", "export", *arguments, "out.jsonl", "--json", **ready)
    assert ended.code == 0, ended.err
    rows = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert json.loads(ended.out)["rows"] == len(rows)
    assert not (folder / "out.jsonl.part").exists()
    return rows


def test_demonstrations_are_conversations_for_fine_tuning(tmp_path: Path, ready: dict[str, str]) -> None:
    (row,) = exported(tmp_path, ready, "sft")
    assert row["messages"] == [
        {"role": "user", "content": "What is 17 times 23?"},
        {"role": "assistant", "content": "17 times 23 is 391."},
    ]
    assert (row["origin"], row["task_id"], row["provenance"]) == ("edited", "write", "real")


def test_ratings_of_real_people_are_written_and_others_where_asked_for(
    tmp_path: Path, ready: dict[str, str]
) -> None:
    (row,) = exported(tmp_path, ready, "ratings")
    assert (row["overall"], row["dimensions"], row["annotator"]) == (4, {"helpfulness": 5}, "ann")
    assert row["completion"] == [{"role": "assistant", "content": "391"}]
    also = exported(tmp_path, ready, "ratings", "--also", "simulated")
    assert {one["annotator"] for one in also} == {"ann", "sim"}


def test_safety_labels_and_preferences_of_rankings_are_rows(tmp_path: Path, ready: dict[str, str]) -> None:
    (harm,) = exported(tmp_path, ready, "safety", "--slice", "red")
    assert (harm["category"], harm["severity"]) == ("fraud", 2)
    assert exported(tmp_path, ready, "safety", "--slice", "arithmetic") == []
    (preference,) = exported(tmp_path, ready, "preferences")
    assert {"prompt", "chosen", "rejected", "margin"} <= preference.keys()
    assert preference["margin"] == 1.0


def test_what_was_written_becomes_tasks_for_others_to_rate(tmp_path: Path, ready: dict[str, str]) -> None:
    (row,) = exported(tmp_path, ready, "review-tasks")
    task = task_event(row, Defaults(source="test", occurred_at=make.NOON))
    assert isinstance(task, TaskProposed)
    assert task.kind is TaskKind.RATING
    assert task.rates == make.a_demonstration_submitted(task_id="write").event_id


def test_agreement_tells_every_kind_with_reasons(tmp_path: Path, ready: dict[str, str]) -> None:
    ended = prefstream(tmp_path, "demonstrations", "agreement", "--json", **ready)
    assert ended.code == 0, ended.err
    kinds = {one["kind"]: one for one in json.loads(ended.out)["kinds"]}
    assert kinds["ranking"]["figures"]["kendall_tau_b"]["value"] == 1.0
    assert kinds["rating"]["figures"]["overall_alpha_ordinal"]["value"] is None
    assert kinds["demonstration"]["figures"]["agreement"]["reason"]
    words = prefstream(tmp_path, "demonstrations", "agreement", "--kind", "ranking", **ready)
    assert "2 answers to 1 tasks by 2 people" in words.out


def test_the_route_of_a_ranked_pair_is_explained(tmp_path: Path, ready: dict[str, str]) -> None:
    (duel,) = duels("rank", 2)
    ended = prefstream(tmp_path, "route", "explain", duel.pair_id, **ready)
    assert ended.code == 0, ended.err
    assert "ranked" in ended.out
    assert "candidates that people rank" in ended.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "poems", "out.jsonl"), "there is no shape 'poems'; it is one of sft"),
        (("export", "sft", "no/such/folder/out.jsonl"), "cannot be written"),
        (("export", "sft", "out.jsonl", "--also", "dreamt"), "there is no provenance 'dreamt'"),
        (("agreement", "--kind", "poem"), "there is no kind 'poem'"),
    ],
)
def test_bad_input_is_told_in_one_sentence(
    tmp_path: Path, ready: dict[str, str], arguments: tuple[str, ...], said: str
) -> None:
    ended = prefstream(tmp_path, "demonstrations", *arguments, **ready)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert not list(tmp_path.iterdir())
