"""From the first answer to the event in the log: a coin-flipper among honest people."""

from random import Random

import pytest

from tests.console.quality_work import (
    a_quality_watch,
    a_reliability_watch,
    answer_about,
    gold_pairs,
    quality_console,
    told,
)
from tests.console.working import next_task, nothing_to_do

pytestmark = pytest.mark.postgres


async def test_a_coin_flipper_is_found_paused_and_their_labels_are_withdrawn(postgres_dsn: str) -> None:
    chance = Random(5)
    async with quality_console(postgres_dsn, gold_share=0.5, undo_s=0.0) as (running, work):
        await work.constitution()
        await gold_pairs(running, work, 60)
        await work.pairs(40, needed=3)
        skills = {"ada": 0.95, "bob": 0.95, "cleo": 0.95, "flip": 0.5}
        clients = {name: running.client(await running.person(person_id=name)) for name in skills}
        for _ in range(28):
            for name, client in clients.items():
                if name == "flip" and await running.pool.fetchval(
                    "select count(*) >= 12 from gold_answers where person_id = 'flip'"
                ):
                    continue
                leased = await next_task(client)
                await answer_about(running, client, leased, "A>" if chance.random() < skills[name] else "B>")
        await work.project()
        await a_reliability_watch(running).look()
        await a_quality_watch(running).look()
        lead = running.client(await running.person("qa_lead", person_id="lea"))

        people = (await lead.get("/api/v1/quality/annotators")).json()["annotators"]

        by_gold = {one["person_id"]: one["gold"]["standing"] for one in people}
        flagged = [one["person_id"] for one in people if any(p["by_gold"] for p in one["proposals"])]
        assert (by_gold["flip"], flagged) == ("failed", ["flip"])
        flip = next(one for one in people if one["person_id"] == "flip")
        accuracy = {one["person_id"]: one["slices"][0]["accuracy"] for one in people if one["slices"]}
        assert min(accuracy, key=lambda name: accuracy[name]) == "flip"

        proposal = next(one for one in flip["proposals"] if one["action"] == "withdraw")
        given = await running.pool.fetchval("select count(*) from labels where annotator = 'flip'")
        acts = "/api/v1/quality/annotators/flip/actions"
        paused = await lead.post(acts, json={"action": "pause", "why": proposal["why"]})
        withdrawn = await lead.post(
            acts, json={"action": "withdraw", "why": proposal["why"], "cause": proposal["cause"]}
        )

        assert (paused.status_code, withdrawn.json()["labels"]) == (200, given)
        assert given > 0
        refused = await clients["flip"].post("/api/v1/tasks/next", json={})
        assert refused.status_code == 403
        said = await told(work, "labels.submitted.v1", "LabelWithdrawn", given)
        assert {one["annotator"] for one in said} == {"flip"}
        taken = await told(work, "annotators.assessed.v1", "AnnotatorActionTaken", 2)
        assert [(one["action"], one["by"]) for one in taken] == [("pause", "lea"), ("withdraw", "lea")]
        await work.project()
        left = await running.pool.fetch(
            "select annotator, count(*) filter (where withdrawn_at is null) as standing, count(*) as given "
            "from labels group by annotator order by annotator"
        )
        assert {row["annotator"]: row["standing"] for row in left if row["annotator"] == "flip"} == {
            "flip": 0
        }
        assert all(row["standing"] == row["given"] for row in left if row["annotator"] != "flip")
        audited = await running.pool.fetch(
            "select act, person_id, subject from audit_trail where act like 'annotator.%' order by n"
        )
        assert [tuple(row) for row in audited] == [
            ("annotator.pause", "lea", "flip"),
            ("annotator.withdraw", "lea", "flip"),
        ]
        await a_reliability_watch(running).look()
        # What is left of them are answers to gold questions, right or wrong as they are.
        gold = await running.pool.fetchval("select count(*) from gold_answers where person_id = 'flip'")
        known = await running.pool.fetchval("select labels from reliability where annotator = 'flip'")
        assert known == gold


async def test_an_annotator_without_work_is_told_so(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, work):
        await work.constitution()

        assert await nothing_to_do(running.client(await running.person()))
