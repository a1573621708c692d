"""Actions about people: recommended to leads, done by them, said as events; nothing is deleted."""

from typing import Any

import httpx2
import pytest

from tests.console.quality_work import (
    a_quality_watch,
    answer_all,
    gold_pairs,
    purpose_of,
    quality_console,
    told,
)
from tests.console.running import RunningConsole
from tests.console.working import Work, next_task, nothing_to_do

pytestmark = pytest.mark.postgres


async def acted(
    lead: httpx2.AsyncClient, person_id: str, action: str, *, why: str = "as found", **body: Any
) -> httpx2.Response:
    return await lead.post(
        f"/api/v1/quality/annotators/{person_id}/actions", json={"action": action, "why": why} | body
    )


async def record(lead: httpx2.AsyncClient, person_id: str) -> dict[str, Any]:
    answer = await lead.get(f"/api/v1/quality/annotators/{person_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def failed(running: RunningConsole, work: Work) -> tuple[str, httpx2.AsyncClient]:
    """Let somebody answer gold wrongly, with labels of work between, until the test fails them."""
    await gold_pairs(running, work, 12)
    await work.pairs(12, needed=1)
    person = await running.person()
    client = running.client(person)
    await answer_all(running, client, 8, verdict="B>")
    return person.person_id, client


async def test_a_warning_is_seen_with_the_next_task_and_then_no_more(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, work):
        await work.constitution()
        await work.pairs(3)
        person = await running.person()
        client, lead = running.client(person), running.client(await running.person("qa_lead"))

        assert (await acted(lead, person.person_id, "warn", why="Please read both.")).status_code == 200

        first, *_ = await answer_all(running, client, 1)
        assert first["notice"] == "Please read both."
        assert (await next_task(client))["notice"] is None


async def test_who_is_paused_gets_no_task_until_resumed(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, work):
        await work.constitution()
        await work.pairs(1)
        person = await running.person()
        client, lead = running.client(person), running.client(await running.person("qa_lead"))

        await acted(lead, person.person_id, "pause", why="talk to us first")
        refused = await client.post("/api/v1/tasks/next", json={})
        assert (refused.status_code, "talk to us first" in refused.text) == (403, True)

        assert (await acted(lead, person.person_id, "resume")).status_code == 200
        assert (await next_task(client))["task_id"]
        assert (await acted(lead, person.person_id, "resume")).status_code == 409


async def test_who_fails_the_gold_test_is_proposed_for_withdrawal_and_training(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, gold_share=1.0) as (running, work):
        await work.constitution()
        person_id, _ = await failed(running, work)
        lead = running.client(await running.person("qa_lead"))

        found = await record(lead, person_id)

        assert found["gold"]["standing"] == "failed"
        assert [one["action"] for one in found["proposals"]] == ["withdraw", "retrain"]
        assert found["paused"] is False, "people decide"


async def test_withdrawing_says_each_label_once_and_deletes_none(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, gold_share=1.0, undo_s=0.0) as (running, work):
        await work.constitution()
        person_id, _ = await failed(running, work)
        lead = running.client(await running.person("qa_lead"))
        (proposal, _) = (await record(lead, person_id))["proposals"]
        given = await running.pool.fetchval("select count(*) from submissions where purpose = 'work'")
        assert given

        done = await acted(lead, person_id, "withdraw", cause=proposal["cause"])

        assert done.json() == {"action": "withdraw", "done": True, "labels": given}
        withdrawn = await told(work, "labels.submitted.v1", "LabelWithdrawn", given)
        said = await told(work, "labels.submitted.v1", "LabelSubmitted", given)
        assert {one["label_id"] for one in withdrawn} == {one["event_id"] for one in said}
        (taken,) = await told(work, "annotators.assessed.v1", "AnnotatorActionTaken")
        assert (taken["action"], len(taken["labels"]), taken["by"]) == ("withdraw", given, lead_of(taken))
        await work.project()
        standing = await running.pool.fetchval("select count(*) from labels where withdrawn_at is null")
        assert (standing, await running.pool.fetchval("select count(*) from labels")) == (0, given)
        assert [one["action"] for one in (await record(lead, person_id))["proposals"]] == ["retrain"]


def lead_of(taken: dict[str, Any]) -> str:
    assert taken["by"].startswith("qa_lead-")
    by: str = taken["by"]
    return by


async def test_training_comes_before_work_and_begins_the_test_anew(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, gold_share=1.0, training_questions=2) as (running, work):
        await work.constitution()
        person_id, client = await failed(running, work)
        lead = running.client(await running.person("qa_lead"))

        assert (await acted(lead, person_id, "retrain")).status_code == 200
        wrong, *right = [
            *await answer_all(running, client, 1, verdict="B>"),
            *await answer_all(running, client, 2, verdict="A>"),
        ]

        assert [await purpose_of(running, one) for one in (wrong, *right)] == ["gold"] * 3
        found = await record(lead, person_id)
        assert (found["training_left"], found["gold"]["answers"], found["proposals"]) == (0, 0, [])
        rows = await running.pool.fetch(
            "select told, training from gold_answers order by answered_at desc limit 3"
        )
        assert [tuple(row) for row in rows] == [(True, True)] * 3
        assert (await next_task(client))["task_id"]


async def test_a_rule_pauses_only_where_the_setting_says_so_and_once(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, gold_share=1.0) as (running, work):
        await work.constitution()
        person_id, client = await failed(running, work)
        lead = running.client(await running.person("qa_lead"))

        assert list(await a_quality_watch(running).look()) == []
        (said,) = await a_quality_watch(running, pause=True).look()
        assert (said.type, said.action, said.by) == ("AnnotatorActionTaken", "pause", "rule")  # type: ignore[attr-defined]
        assert (await client.post("/api/v1/tasks/next", json={})).status_code == 403

        await acted(lead, person_id, "resume")
        assert list(await a_quality_watch(running, pause=True).look()) == [], "a finding is answered once"
        assert (await client.post("/api/v1/tasks/next", json={})).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "withdraw"}, 422),
        ({"action": "withdraw", "cause": "gold failed nowhere"}, 409),
        ({"action": "warn", "until": "2099-01-01T00:00:00Z"}, 422),
        ({"action": "pause", "until": "2020-01-01T00:00:00Z"}, 422),
        ({"action": "pause", "until": "9999-12-31T23:59:59-14:00"}, 422),
        ({"action": "withdraw", "after": "0001-01-01T00:00:00+14:00"}, 422),
        ({"action": "warn", "why": "   "}, 422),
        ({"action": "warn", "why": "a\x00b"}, 422),
        ({"action": "retrain"}, 409),
        ({"action": "fire"}, 422),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    postgres_dsn: str, body: dict[str, Any], status: int
) -> None:
    async with quality_console(postgres_dsn) as (running, _):
        person = await running.person()
        lead = running.client(await running.person("qa_lead"))

        answer = await lead.post(
            f"/api/v1/quality/annotators/{person.person_id}/actions", json={"why": "so"} | body
        )

        assert answer.status_code == status, answer.text
        assert await running.pool.fetchval("select count(*) from annotator_actions") == 0
        assert await running.pool.fetchval("select count(*) from outbox") == 0


async def test_annotators_and_reviewers_may_not_look_or_act(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, _):
        person = await running.person()
        for role in ("annotator", "reviewer", "viewer", "service"):
            client = running.client(await running.person(role))
            assert (await acted(client, person.person_id, "pause")).status_code == 403
            assert (await client.get("/api/v1/quality/annotators")).status_code == 403
        assert await nothing_to_do(running.client(person))
