"""Leases over HTTP: who gets what, for how long, and what is said of a lease that holds no more."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests import factories as make
from tests.console.running import RunningConsole, running_console
from tests.console.working import People, Work, kind_of, next_task, nothing_to_do, said_of, submit

pytestmark = pytest.mark.postgres

#: As if the lease had been given so many seconds earlier.
_AGED = """
update leases set leased_at = leased_at - make_interval(secs => $2),
  expires_at = expires_at - make_interval(secs => $2)
where lease_id = $1
"""


async def aged(console: RunningConsole, leased: dict[str, Any], seconds: float) -> None:
    await console.pool.execute(_AGED, leased["lease_id"], seconds)


async def test_a_task_is_lent_with_its_texts_and_nothing_that_tells_who_wrote_them(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.constitution()
    await with_tasks.pairs(1)
    client = console.client(await people("annotator"))

    leased = await next_task(client)

    assert leased["kind"] == "pair"
    assert leased["round"] == "annotate"
    assert {leased["left"]["text"], leased["right"]["text"]} == {"A of pair-00000", "B of pair-00000"}
    assert leased["messages"][0]["role"] == "user"
    assert leased["shown"] is None
    assert leased["rubric_id"].startswith("house@1#")
    assert "model-" not in str(leased)
    assert "purpose" not in str(leased)


async def test_the_highest_priority_goes_first(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(8, priority=1)
    urgent = set(await with_tasks.pairs(4, priority=9, minutes=5))
    client = console.client(await people("annotator"))

    got = []
    for _ in range(4):
        leased = await next_task(client)
        await submit(client, leased)
        got.append(leased["task_id"])

    oldest_turns = [name for name in got if name not in urgent]
    assert len(oldest_turns) < 3, "one turn in eight takes the oldest instead"


async def test_one_turn_in_about_eight_takes_the_oldest_task(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    old = set(await with_tasks.pairs(400, priority=1))
    await with_tasks.pairs(400, priority=9, minutes=60)
    client = console.client(await people("annotator"))

    turns = 160
    taken = 0
    for _ in range(turns):
        leased = await next_task(client)
        await said_of(client, leased, "release")
        taken += leased["task_id"] in old

    assert 0.04 < taken / turns < 0.25


async def test_nobody_gets_a_pair_twice_and_two_people_share_one_that_wants_two(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1, needed=2)
    ada, bo, cy = [console.client(await people("annotator", person_id=one)) for one in ("ada", "bo", "cy")]

    first = await next_task(ada)
    assert (await submit(ada, first)).status_code == 200
    assert await nothing_to_do(ada)
    await next_task(bo)
    assert await nothing_to_do(cy), "two answers are wanted: one is given, one is under way"


async def test_a_pair_labelled_elsewhere_is_not_given_to_the_same_person(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    (pair,) = await with_tasks.pairs(1, needed=2)
    await with_tasks.say(make.a_label_submitted(pair_id=pair, annotator="ada"))

    assert await nothing_to_do(console.client(await people("annotator", person_id="ada")))
    assert not await nothing_to_do(console.client(await people("annotator", person_id="bo")))


async def test_a_reload_goes_on_where_it_was_and_one_more_may_be_had_ahead(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(5)
    client = console.client(await people("annotator"))

    first = await next_task(client)
    ahead = await next_task(client, ahead=True)
    again = await next_task(client)
    ahead_again = await next_task(client, ahead=True)

    assert ahead["lease_id"] != first["lease_id"]
    assert (again["lease_id"], again["fence"]) == (first["lease_id"], first["fence"])
    assert ahead_again["lease_id"] == ahead["lease_id"], "a person holds two at most"


async def test_who_turns_to_another_round_gives_back_what_was_put_aside(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(3)
    (disputed,) = await with_tasks.pairs(1)
    await with_tasks.say(make.a_label_submitted(pair_id=disputed, annotator="x"))
    await with_tasks.dispute(disputed)
    client = console.client(await people("reviewer"))
    first = await next_task(client, rounds=["annotate"])
    await next_task(client, rounds=["annotate"], ahead=True)

    review = await next_task(client, rounds=["review"])

    assert review["task_id"] == disputed
    assert kind_of(await submit(client, first)) == "lease_expired"


async def test_slices_are_those_of_the_persons_skills(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1, slice_name="law")
    (pair,) = await with_tasks.pairs(1, slice_name="medicine")
    client = console.client(await people("annotator", slices=["medicine"]))

    leased = await next_task(client)
    await submit(client, leased)

    assert leased["task_id"] == pair
    assert await nothing_to_do(client)
    assert await nothing_to_do(client, slices=["law"])


async def test_review_goes_before_annotation_and_only_to_who_may_review(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    (disputed,) = await with_tasks.pairs(1)
    await with_tasks.say(make.a_label_submitted(pair_id=disputed, annotator="x"))
    await with_tasks.dispute(disputed)
    await with_tasks.pairs(1, priority=9, minutes=9)
    reviewer = console.client(await people("reviewer"))
    annotator = console.client(await people("annotator"))

    assert (await next_task(reviewer))["task_id"] == disputed
    assert (await next_task(annotator))["round"] == "annotate"
    assert await nothing_to_do(annotator, rounds=["review"])
    answer = await annotator.post("/api/v1/tasks/next", json={"rounds": ["guess"]})
    assert (answer.status_code, kind_of(answer)) == (422, "unknown_round")


async def test_a_paused_person_is_told_why(console: RunningConsole, with_tasks: Work, people: People) -> None:
    await with_tasks.pairs(1)
    somebody = await people("annotator")
    await console.pool.execute(
        "update people set paused_at = now(), paused_why = 'too fast' where person_id = $1",
        somebody.person_id,
    )

    answer = await console.client(somebody).post("/api/v1/tasks/next", json={})

    assert (answer.status_code, kind_of(answer)) == (403, "paused")
    assert "too fast" in answer.json()["detail"]


async def test_a_pause_that_is_over_keeps_nobody_out(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    somebody = await people("annotator")
    await console.pool.execute(
        "update people set paused_at = now(), paused_until = now() where person_id = $1", somebody.person_id
    )

    assert not await nothing_to_do(console.client(somebody))


async def test_an_expired_lease_frees_its_task_at_once(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    ada, bo = [console.client(await people("annotator")) for _ in range(2)]
    leased = await next_task(ada)
    assert await nothing_to_do(bo)

    await aged(console, leased, 901)
    theirs = await next_task(bo)

    assert theirs["task_id"] == leased["task_id"]
    assert theirs["fence"] > leased["fence"]
    for what in ("heartbeat", "shown", "release"):
        answer = await said_of(ada, leased, what)
        assert (answer.status_code, kind_of(answer)) == (409, "lease_expired")


async def test_a_heartbeat_extends_a_lease(console: RunningConsole, with_tasks: Work, people: People) -> None:
    await with_tasks.pairs(1)
    ada, bo = [console.client(await people("annotator")) for _ in range(2)]
    leased = await next_task(ada)
    await aged(console, leased, 800)

    extended = await said_of(ada, leased, "heartbeat")
    await aged(console, leased, 800)

    assert extended.json()["expires_at"] >= leased["expires_at"]
    assert await nothing_to_do(bo)


async def test_a_released_task_goes_to_the_next_person_and_its_draft_comes_back(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    ada, bo = [console.client(await people("annotator")) for _ in range(2)]
    leased = await next_task(ada)
    path = f"/api/v1/leases/{leased['lease_id']}/draft"
    draft = {"rationale": "half a th\u0000ought", "verdict": None}
    assert (await ada.put(path, json={"fence": leased["fence"], "draft": draft})).status_code == 204

    assert (await said_of(ada, leased, "release")).status_code == 204
    theirs = await next_task(bo)
    assert theirs["draft"] is None
    await said_of(bo, theirs, "release")

    assert (await next_task(ada))["draft"] == draft


async def test_a_draft_comes_back_with_the_sides_it_was_written_for(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    client = console.client(await people("annotator"))
    leased = await next_task(client)
    for _ in range(10):
        path = f"/api/v1/leases/{leased['lease_id']}/draft"
        await client.put(path, json={"fence": leased["fence"], "draft": {"verdict": "A>"}})
        await said_of(client, leased, "release")
        again = await next_task(client)

        assert again["lease_id"] != leased["lease_id"]
        assert again["left"] == leased["left"]
        leased = again


async def test_the_draft_of_an_expired_lease_is_kept_and_given_back(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    ada, bo = [console.client(await people("annotator")) for _ in range(2)]
    leased = await next_task(ada)
    await aged(console, leased, 901)
    theirs = await next_task(bo)

    path = f"/api/v1/leases/{leased['lease_id']}/draft"
    answer = await ada.put(path, json={"fence": leased["fence"], "draft": {"rationale": "mine"}})
    assert kind_of(answer) == "lease_expired"
    await said_of(bo, theirs, "release")

    assert (await next_task(ada))["draft"] == {"rationale": "mine"}


async def test_leases_of_others_and_of_nobody_are_not_found(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    ada, bo = [console.client(await people("annotator")) for _ in range(2)]
    leased = await next_task(ada)

    for one in (leased, leased | {"lease_id": str(uuid4())}):
        assert (await said_of(bo, one, "heartbeat")).status_code == 404
        assert (await submit(bo, one)).status_code == 404
    assert (await said_of(ada, leased | {"lease_id": "x' or 1=1"}, "shown")).status_code in {404, 422}


async def test_a_stale_fence_is_refused(console: RunningConsole, with_tasks: Work, people: People) -> None:
    await with_tasks.pairs(1)
    client = console.client(await people("annotator"))
    leased = await next_task(client)
    stale = leased | {"fence": leased["fence"] - 1}

    for what in ("heartbeat", "shown", "release"):
        assert kind_of(await said_of(client, stale, what)) == "stale_fence"
    assert kind_of(await submit(client, stale)) == "stale_fence"


async def test_drafts_are_bounded(console: RunningConsole, with_tasks: Work, people: People) -> None:
    await with_tasks.pairs(1)
    client = console.client(await people("annotator"))
    leased = await next_task(client)

    path = f"/api/v1/leases/{leased['lease_id']}/draft"
    large = {"fence": leased["fence"], "draft": {"rationale": "x" * 1_000_001}}
    assert (await client.put(path, json=large)).status_code == 413
    assert (await client.put(path, content=b'{"fence": 1, "draft": {"a": "\\ud800"}}')).status_code == 422


async def test_sides_are_drawn_evenly_and_stay_with_the_lease(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(60)
    client = console.client(await people("annotator"))

    left: Counter[str] = Counter()
    for _ in range(60):
        leased = await next_task(client)
        assert (await next_task(client))["left"] == leased["left"]
        left[leased["left"]["text"][0]] += 1
        await submit(client, leased)

    assert 15 <= left["A"] <= 45


async def test_many_at_once_never_take_more_than_is_wanted(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(20, needed=2)
    clients = [console.client(await people("annotator")) for _ in range(30)]

    answers = await asyncio.gather(
        *(client.post("/api/v1/tasks/next", json={"ahead": True}) for client in clients for _ in range(3))
    )

    assert {answer.status_code for answer in answers} <= {200, 204}
    rows = await console.pool.fetch(
        "select pair_id, count(*) as n, count(distinct person_id) as people from leases group by 1"
    )
    assert max(row["n"] for row in rows) == 2
    assert all(row["n"] == row["people"] for row in rows)
    assert sum(row["n"] for row in rows) == 40, "whatever is wanted is lent"
    per_person = await console.pool.fetch("select count(*) as n from leases group by person_id")
    assert max(row["n"] for row in per_person) == 2


async def test_the_clock_of_the_console_does_not_matter(postgres_dsn: str) -> None:
    async with running_console(
        postgres_dsn, parts={"now": lambda: datetime(2001, 1, 1, tzinfo=UTC)}
    ) as console:
        work = Work(console.pool, console.log)
        await work.pairs(1)
        client = console.client(await console.person("annotator"))

        leased = await next_task(client)

        assert leased["expires_at"] > f"{datetime.now(UTC):%Y-%m-%dT%H:%M}"
        assert (await submit(client, leased)).status_code == 200
