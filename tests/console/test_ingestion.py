"""Prompts, pairs, labels and tasks over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prefstream.adapters.local import LocalPostgres
from prefstream.adapters.postgres.connection import connect
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.console.ingestion import EXAMPLES, Kind
from prefstream.schemas.codec import decode
from prefstream.schemas.envelope import Event
from tests.console.running import PARTITIONS, RunningConsole, Somebody, running_console

People = Callable[..., Awaitable[Somebody]]
PAIR = {
    "pair_id": "p1",
    "prompt": "Say hello.",
    "response_a": "Hello!",
    "response_b": "Go away.",
    "slice": "chat",
}
LABEL = {"pair_id": "p1", "annotator": "ada", "verdict": "A", "rationale": "It is kind."}
LINES = {"Content-Type": "application/x-ndjson"}


async def events(console: RunningConsole, topic: str) -> list[Any]:
    """Read the events of a topic."""
    return [decode(record.value) async for record in console.log.snapshot(topic)]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


async def test_a_pair_a_list_of_prompts_and_a_stream_of_labels_come_in(
    console: RunningConsole, people: People
) -> None:
    client = console.client(await people("service", person_id="loader"))

    pair = await client.post("/api/v1/pairs", json=PAIR)
    prompts = await client.post("/api/v1/prompts", json=[{"prompt": f"Count to {n}."} for n in range(3)])
    labels = await client.post("/api/v1/labels", content=lines([LABEL]), headers=LINES)

    nothing_refused = {"refused": [], "refused_besides": 0}
    assert [(one.status_code, one.json()) for one in (pair, prompts, labels)] == [
        (202, {"accepted": 1} | nothing_refused),
        (202, {"accepted": 3} | nothing_refused),
        (202, {"accepted": 1} | nothing_refused),
    ]
    (proposed,) = await events(console, "pairs.proposed.v1")
    (label,) = await events(console, "labels.submitted.v1")
    assert (proposed.pair_id, proposed.source) == ("p1", "api/loader")
    assert (label.annotator, label.rationale) == ("ada", "It is kind.")
    assert len(await events(console, "prompts.submitted.v1")) == 3


async def test_tasks_of_other_kinds_come_in(console: RunningConsole, people: People) -> None:
    client = console.client(await people("service"))
    row = {"task_id": "t1", "kind": "rating", "prompt": "Hi", "response": "Hello", "slice": "chat"}

    answer = await client.post("/api/v1/tasks", json=row)

    assert answer.status_code == 202, answer.text
    assert [one.task_id for one in await events(console, "tasks.proposed.v1")] == ["t1"]


@pytest.mark.parametrize("kind", EXAMPLES)
async def test_the_example_of_the_document_is_taken(
    console: RunningConsole, people: People, kind: Kind
) -> None:
    client = console.client(await people("service"))

    answer = await client.post(f"/api/v1/{kind}", json=dict(EXAMPLES[kind]))

    assert answer.json() == {"accepted": 1, "refused": [], "refused_besides": 0}


async def test_rows_that_do_not_fit_are_named_with_the_reasons_and_the_others_taken(
    console: RunningConsole, people: People
) -> None:
    client = console.client(await people("service"))
    body = b"\n".join(
        (
            json.dumps(PAIR).encode(),
            b"{not json",
            b'"text"',
            b"",
            json.dumps({"pair_id": "p2", "prompt": "Hi"}).encode(),
            b'{"pair_id": "p3", "prompt": "\\ud800", "response_a": "a", "response_b": "b"}',
            json.dumps(PAIR | {"pair_id": "p4"}).encode(),
        )
    )

    answer = (await client.post("/api/v1/pairs", content=body, headers=LINES)).json()

    assert answer["accepted"] == 2
    assert [one["line"] for one in answer["refused"]] == [2, 3, 5, 6]
    assert answer["refused"][0]["reasons"][0].startswith("is not JSON")
    assert answer["refused"][1]["reasons"] == ["is no JSON object"]
    assert "response_a is missing" in answer["refused"][2]["reasons"]


async def test_rows_of_which_none_fits_are_a_problem(console: RunningConsole, people: People) -> None:
    answer = await console.client(await people("service")).post("/api/v1/labels", json=[{"pair_id": "p1"}])

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:prefstream:problem:all_refused")
    assert answer.json()["refused"][0]["line"] == 1


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 202),
        (b"", "application/x-ndjson", 202),
        (b"a,b", "text/csv", 415),
        (b" " * 9_000_000, "application/json", 413),
    ],
)
async def test_a_body_that_is_no_rows_is_refused(
    console: RunningConsole, people: People, body: bytes, kind: str, status: int
) -> None:
    client = console.client(await people("service"))

    answer = await client.post("/api/v1/pairs", content=body, headers={"Content-Type": kind})

    assert answer.status_code == status, answer.text


async def test_a_long_stream_is_taken_in_batches_and_a_line_too_long_is_left_out(
    console: RunningConsole, people: People
) -> None:
    async def rows() -> AsyncIterator[bytes]:
        for number in range(1200):
            yield lines([PAIR | {"pair_id": f"p{number}"}])
            if number == 600:
                for _ in range(30):
                    yield b"x" * 100_000
                yield b"\n"

    client = console.client(await people("service"))

    answer = await client.post("/api/v1/pairs", content=rows(), headers=LINES)

    assert answer.json()["accepted"] == 1200
    assert [one["line"] for one in answer.json()["refused"]] == [602]
    assert len(await events(console, "pairs.proposed.v1")) == 1200


async def test_a_stream_may_be_longer_than_any_other_body(postgres_dsn: str) -> None:
    async with running_console(postgres_dsn, body_bytes=20_000) as console:
        client = console.client(await console.person("service"))
        rows = [PAIR | {"pair_id": f"p{number}"} for number in range(500)]

        streamed = await client.post("/api/v1/pairs", content=lines(rows), headers=LINES)
        as_a_whole = await client.post("/api/v1/pairs", json=rows)

    assert (streamed.status_code, as_a_whole.status_code) == (202, 413)


async def test_what_a_simulation_brings_in_is_simulated(console: RunningConsole, people: People) -> None:
    client = console.client(await people("service", simulated=True))

    await client.post("/api/v1/pairs?provenance=real", json=PAIR)

    (proposed,) = await events(console, "pairs.proposed.v1")
    assert proposed.provenance == "simulated"


class TestIdempotency:
    """The same request again."""

    async def test_without_a_key_a_repeat_says_the_same_event(
        self, console: RunningConsole, people: People
    ) -> None:
        client = console.client(await people("service"))

        for _ in range(2):
            await client.post("/api/v1/pairs", json=PAIR)

        first, second = await events(console, "pairs.proposed.v1")
        assert first.event_id == second.event_id

    async def test_with_a_key_a_repeat_is_answered_the_same_and_brings_nothing(
        self, console: RunningConsole, people: People
    ) -> None:
        client = console.client(await people("service"), headers={"Idempotency-Key": "k1"})

        first = await client.post("/api/v1/pairs", json=[PAIR, {}])
        again = await client.post("/api/v1/pairs", json=[PAIR, {}])

        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert len(await events(console, "pairs.proposed.v1")) == 1
        assert await console.pool.fetchval("select count(*) from audit_trail") == 1

    async def test_a_key_is_for_one_request_of_one_person(
        self, console: RunningConsole, people: People
    ) -> None:
        key = {"Idempotency-Key": "k1"}
        client, other = [console.client(await people("service"), headers=key) for _ in range(2)]
        await client.post("/api/v1/pairs", json=PAIR)

        another_body = await client.post("/api/v1/pairs", json=PAIR | {"slice": "law"})
        another_path = await client.post("/api/v1/prompts", json=PAIR)
        another_person = await other.post("/api/v1/pairs", json=PAIR)

        assert (another_body.status_code, another_path.status_code) == (422, 422)
        assert another_body.json()["type"] == "urn:prefstream:problem:key_reused"
        assert another_person.status_code == 202

    async def test_while_one_is_answered_its_repeat_waits(
        self, console: RunningConsole, people: People
    ) -> None:
        go_on = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield lines([PAIR])
            await go_on.wait()

        client = console.client(await people("service"), headers=LINES | {"Idempotency-Key": "k1"})
        running = asyncio.create_task(client.post("/api/v1/pairs", content=slow()))
        async with asyncio.timeout(10):
            while not await console.pool.fetchval("select count(*) from idempotency_keys"):
                await asyncio.sleep(0.01)

        meanwhile = await client.post("/api/v1/pairs", content=lines([PAIR]))
        go_on.set()
        first = await running
        after = await client.post("/api/v1/pairs", content=lines([PAIR]))

        assert (meanwhile.status_code, first.status_code, after.status_code) == (409, 202, 202)
        assert after.content == first.content

    async def test_a_request_that_broke_off_goes_on_with_its_first_instant(
        self, console: RunningConsole, people: People
    ) -> None:
        loader = await people("service", person_id="loader")
        long_ago = datetime.now(UTC) - timedelta(minutes=10)
        await console.pool.execute(
            "insert into idempotency_keys (person_id, key, created_at, alive_at) values ($1, 'k1', $2, $2)",
            "loader",
            long_ago,
        )

        answer = await console.client(loader, headers={"Idempotency-Key": "k1"}).post(
            "/api/v1/pairs", json=PAIR
        )

        (proposed,) = await events(console, "pairs.proposed.v1")
        assert answer.status_code == 202
        assert abs(proposed.occurred_at - long_ago) < timedelta(seconds=1)

    async def test_many_at_once_with_one_key_bring_one(self, console: RunningConsole, people: People) -> None:
        client = console.client(await people("service"), headers={"Idempotency-Key": "k1"})

        answers = await asyncio.gather(*(client.post("/api/v1/pairs", json=PAIR) for _ in range(20)))

        assert {one.status_code for one in answers} <= {202, 409}
        assert 202 in {one.status_code for one in answers}
        assert len(await events(console, "pairs.proposed.v1")) == 1


async def test_while_the_log_is_away_nothing_is_taken_and_the_repeat_is(
    postgres_dsn: str, tmp_path: Path
) -> None:
    server = LocalPostgres(tmp_path / "log")
    try:
        log = await _log_on(await asyncio.to_thread(server.start))
        async with running_console(postgres_dsn, writer=await log.writer()) as console:
            headers = {"Idempotency-Key": "k1"}
            client = console.client(await console.person("service"), headers=headers)
            await asyncio.to_thread(server.kill)
            away = await client.post("/api/v1/pairs", json=PAIR)
            await asyncio.to_thread(server.start)
            async with asyncio.timeout(30):
                while (back := await client.post("/api/v1/pairs", json=PAIR)).status_code != 202:
                    assert back.status_code == 503
                    await asyncio.sleep(0.05)
            found: list[Event] = [decode(one.value) async for one in log.snapshot("pairs.proposed.v1")]
        await log.close()
    finally:
        await asyncio.to_thread(server.stop)

    assert (away.status_code, away.json()["accepted"], away.headers["retry-after"]) == (503, 0, "2")
    assert len(found) == 1


async def _log_on(dsn: str) -> PostgresLog:
    connection = await connect(dsn)
    await upgrade(connection)
    await connection.close()
    log = await PostgresLog.open(dsn, partitions=PARTITIONS)
    await log.ensure_topics(partitions=PARTITIONS, replication=1)
    return log


async def test_what_came_in_is_in_the_trail(console: RunningConsole, people: People) -> None:
    await console.client(await people("service", person_id="loader")).post("/api/v1/pairs", json=[PAIR, {}])

    (act,) = (await console.client(await people("admin")).get("/api/v1/audit")).json()["acts"]

    assert (act["person_id"], act["act"]) == ("loader", "ingestion.pairs")
    assert act["detail"] == {"accepted": 1, "refused": 1}
