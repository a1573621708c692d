"""Tasks other than pairs through the console's API: leased, answered, counted, measured."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from prefstream.adapters.postgres.projections import project
from prefstream.schemas.codec import decode
from prefstream.schemas.demonstrations import (
    DemonstrationSubmitted,
    RankingSubmitted,
    RatingSubmitted,
    SafetyLabelSubmitted,
    TaskKind,
)
from prefstream.schemas.envelope import Event
from prefstream.schemas.values import Provenance
from tests import factories as make
from tests.console.running import RunningConsole

pytestmark = pytest.mark.postgres
ANSWERS: dict[TaskKind, dict[str, Any]] = {
    TaskKind.RANKING: {"ranks": [1, 2, 2], "clauses": ["P1"], "rationale": "Only one is right."},
    TaskKind.RATING: {"overall": 4, "dimensions": {"helpfulness": 5}},
    TaskKind.DEMONSTRATION: {"response": "17 times 23 is 391."},
    TaskKind.SAFETY: {"category": "fraud", "severity": 2, "response": "refuses"},
}
EVENTS = {
    TaskKind.RANKING: RankingSubmitted,
    TaskKind.RATING: RatingSubmitted,
    TaskKind.DEMONSTRATION: DemonstrationSubmitted,
    TaskKind.SAFETY: SafetyLabelSubmitted,
}
_place = iter(range(1_000_000))


async def in_sink(console: RunningConsole, *events: Event) -> None:
    """Write events as the sink does."""
    records = [make.a_record(event, offset=next(_place)) for event in events]
    async with console.pool.acquire() as connection, connection.transaction():
        await project(connection, records)


async def published(console: RunningConsole) -> None:
    await in_sink(console, make.a_constitution_published())


async def leased(client: httpx2.AsyncClient, rounds: Sequence[str] | None) -> dict[str, Any]:
    answer = await client.post("/api/v1/tasks/next", json={"rounds": rounds})
    assert answer.status_code == 200, answer.text
    task: dict[str, Any] = answer.json()
    await client.post(f"/api/v1/leases/{task['lease_id']}/shown", json={"fence": task["fence"]})
    return task


async def submitted(
    client: httpx2.AsyncClient, task: dict[str, Any], answer: dict[str, Any]
) -> httpx2.Response:
    body = {"fence": task["fence"], "seconds": 3.0, "answer": answer}
    return await client.post(f"/api/v1/leases/{task['lease_id']}/submit", json=body)


async def said(console: RunningConsole) -> list[Event]:
    """Return what waits to be said, as the outbox has it."""
    rows = await console.pool.fetch("select value from outbox order by n")
    return [decode(row["value"]) for row in rows]


@pytest.mark.parametrize("kind", list(TaskKind))
async def test_a_task_of_each_kind_is_leased_answered_and_said(
    console: RunningConsole, kind: TaskKind
) -> None:
    await published(console)
    await in_sink(console, make.a_task_proposed(kind=kind))
    client = console.client(await console.person("annotator", person_id="ann"))

    task = await leased(client, [kind.value])
    assert (task["kind"], task["task_id"], task["shown"]) == (kind.value, make.TASK, None)
    assert "model" not in str(task)
    answer = await submitted(client, task, ANSWERS[kind])
    assert answer.status_code == 200, answer.text

    (event,) = await said(console)
    assert isinstance(event, EVENTS[kind])
    assert (event.annotator, event.task_id, event.slice) == ("ann", make.TASK, "arithmetic")
    again = await client.post("/api/v1/tasks/next", json={"rounds": [kind.value]})
    assert again.status_code == 204, "nobody answers a task twice"
    await in_sink(console, event)
    assert await console.pool.fetchval("select open from tasks") is False


async def test_ranks_come_back_in_the_order_of_the_task(console: RunningConsole) -> None:
    await published(console)
    await in_sink(console, make.a_task_proposed(overlap=5))
    best = {"391": 1, "about 400": 2, "401": 3}
    for person_id in ("ann", "bob", "cid", "dee", "eve"):
        client = console.client(await console.person("annotator", person_id=person_id))
        task = await leased(client, ["ranking"])
        ranks = [best[candidate["text"]] for candidate in task["candidates"]]
        assert (await submitted(client, task, {"ranks": ranks})).status_code == 200
    events = await said(console)
    assert {event.ranks for event in events if isinstance(event, RankingSubmitted)} == {(1, 3, 2)}
    assert len({event.shown for event in events if isinstance(event, RankingSubmitted)}) > 1


async def test_an_answer_that_does_not_fit_is_refused_and_kept_as_a_draft(console: RunningConsole) -> None:
    await published(console)
    await in_sink(console, make.a_task_proposed())
    client = console.client(await console.person("annotator"))
    task = await leased(client, ["ranking"])
    for wrong in ({"ranks": [1]}, {"ranks": [1, 2, 3], "clauses": ["P9"]}, {"verdict": "A>"}):
        answer = await submitted(client, task, wrong)
        assert answer.status_code == 422, answer.text
        assert answer.json()["type"] in {
            "urn:prefstream:problem:invalid_answer",
            "urn:prefstream:problem:unknown_clause",
        }
    assert await said(console) == []
    assert (await submitted(client, task, {"ranks": [1, 2, 3]})).status_code == 200


async def test_an_answer_taken_back_is_the_draft_of_the_next_one(console: RunningConsole) -> None:
    await published(console)
    await in_sink(console, make.a_task_proposed())
    client = console.client(await console.person("annotator"))
    task = await leased(client, ["ranking"])
    answer = await submitted(client, task, {"ranks": [3, 1, 2]})
    undone = await client.post(f"/api/v1/submissions/{answer.json()['submission_id']}/undo")
    assert undone.status_code == 200, undone.text
    assert undone.json()["draft"]["ranks"] == [3, 1, 2]
    assert undone.json()["candidates"] == task["candidates"]
    assert await said(console) == []


async def test_safety_tasks_come_only_to_who_asks_for_them(console: RunningConsole) -> None:
    await published(console)
    await in_sink(console, make.a_task_proposed(kind=TaskKind.SAFETY))
    client = console.client(await console.person("annotator"))
    assert (await client.post("/api/v1/tasks/next", json={"rounds": None})).status_code == 204
    assert (await leased(client, ["safety"]))["kind"] == "safety"


async def test_who_simulates_a_person_is_marked_so(console: RunningConsole) -> None:
    await published(console)
    await in_sink(console, make.a_task_proposed(kind=TaskKind.RATING))
    client = console.client(await console.person("annotator", simulated=True))
    task = await leased(client, ["rating"])
    assert (await submitted(client, task, {"overall": 3})).status_code == 200
    (event,) = await said(console)
    assert isinstance(event, RatingSubmitted)
    assert event.provenance is Provenance.SIMULATED


async def test_agreement_is_null_with_a_reason_until_two_people_answered(console: RunningConsole) -> None:
    await in_sink(console, make.a_task_proposed(overlap=2), make.a_ranking_submitted(annotator="ann"))
    client = console.client(await console.person("viewer"))
    where = "/api/v1/demonstrations/agreement"

    alone = (await client.get(where, params={"kind": "ranking"})).json()
    assert alone["figures"]["kendall_tau_b"]["value"] is None
    assert alone["figures"]["kendall_tau_b"]["reason"] == "no task was ranked by two people"
    await in_sink(console, make.a_ranking_submitted(annotator="bob", ranks=(2, 1, 3)))
    both = (await client.get(where, params={"kind": "ranking"})).json()
    assert both["figures"]["kendall_tau_b"]["value"] == pytest.approx(1 / 3)
    assert both["slices"]["arithmetic"]["figures"]["pairwise_agreement"]["value"] == pytest.approx(2 / 3)
    assert (await client.get(where, params={"kind": "poem"})).status_code == 422

    annotator = console.client(await console.person("annotator"))
    assert (await annotator.get(where, params={"kind": "ranking"})).status_code == 403
    assert (await annotator.get("/api/v1/demonstrations/answers")).json().keys() == {
        kind.value for kind in TaskKind
    }


async def test_tasks_brought_in_over_http_reach_the_log(console: RunningConsole) -> None:
    client = console.client(await console.person("service"))
    rows = [
        {"kind": "ranking", "prompt": "p", "candidates": ["a", "b"]},
        {"kind": "ranking", "prompt": "p", "candidates": ["a"]},
    ]
    answer = await client.post("/api/v1/tasks", json=rows)
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] == 1
    assert answer.json()["refused"][0]["reasons"] == ["a ranking has 2 to 9 candidates, not 1"]
    count = "select count(*) from log_records where topic = 'tasks.proposed.v1'"
    assert await console.pool.fetchval(count) == 1


async def test_fifty_people_at_once_give_no_task_to_more_people_than_it_wants(
    console: RunningConsole,
) -> None:
    await published(console)
    await in_sink(console, *(make.a_task_proposed(task_id=f"t{n}", overlap=3) for n in range(10)))
    people = [console.client(await console.person("annotator", person_id=f"p{n}")) for n in range(50)]

    async def work(client: httpx2.AsyncClient) -> None:
        while True:
            answer = await client.post("/api/v1/tasks/next", json={"rounds": ["ranking"]})
            if answer.status_code == 204:
                return
            assert answer.status_code == 200, answer.text
            assert (await submitted(client, answer.json(), {"ranks": [1, 2, 3]})).status_code == 200

    await asyncio.wait_for(asyncio.gather(*map(work, people)), 60)
    events = [event for event in await said(console) if isinstance(event, RankingSubmitted)]
    assert len(events) == 30
    assert len({(event.task_id, event.annotator) for event in events}) == 30
    assert all(event.occurred_at <= datetime.now(UTC) for event in events)


async def test_pages_of_kinds_are_for_people_who_label(console: RunningConsole) -> None:
    await published(console)
    await in_sink(console, make.a_task_proposed())
    annotator = await console.logged_in(await console.person("annotator"))
    viewer = await console.logged_in(await console.person("viewer"))
    assert (await annotator.get("/tasks/ranking")).status_code == 200
    assert (await annotator.get("/tasks/poem")).status_code == 404
    assert (await annotator.post("/tasks/poem/next", json={})).status_code == 404
    assert (await viewer.get("/tasks/ranking")).status_code == 403
    assert (await viewer.post("/tasks/ranking/next", json={})).status_code == 403
    assert (await console.client().post("/tasks/ranking/next", json={})).status_code == 401
    del annotator.headers["X-CSRF-Token"]
    assert (await annotator.post("/tasks/ranking/next", json={})).status_code == 403
    assert await console.pool.fetchval("select count(*) from leases") == 0
