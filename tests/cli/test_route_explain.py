"""`prefstream route explain|queue|learn|choose` as a user runs them."""

import asyncio
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.projections import project
from prefstream.agents.routing import Routing
from prefstream.agents.stage import Configuration, Given
from prefstream.domain.selection import sketch_of
from prefstream.schemas.envelope import Event
from prefstream.schemas.values import Preference
from tests import factories as make
from tests.cli.command import prefstream
from tests.running_parts import execute

CONSTITUTION = make.a_constitution()
PAIRS = 60


def events() -> list[Event]:
    given = Given(configuration=Configuration(constitution=CONSTITUTION))
    found: list[Event] = [make.a_constitution_published(constitution=CONSTITUTION)]
    for n in range(PAIRS):
        judged = make.a_pair_judged(
            pair_id=f"pair-{n:02}",
            confidence=0.5,
            p_a=0.5 + n / 200,
            constitution_id=CONSTITUTION.id,
            sketch=sketch_of(f"Question {n}", "word " * 40, "few words"),
        )
        found += [
            make.a_pair_proposed(pair_id=judged.pair_id),
            judged,
            *Routing().handle(judged, given).events,
        ]
        if n < 55:
            found.append(make.a_label_resolved(pair_id=judged.pair_id, label=Preference.B_BETTER))
    return found


async def filled(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await upgrade(connection)
        records = [make.a_record(event, offset=n) for n, event in enumerate(events())]
        async with connection.transaction():
            await project(connection, records)
    finally:
        await connection.close()
    log = await PostgresLog.open(dsn, partitions=4)
    try:
        await log.ensure_topics(partitions=4, replication=1)
    finally:
        await log.close()


@pytest.fixture(scope="module")
def ready(postgres_server: str) -> Iterator[dict[str, str]]:
    """Give the settings of a database with sixty escalated pairs, five of which wait for people."""
    name = f"test_route_{secrets.token_hex(6)}"
    execute(postgres_server, f'CREATE DATABASE "{name}"')
    dsn = urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))
    asyncio.run(filled(dsn))
    yield {"PREFSTREAM_POSTGRES__DSN": dsn}
    execute(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.postgres
def test_explain_speaks_to_people_and_to_machines(ready: dict[str, str], tmp_path: Path) -> None:
    plain = prefstream(tmp_path, "route", "explain", "pair-07", **ready)
    document = prefstream(tmp_path, "route", "explain", "pair-07", "--json", **ready)

    assert (plain.code, plain.err) == (0, "")
    for line in ("escalated: people decide", "policy: none was in force", "it would have been accepted if"):
        assert line in plain.out
    found = json.loads(document.out)
    assert [one["code"] for one in found["reasons"]] == ["no_policy"]
    assert found["priority"]["uncertainty"] == 930


@pytest.mark.postgres
def test_an_unknown_pair_ends_with_2_and_a_sentence(ready: dict[str, str], tmp_path: Path) -> None:
    ended = prefstream(tmp_path, "route", "explain", "nobody", **ready)
    assert (ended.code, ended.out) == (2, "")
    assert "there is no pair 'nobody'" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.postgres
def test_the_queue_shows_what_minutes_reach(ready: dict[str, str], tmp_path: Path) -> None:
    plain = prefstream(tmp_path, "route", "queue", "--minutes", "2", **ready)
    found = json.loads(prefstream(tmp_path, "route", "queue", "--minutes", "2", "--json", **ready).out)

    assert "2 minutes reach 2 of 5 tasks; the rest waits" in plain.out
    assert plain.out.count("  waits") == 3
    assert [task["pair_id"] for task in found["queue"]] == [f"pair-{n}" for n in range(55, 60)]
    assert (found["served"], found["waiting"], found["seconds"]) == (2, 3, 120)
    nobody = prefstream(tmp_path, "route", "queue", "--slice", "none", **ready)
    assert "nobody waits" in nobody.out


@pytest.mark.postgres
def test_what_was_learned_is_published_and_prompts_are_chosen_by_it(
    ready: dict[str, str], tmp_path: Path
) -> None:
    few = prefstream(tmp_path, "route", "learn", "--min-labels", "1000", **ready)
    dry = json.loads(prefstream(tmp_path, "route", "learn", "--dry-run", "--json", **ready).out)
    learned = prefstream(tmp_path, "route", "learn", **ready)
    again = json.loads(prefstream(tmp_path, "route", "learn", "--json", **ready).out)
    prompts = tmp_path / "prompts.jsonl"
    rows = [
        {"prompt_id": f"q{n}", "prompt": f"Tell me about {topic}."}
        for n, topic in enumerate(("rivers", "tax", "17 times 23"))
    ]
    prompts.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    out = tmp_path / "chosen.jsonl"
    chosen = prefstream(
        tmp_path, "route", "choose", str(prompts), "--most", "2", "--out", str(out), "--json", **ready
    )

    assert (few.code, few.out) == (2, "")
    assert "people have decided 55 pairs" in few.err
    assert (dry["published"], dry["labels"]) == (False, 55)
    assert ": published" in learned.out
    assert (again["published"], again["selection_id"]) == (False, dry["selection_id"])
    assert dry["weights"]["length"] < 0
    found = json.loads(chosen.out)
    assert (found["selection_id"], len(found["chosen"])) == (dry["selection_id"], 2)
    written = [json.loads(line)["prompt_id"] for line in out.read_text("utf-8").splitlines()]
    assert written == [one["prompt_id"] for one in found["chosen"]]


def test_a_file_that_is_not_there_is_a_bad_input(tmp_path: Path) -> None:
    ended = prefstream(
        tmp_path,
        "route",
        "choose",
        "nothing.jsonl",
        "--most",
        "2",
        PREFSTREAM_POSTGRES__DSN="postgresql://x/y",
    )
    assert ended.code == 2
    assert "nothing.jsonl" in ended.err
