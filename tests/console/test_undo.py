"""Undo over HTTP: an answer can be taken back while nothing was said of it, and never after."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests import factories as make
from tests.console.running import RunningConsole, running_console
from tests.console.working import (
    VERDICT,
    People,
    Work,
    kind_of,
    next_task,
    nothing_to_do,
    outbox_of,
    said_of,
    submit,
)

pytestmark = pytest.mark.postgres


async def undo(client: httpx2.AsyncClient, submitted: dict[str, Any]) -> httpx2.Response:
    return await client.post(f"/api/v1/submissions/{submitted['submission_id']}/undo")


async def test_an_answer_taken_back_is_not_said_and_is_the_draft_of_the_next(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    client, other = [console.client(await people("annotator")) for _ in range(2)]
    leased = await next_task(client)
    submitted = (await submit(client, leased, VERDICT | {"rationale": "hasty"})).json()

    again = await undo(client, submitted)

    assert again.status_code == 200, again.text
    back = again.json()
    assert back["lease_id"] == leased["lease_id"]
    assert back["fence"] > leased["fence"]
    assert back["draft"]["rationale"] == "hasty"
    assert back["left"] == leased["left"]
    assert await outbox_of(console.pool) == []
    assert await nothing_to_do(other), "the task is lent again"
    assert kind_of(await submit(client, leased)) == "stale_fence"
    second = (await submit(client, back, {"verdict": "B>"})).json()
    assert second["submission_id"] != submitted["submission_id"]
    assert len(await outbox_of(console.pool)) == 1


async def test_undo_twice_is_undo_once(console: RunningConsole, with_tasks: Work, people: People) -> None:
    await with_tasks.pairs(1)
    client = console.client(await people("annotator"))
    submitted = (await submit(client, await next_task(client))).json()

    answers = await asyncio.gather(*(undo(client, submitted) for _ in range(5)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["fence"] for answer in answers}) == 1


async def test_it_is_too_late_once_the_time_is_over(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    client = console.client(await people("annotator"))
    submitted = (await submit(client, await next_task(client))).json()
    await console.pool.execute("update submissions set undo_until = now()")

    answer = await undo(client, submitted)

    assert (answer.status_code, kind_of(answer)) == (409, "too_late")
    assert len(await outbox_of(console.pool)) == 1, "it is still going to be said"


async def test_it_is_too_late_while_it_is_being_said(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    client = console.client(await people("annotator"))
    submitted = (await submit(client, await next_task(client))).json()
    async with console.pool.acquire() as connection, connection.transaction():
        await connection.fetch("select from outbox for update")

        answer = await undo(client, submitted)

    assert kind_of(answer) == "too_late"


async def test_others_cannot_take_it_back(console: RunningConsole, with_tasks: Work, people: People) -> None:
    await with_tasks.pairs(1)
    ada, bo = [console.client(await people("annotator")) for _ in range(2)]
    submitted = (await submit(ada, await next_task(ada))).json()

    assert (await undo(bo, submitted)).status_code == 404


async def test_without_time_to_undo_nothing_is_held_back(postgres_dsn: str) -> None:
    async with running_console(postgres_dsn, undo_s=0) as console:
        await Work(console.pool, console.log).pairs(1)
        client = console.client(await console.person("annotator"))
        submitted = (await submit(client, await next_task(client))).json()

        assert kind_of(await undo(client, submitted)) == "too_late"


async def test_a_refinement_goes_with_its_answer(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.constitution()
    (pair,) = await with_tasks.pairs(1)
    await with_tasks.say(make.a_label_submitted(pair_id=pair, annotator="ada"))
    await with_tasks.dispute(pair, round_name="adjudicate")
    client = console.client(await people("qa_lead"))
    refinement = {"clause": "P1", "kind": "exemplar", "text": "As here."}
    submitted = (await submit(client, await next_task(client), VERDICT | {"refinement": refinement})).json()

    assert (await undo(client, submitted)).status_code == 200

    assert await console.pool.fetchval("select count(*) from refinements") == 0
    acts = await console.pool.fetch("select act from audit_trail where act like 'label.%' order by n")
    assert [row["act"] for row in acts] == ["label.adjudicated", "label.taken_back"]


async def test_a_third_task_in_hand_is_the_one_taken_back_and_comes_first(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(5)
    client = console.client(await people("annotator"))
    first = await next_task(client)
    submitted = (await submit(client, first)).json()
    await next_task(client)
    await next_task(client, ahead=True)

    await undo(client, submitted)

    assert (await next_task(client))["lease_id"] == first["lease_id"]
    assert (await said_of(client, await next_task(client), "release")).status_code == 204
