"""Weekly sets: drawn once, the same for everybody, and drift read from the answers."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from prefstream.domain.reliability import week_of
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.values import Preference
from prefstream.streams.quality_watch import QualityWatch
from tests import factories as make
from tests.console.quality_work import (
    a_quality_watch,
    answer_about,
    purpose_of,
    quality_console,
    told,
)
from tests.console.running import RunningConsole
from tests.console.working import Work, next_task, nothing_to_do

pytestmark = pytest.mark.postgres

SIZE = 12


def resolved(number: int, *, judge_right: bool = True) -> Sequence[Event]:
    """Return a pair that two people agreed on: A is right."""
    pair_id = f"done-{number:03}"
    at = make.NOON + timedelta(minutes=number)
    judged = Preference.A_BETTER if judge_right else Preference.B_BETTER
    labels = [make.a_label_submitted(pair_id=pair_id, annotator=who, occurred_at=at) for who in ("x", "y")]
    return [
        make.a_pair_proposed(pair_id=pair_id),
        make.a_pair_judged(pair_id=pair_id, label=judged, occurred_at=at),
        make.a_pair_routed(pair_id=pair_id, occurred_at=at, overlap=2),
        *labels,
        make.a_label_resolved(pair_id=pair_id, occurred_at=at),
    ]


async def pairs_resolved(work: Work, count: int, **changes: Any) -> None:
    await work.say(*(event for n in range(count) for event in resolved(n, **changes)))


async def now_of(running: RunningConsole) -> Any:
    return await running.pool.fetchval("select now()")


async def drawn(running: RunningConsole, *, days: int = 0, **changes: Any) -> QualityWatch:
    """Draw the set of this week, or of one some days ago."""
    at = await now_of(running) - timedelta(days=days)
    watch = a_quality_watch(running, calibration_size=SIZE, calibration_anchors=4, **changes)
    watch.clock = lambda: at
    await watch.look()
    return watch


async def do_the_set(
    running: RunningConsole, client: httpx2.AsyncClient, *, wrong: int = 0
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not await nothing_left(client, found):
        leased = found[-1]
        await answer_about(running, client, leased, "B>" if len(found) <= wrong else "A>")
    return found


async def nothing_left(client: httpx2.AsyncClient, found: list[dict[str, Any]]) -> bool:
    answer = await client.post("/api/v1/tasks/next", json={})
    if answer.status_code == 204:
        return True
    found.append(answer.json())
    return False


async def test_everybody_gets_the_same_set_each_in_their_own_order(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, calibration_share=0.2) as (running, work):
        await work.constitution()
        await pairs_resolved(work, 40)
        await drawn(running)
        clients = [running.client(await running.person()) for _ in range(2)]

        first, second = [await do_the_set(running, client) for client in clients]

        orders = [[one["task_id"] for one in found] for found in (first, second)]
        assert len(orders[0]) == len(set(orders[0])) == SIZE
        assert set(orders[0]) == set(orders[1])
        assert orders[0] != orders[1]
        assert await purpose_of(running, first[0]) == "calibration"
        answered = await told(work, "annotators.assessed.v1", "CalibrationAnswered", 2 * SIZE)
        week = week_of((await now_of(running)).date())
        assert {one["week"] for one in answered} == {week}
        labels = [one for one in await work.in_log("labels.submitted.v1") if b"console" in (one.value or b"")]
        assert labels == [], "a set gives no labels"


async def test_a_set_is_drawn_once_and_stays(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, work):
        await pairs_resolved(work, 20)
        await drawn(running)
        items = await running.pool.fetch("select pair_id from calibration_items order by pair_id")
        await pairs_resolved(work, 60)

        await drawn(running)

        assert await running.pool.fetch("select pair_id from calibration_items order by pair_id") == items
        assert len(items) == SIZE


async def test_anchors_come_from_an_earlier_set(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, work):
        await pairs_resolved(work, 60)
        await drawn(running, days=14)
        await drawn(running)

        rows = await running.pool.fetch("select week, pair_id, anchor from calibration_items order by week")
        before = {row["pair_id"] for row in rows[:SIZE]}
        anchors = {row["pair_id"] for row in rows[SIZE:] if row["anchor"]}
        assert len(anchors) == 4
        assert anchors == before & {row["pair_id"] for row in rows[SIZE:]}


async def test_gold_pairs_are_in_no_set_and_few_pairs_make_none(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, work):
        await pairs_resolved(work, SIZE)
        lead = running.client(await running.person("qa_lead"))
        for n in range(SIZE):
            chosen = await lead.post("/api/v1/quality/gold", json={"pair_id": f"done-{n:03}"})
            assert chosen.status_code == 201, "its own label is the right answer"

        await drawn(running)

        assert await running.pool.fetchval("select count(*) from calibration_sets") == 0
        assert (await lead.get("/api/v1/quality/calibration/2026-W01")).status_code == 404


async def test_drift_is_told_of_people_and_of_judges(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, calibration_share=1.0) as (running, work):
        await work.constitution()
        await pairs_resolved(work, 40, judge_right=False)
        await drawn(running)
        good, bad = await running.person(person_id="good"), await running.person(person_id="bad")
        await do_the_set(running, running.client(good))
        await do_the_set(running, running.client(bad), wrong=9)
        lead = running.client(await running.person("qa_lead"))

        week = (await lead.get("/api/v1/quality/calibration")).json()["weeks"][0]["week"]
        found = (await lead.get(f"/api/v1/quality/calibration/{week}")).json()

        figures = {one["annotator"]: one for one in found["figures"]}
        assert list(figures) == sorted(figures)
        assert (figures["good"]["right"], figures["bad"]["right"]) == (SIZE, SIZE - 9)
        assert (figures["good"]["against_others"]["value"], figures["bad"]["against_others"]["value"]) == (
            0.75,
            -0.75,
        )
        assert figures["bad"]["against_others"]["high"] < 0
        assert figures["good"]["drift"]["reason"] == "one of the weeks has no figure"
        judge = figures[make.JUDGE]
        assert (judge["judge"], judge["right"], judge["answered"]) == (True, 0, SIZE)
        assert judge["against_others"]["value"] < 0


async def test_a_set_comes_between_the_work_by_its_share(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, calibration_share=0.3) as (running, work):
        await work.constitution()
        await pairs_resolved(work, 40)
        await drawn(running)
        await work.pairs(30)
        client = running.client(await running.person())

        purposes = []
        for _ in range(20):
            leased = await next_task(client)
            purposes.append(await purpose_of(running, leased))
            await answer_about(running, client, leased, "A>")

        assert 1 <= purposes.count("calibration") <= SIZE
        assert purposes.count("work") >= 8


async def test_without_a_set_there_is_nothing_between_the_work(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, calibration_share=1.0) as (running, work):
        await work.constitution()

        assert await nothing_to_do(running.client(await running.person()))


async def test_judges_say_the_same_when_a_set_is_looked_at_again(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, work):
        await pairs_resolved(work, 40)
        await drawn(running)

        said = await told(work, "annotators.assessed.v1", "CalibrationAnswered", SIZE)

        ids = [
            derived_id("quality", "calibration", one["week"], one["annotator"], one["pair_id"])
            for one in said
        ]
        assert [one["event_id"] for one in said] == ids
