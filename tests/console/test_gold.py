"""Gold questions: invisible between the work, asked once, and never a label."""

import pytest

from tests.console.quality_work import (
    answer_about,
    answer_all,
    gold_pairs,
    purpose_of,
    quality_console,
    told,
)
from tests.console.working import next_task, nothing_to_do, submit

pytestmark = pytest.mark.postgres


async def test_a_gold_question_looks_like_work(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, gold_share=1.0) as (running, work):
        await work.constitution()
        await gold_pairs(running, work, 1)
        await work.pairs(2)
        client = running.client(await running.person())

        gold, usual = await next_task(client), await next_task(client, ahead=True)

        assert [await purpose_of(running, one) for one in (gold, usual)] == ["gold", "work"]
        assert gold.keys() == usual.keys()
        assert [gold[name] for name in ("kind", "round", "slice", "shown")] == [
            usual[name] for name in ("kind", "round", "slice", "shown")
        ]
        assert "gold" not in str({**gold, "task_id": ""})


async def test_an_answer_to_gold_is_no_label(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, gold_share=1.0, undo_s=0.0) as (running, work):
        await work.constitution()
        (gold,) = await gold_pairs(running, work, 1)
        await work.pairs(1)
        person = await running.person()
        client = running.client(person)

        leased = await next_task(client)
        said = await answer_about(running, client, leased, "B>")

        assert said.json()["feedback"] is None
        rows = await running.pool.fetch("select pair_id, person_id, verdict, correct, told from gold_answers")
        assert [tuple(row) for row in rows] == [(gold, person.person_id, "B>", False, False)]
        (event,) = await told(work, "annotators.assessed.v1", "GoldAnswered")
        assert (event["right"], event["expected"], event["subject"]) == (False, "A>", person.person_id)
        assert await work.in_log("labels.submitted.v1") == []


async def test_nobody_is_asked_a_gold_question_twice(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, gold_share=1.0) as (running, work):
        await work.constitution()
        names = await gold_pairs(running, work, 6)
        await work.pairs(12)
        client = running.client(await running.person())

        leased = await answer_all(running, client, 12)

        purposes = [await purpose_of(running, one) for one in leased]
        asked = [one["task_id"] for one, purpose in zip(leased, purposes, strict=True) if purpose == "gold"]
        assert asked, "one half of the pool is in use in a week"
        assert len(set(asked)) == len(asked)
        assert set(asked) <= set(names)


async def test_without_work_there_is_no_gold_either(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, gold_share=1.0) as (running, work):
        await work.constitution()
        await gold_pairs(running, work, 4)
        client = running.client(await running.person())

        assert await nothing_to_do(client)


async def test_a_gold_pair_is_nobodys_work(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, work):
        await work.constitution()
        first, second = await work.pairs(2)
        lead = running.client(await running.person("qa_lead"))
        chosen = await lead.post(
            "/api/v1/quality/gold", json={"pair_id": first, "expected": "A>", "why": "it is true"}
        )
        assert chosen.status_code == 201
        client = running.client(await running.person())

        leased = await answer_all(running, client, 1)

        assert [one["task_id"] for one in leased] == [second]
        assert await nothing_to_do(client)


async def test_an_answer_taken_back_does_not_count(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, gold_share=1.0, undo_s=60.0) as (running, work):
        await work.constitution()
        await gold_pairs(running, work, 1)
        await work.pairs(1)
        client = running.client(await running.person())
        leased = await next_task(client)
        first = await answer_about(running, client, leased, "B>")

        undone = await client.post(f"/api/v1/submissions/{first.json()['submission_id']}/undo")
        assert undone.status_code == 200, undone.text
        await answer_about(running, client, undone.json(), "A>")

        rows = await running.pool.fetch(
            "select correct from gold_answers where undone_at is null and not training"
        )
        assert [row["correct"] for row in rows] == [True]


async def test_where_the_setting_says_so_people_are_told_why(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, gold_share=1.0, feedback=True) as (running, work):
        await work.constitution()
        await gold_pairs(running, work, 1, why="17 times 23 is 391", clauses=["P1"])
        await work.pairs(1)
        client = running.client(await running.person())
        leased = await next_task(client)

        said = (await submit(client, leased, {"verdict": "both_bad"})).json()["feedback"]

        assert (said["right"], said["why"], said["clauses"]) == (False, "17 times 23 is 391", ["P1"])
        assert said["expected"] in {"A>", "B>"}


async def test_choosing_and_retiring_is_said_noted_and_for_leads_alone(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, work):
        await work.constitution()
        (gold,) = await gold_pairs(running, work, 1)
        lead = running.client(await running.person("qa_lead"))
        annotator = running.client(await running.person("annotator"))

        refused = await annotator.delete(f"/api/v1/quality/gold/{gold}")
        retired = await lead.delete(f"/api/v1/quality/gold/{gold}")
        again = await lead.delete(f"/api/v1/quality/gold/{gold}")

        assert (refused.status_code, retired.status_code, again.status_code) == (403, 200, 404)
        listed = (await lead.get("/api/v1/quality/gold")).json()["gold"]
        assert [(one["pair_id"], one["active"]) for one in listed] == [(gold, False)]
        acts = await running.pool.fetch("select act from audit_trail where act like 'gold.%' order by n")
        assert [row["act"] for row in acts] == ["gold.chosen", "gold.retired"]
        (chosen,) = await told(work, "gold.chosen.v1", "GoldChosen")
        (ended,) = await told(work, "gold.chosen.v1", "GoldRetired")
        assert (chosen["pair_id"], chosen["expected"], ended["pair_id"]) == (gold, "A>", gold)


async def test_a_pair_without_texts_or_label_is_refused(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, work):
        await work.constitution()
        (known,) = await work.pairs(1)
        lead = running.client(await running.person("qa_lead"))

        unknown = await lead.post("/api/v1/quality/gold", json={"pair_id": "nowhere", "expected": "A>"})
        unlabelled = await lead.post("/api/v1/quality/gold", json={"pair_id": known})

        assert (unknown.status_code, unlabelled.status_code) == (404, 409)
        assert unlabelled.json()["detail"] == f"{known} has no label yet; say what the right answer is"
