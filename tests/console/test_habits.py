"""Habits as they show in labels: found once, warned of by rule, rest offered, slices in turn."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

import pytest

from prefstream.schemas.ids import derived_id
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.values import Verdict
from tests import factories as make
from tests.console.quality_work import a_quality_watch, answer_all, quality_console
from tests.console.running import RunningConsole
from tests.console.working import next_task, said_of

pytestmark = pytest.mark.postgres


def always_left(annotator: str, count: int, *, first: int = 0) -> Sequence[LabelSubmitted]:
    """Return labels of somebody who takes the left side whatever it says."""
    return [
        make.a_label_submitted(
            pair_id=f"pair-{n}",
            annotator=annotator,
            sides="ab" if n % 3 else "ba",
            verdict=Verdict.A_BETTER if n % 3 else Verdict.B_BETTER,
            occurred_at=make.NOON + timedelta(minutes=n),
            event_id=derived_id("habit", annotator, n),
        )
        for n in range(first, first + count)
    ]


def in_turn(annotator: str, count: int) -> Sequence[LabelSubmitted]:
    """Return labels of somebody who reads."""
    chosen = "abbabaabbaab"
    return [
        make.a_label_submitted(
            pair_id=f"pair-{n}",
            annotator=annotator,
            verdict=Verdict.A_BETTER if chosen[n * 7 % 12] == "a" else Verdict.B_BETTER,
            sides="ab" if chosen[n * 5 % 12] == "a" else "ba",
            occurred_at=make.NOON + timedelta(minutes=n),
            event_id=derived_id("habit", annotator, n),
        )
        for n in range(count)
    ]


async def findings(running: RunningConsole, person_id: str) -> list[str]:
    lead = running.client(await running.person("qa_lead"))
    found = (await lead.get(f"/api/v1/quality/annotators/{person_id}")).json()
    return [one["kind"] for one in found["habits"]]


async def test_a_habit_is_found_warned_of_and_neither_twice(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, work):
        await running.person(person_id="lefty")
        await running.person(person_id="reader")
        watch = a_quality_watch(running)
        await work.say(*always_left("lefty", 40), *in_turn("reader", 40))

        said = await watch.look()

        found = await findings(running, "lefty")
        assert "left" in found
        assert {(one.type, one.annotator, one.action) for one in said} == {  # type: ignore[attr-defined]
            ("AnnotatorActionTaken", "lefty", "warn")
        }
        assert await findings(running, "reader") == []
        assert list(await watch.look()) == []
        assert list(await a_quality_watch(running).look()) == [], "one that begins anew says nothing twice"
        assert await findings(running, "lefty") == found


async def test_a_habit_that_goes_on_asks_for_more_than_a_warning(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, work):
        await running.person(person_id="lefty")
        watch = a_quality_watch(running)
        for first in range(0, 120, 30):
            await work.say(*always_left("lefty", 30, first=first))
            await watch.look()
        lead = running.client(await running.person("qa_lead"))

        found = (await lead.get("/api/v1/quality/annotators/lefty")).json()

        assert "retrain" in {one["action"] for one in found["proposals"]}
        assert not any(one["action"] == "withdraw" for one in found["proposals"]), "a habit costs no labels"


async def test_without_the_setting_nobody_is_warned_by_rule(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, work):
        await running.person(person_id="lefty")
        await work.say(*always_left("lefty", 40))

        assert list(await a_quality_watch(running, warn=False).look()) == []
        assert "left" in await findings(running, "lefty")


async def test_labels_of_people_nobody_knows_are_passed_over(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn) as (running, work):
        await work.say(*always_left("from another tool", 40))

        assert list(await a_quality_watch(running).look()) == []


async def test_a_break_is_suggested_after_work_without_one(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, rest_after_min=30.0) as (running, work):
        await work.constitution()
        await work.pairs(4)
        person = await running.person()
        client = running.client(person)
        await answer_all(running, client, 1)
        await running.pool.execute(
            "update annotator_states set spell_began_at = last_answer_at - interval '40 minutes'"
        )

        leased = await next_task(client)

        assert leased["rest"]["pause_s"] == 300
        assert 2390 <= leased["rest"]["worked_s"] <= 2410
        assert (await said_of(client, leased, "release")).status_code == 204
        await running.pool.execute(
            "update annotator_states set last_answer_at = last_answer_at - interval '6 minutes'"
        )
        assert (await next_task(client))["rest"] is None, "they have rested"


async def test_after_a_stretch_another_slice_comes(postgres_dsn: str) -> None:
    async with quality_console(postgres_dsn, stretch=3) as (running, work):
        await work.constitution()
        await work.pairs(20, slice_name="code")
        await work.pairs(20, slice_name="law")
        client = running.client(await running.person())

        slices = [one["slice"] for one in await answer_all(running, client, 12)]

        longest = max(len(list(run)) for _, run in groupby(slices))
        assert {"code", "law"} == set(slices)
        # One turn in eight takes the oldest task whatever its slice.
        assert longest <= 6
