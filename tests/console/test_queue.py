"""The queue as leads see it, and what quality puts between the work."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from prefstream.adapters.postgres.connection import Connection
from prefstream.console.quality_port import Answered, Asides, Turn
from prefstream.domain.tasks import Lease, Worker
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.people import GoldAnswered
from tests import factories as make
from tests.console.running import RunningConsole, running_console
from tests.console.working import VERDICT, People, Work, next_task, nothing_to_do, outbox_of, said_of, submit

pytestmark = pytest.mark.postgres


class OneGold:
    """Asks one known pair before any work, in the slices of the work."""

    def __init__(self, pair_id: str, *, feedback: dict[str, Any] | None = None) -> None:
        self.pair_id = pair_id
        self.feedback = feedback
        self.asked_in: list[Sequence[str]] = []
        self.worked_on: list[str] = []
        self.taken_back: list[str] = []

    async def turn(
        self, connection: Connection, person: Worker, slices: Sequence[str] | None, now: datetime
    ) -> Turn | None:
        self.asked_in.append(list(slices or ()))
        asked = await connection.fetchval("select count(*) from leases where purpose = 'gold'")
        return None if asked else Turn(pair_id=self.pair_id, slice="arithmetic", purpose="gold")

    async def prefer(
        self, connection: Connection, person: Worker, slices: Sequence[str] | None
    ) -> str | None:
        return "law"

    async def asides(self, connection: Connection, person: Worker, now: datetime) -> Asides:
        return Asides(notice="read the rubric again", rest={"worked_s": 3000})

    async def answered(self, connection: Connection, lease: Lease, label: LabelSubmitted) -> Answered:
        event = GoldAnswered(
            event_id=label.event_id,
            occurred_at=label.occurred_at,
            source="console",
            subject=label.annotator,
            correlation_id=label.pair_id,
            annotator=label.annotator,
            pair_id=label.pair_id,
            slice=lease.slice,
            verdict=label.verdict,
            expected=label.verdict,
            right=True,
        )
        return Answered(events=[event], feedback=self.feedback)

    async def worked(self, connection: Connection, lease: Lease, label: LabelSubmitted) -> None:
        self.worked_on.append(label.pair_id)

    async def undone(self, connection: Connection, lease: Lease, submission_id: str) -> None:
        self.taken_back.append(submission_id)


async def test_who_may_read_sees_what_waits(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(2, needed=3)
    await with_tasks.pairs(1, slice_name="law", priority=7, minutes=3)
    client = console.client(await people("annotator"))
    await submit(client, await next_task(client, slices=["law"]))
    await next_task(client, slices=["arithmetic"])

    assert (await client.get("/api/v1/queue")).status_code == 403
    queue = (await console.client(await people("viewer")).get("/api/v1/queue")).json()

    arithmetic, law = queue["waiting"]
    assert (arithmetic["slice"], arithmetic["tasks"], arithmetic["labels"]) == ("arithmetic", 2, 6)
    assert (arithmetic["leases"], arithmetic["answers"]) == (1, 0)
    assert (law["leases"], law["answers"], law["priority"]) == (0, 1, 7)
    assert arithmetic["oldest"].startswith("2026-03-01T12:00")
    assert queue["outbox_records"] == 1
    assert queue["outbox_age_s"] < 0


async def test_a_gold_question_looks_like_work_and_says_no_label(postgres_dsn: str) -> None:
    quality = OneGold("gold-1")
    async with running_console(postgres_dsn, parts={"quality": quality}) as console:
        work = Work(console.pool, console.log)
        await work.say(make.a_pair_proposed(pair_id="gold-1"))
        await work.pairs(1)
        client = console.client(await console.person("annotator"))

        gold = await next_task(client)
        assert (await submit(client, gold)).json()["feedback"] is None
        other = await next_task(client)
        await submit(client, other)

        assert gold["task_id"] == "gold-1"
        assert gold.keys() == other.keys()
        same = ("kind", "round", "slice", "shown", "notice", "rest", "heartbeat_s")
        assert [gold[name] for name in same] == [other[name] for name in same]
        assert len(await outbox_of(console.pool, "GoldAnswered")) == 1
        assert len(await outbox_of(console.pool, "LabelSubmitted")) == 1
        assert quality.worked_on == [other["task_id"]]
        assert quality.asked_in[0] == ["arithmetic"], "where the work would have been"


async def test_the_task_that_gold_took_the_turn_of_stays_free(postgres_dsn: str) -> None:
    quality = OneGold("gold-1")
    async with running_console(postgres_dsn, parts={"quality": quality}) as console:
        work = Work(console.pool, console.log)
        await work.say(make.a_pair_proposed(pair_id="gold-1"))
        (pair,) = await work.pairs(1)
        ada, bo = [console.client(await console.person("annotator")) for _ in range(2)]

        await next_task(ada)

        assert (await next_task(bo))["task_id"] == pair


async def test_gold_is_taken_back_like_work_unless_the_person_was_told(postgres_dsn: str) -> None:
    quality = OneGold("gold-1")
    async with running_console(postgres_dsn, parts={"quality": quality}) as console:
        await Work(console.pool, console.log).say(make.a_pair_proposed(pair_id="gold-1"))
        client = console.client(await console.person("annotator"))
        leased = await next_task(client)
        submitted = (await submit(client, leased)).json()
        path = "/api/v1/submissions/{}/undo"

        back = await client.post(path.format(submitted["submission_id"]))
        assert back.status_code == 200
        assert quality.taken_back == [submitted["submission_id"]]
        assert await outbox_of(console.pool, "GoldAnswered") == []

        quality.feedback = {"right": True}
        told = (await submit(client, back.json(), VERDICT)).json()
        assert told["feedback"] == {"right": True}
        assert (await client.post(path.format(told["submission_id"]))).status_code == 409


async def test_work_that_does_the_person_good_goes_before_other_work(postgres_dsn: str) -> None:
    quality = OneGold("none")
    async with running_console(postgres_dsn, parts={"quality": quality}) as console:
        work = Work(console.pool, console.log)
        await work.say(make.a_pair_proposed(pair_id="none"))
        await work.pairs(30, priority=9)
        await work.pairs(30, slice_name="law", minutes=-5)  # the oldest too: now and then a turn takes those
        client = console.client(await console.person("annotator"))
        await submit(client, await next_task(client))

        slices = []
        for _ in range(10):
            leased = await next_task(client)
            slices.append(leased["slice"])
            await said_of(client, leased, "release")

        assert set(slices) == {"law"}


async def test_gold_pairs_are_never_lent_as_work(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    (pair,) = await with_tasks.pairs(1)
    await console.pool.execute(
        "insert into gold_items (pair_id, slice, expected, why, clauses, active, added_by, added_at)"
        " values ($1, 'arithmetic', 'A>', '', '[]', true, 'x', now())",
        pair,
    )

    assert await nothing_to_do(console.client(await people("annotator")))
