"""Submissions over HTTP: what is taken, what it says of the pair, and what is refused without loss."""

import asyncio
from typing import Any

import orjson
import pytest

from prefstream.schemas.labels import LabelSubmitted
from tests import factories as make
from tests.console.running import RunningConsole, running_console
from tests.console.test_leases import aged
from tests.console.working import (
    VERDICT,
    People,
    Work,
    events_of,
    kind_of,
    next_task,
    nothing_to_do,
    outbox_of,
    said_of,
    submit,
    until,
)

pytestmark = pytest.mark.postgres


async def test_an_answer_is_a_label_with_the_sides_of_the_pair(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.constitution()
    await with_tasks.pairs(12)
    somebody = await people("annotator")
    client = console.client(somebody)

    for _ in range(12):
        leased = await next_task(client)
        answer = {
            "verdict": "A>>",
            "dimensions": {"helpfulness": 5},
            "rationale": "the left one",
            "clauses": ["P1"],
            "quotes": [{"response": "a", "text": leased["left"]["text"], "clause": "P1"}],
            "needs_specialist": False,
            "error_category": None,
            "refinement": None,
        }
        assert (await submit(client, leased, answer)).status_code == 200

    said = await outbox_of(console.pool)
    assert len(said) == 12
    assert {one["sides"] for one in said} == {"ab", "ba"}
    for one in said:
        left_is_a = one["sides"] == "ab"
        assert one["verdict"] == ("A>>" if left_is_a else "B>>")
        assert one["quotes"][0]["response"] == ("a" if left_is_a else "b")
        assert one["quotes"][0]["text"].startswith("A" if left_is_a else "B")
        assert (one["annotator"], one["source"], one["provenance"]) == (somebody.person_id, "console", "real")
        assert LabelSubmitted.model_validate_json(orjson.dumps(one)).round == "annotate"


async def test_what_a_simulated_person_says_is_marked(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    client = console.client(await people("annotator", simulated=True))

    await submit(client, await next_task(client))

    assert [one["provenance"] for one in await outbox_of(console.pool)] == ["simulated"]


async def test_seconds_are_never_more_than_passed_here(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(2)
    client = console.client(await people("annotator"))

    first = await next_task(client)
    await submit(client, first, seconds=99)
    second = await next_task(client)
    await said_of(client, second, "shown")
    await submit(client, second, seconds=99)

    seconds = [one["seconds"] for one in await outbox_of(console.pool)]
    assert seconds[0] is None, "nobody saw it"
    assert 0 <= seconds[1] < 30


async def test_the_same_again_is_answered_the_same_and_another_is_refused(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    client = console.client(await people("annotator"))
    leased = await next_task(client)

    first = await submit(client, leased)
    again = await submit(client, leased)
    other = await submit(client, leased, {"verdict": "B>"})

    assert first.json() == again.json()
    assert (other.status_code, kind_of(other)) == (409, "already_submitted")
    assert len(await outbox_of(console.pool)) == 1


async def test_the_same_at_once_is_taken_once(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    client = console.client(await people("annotator"))
    leased = await next_task(client)

    answers = await asyncio.gather(*(submit(client, leased) for _ in range(10)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(await outbox_of(console.pool)) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"verdict": "A>", "clauses": ["P404"]}, "unknown_clause"),
        ({"verdict": "A>", "quotes": [{"response": "a", "text": "x", "clause": "P404"}]}, "unknown_clause"),
        ({"verdict": "A>", "dimensions": {"beauty": 3}}, "unknown_dimension"),
        ({"verdict": "A>", "dimensions": {"helpfulness": 6}}, "invalid_answer"),
        ({"verdict": "A"}, "invalid_answer"),
        ({}, "invalid_answer"),
        ({"verdict": "A>", "rationale": "x" * 20_001}, "invalid_answer"),
        ({"verdict": "A>", "rationale": "a\u0000b"}, "invalid_answer"),
        ({"verdict": "A>", "gold": True}, "invalid_answer"),
        ({"verdict": "A>", "error_category": "careless"}, "not_in_this_round"),
        ({"verdict": "A>", "rationale": 2**70}, "invalid_answer"),
    ],
)
async def test_an_answer_that_cannot_be_taken_is_refused_with_a_reason(
    console: RunningConsole, with_tasks: Work, people: People, answer: dict[str, Any], kind: str
) -> None:
    await with_tasks.constitution()
    await with_tasks.pairs(1)
    client = console.client(await people("annotator"))
    leased = await next_task(client)

    refused = await submit(client, leased, answer)

    assert (refused.status_code, kind_of(refused)) == (422, kind)
    assert len(refused.text) < 2000
    assert (await submit(client, leased)).status_code == 200, "the lease still holds"


async def test_half_a_surrogate_pair_is_refused(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    client = console.client(await people("annotator"))
    leased = await next_task(client)

    body = b'{"fence": %d, "answer": {"verdict": "A>", "rationale": "\\ud800"}}' % leased["fence"]
    refused = await client.post(
        f"/api/v1/leases/{leased['lease_id']}/submit",
        content=body,
        headers={"Content-Type": "application/json"},
    )

    assert refused.status_code == 422


async def test_an_answer_of_an_expired_lease_is_taken_while_nobody_else_has_the_task(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(2)
    ada, bo = [console.client(await people("annotator")) for _ in range(2)]
    unreaped = await next_task(ada)
    await aged(console, unreaped, 901)
    assert (await submit(ada, unreaped)).status_code == 200

    reaped = await next_task(ada)
    await aged(console, reaped, 901)
    theirs = await next_task(bo)
    await said_of(bo, theirs, "release")
    assert (await submit(ada, reaped)).status_code == 200
    assert await nothing_to_do(bo)


async def test_an_answer_is_refused_when_somebody_else_has_the_task_and_what_was_written_is_kept(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    ada, bo = [console.client(await people("annotator")) for _ in range(2)]
    leased = await next_task(ada)
    await aged(console, leased, 901)
    theirs = await next_task(bo)

    late = await submit(ada, leased, VERDICT | {"rationale": "long thoughts"})
    assert (late.status_code, kind_of(late)) == (409, "lease_expired")

    await said_of(bo, theirs, "release")
    assert (await next_task(ada))["draft"]["rationale"] == "long thoughts"


async def test_an_answer_that_comes_far_too_late_is_refused(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.pairs(1)
    client = console.client(await people("annotator"))
    leased = await next_task(client)
    await aged(console, leased, 901 + 3601)

    assert kind_of(await submit(client, leased)) == "lease_expired"


async def test_labels_on_their_way_and_labels_projected_count_once(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    (pair,) = await with_tasks.pairs(1, needed=3)
    ada, bo, cy, di = [console.client(await people("annotator")) for _ in range(4)]
    await submit(ada, await next_task(ada))
    await submit(bo, await next_task(bo))
    await console.pool.execute("update outbox set not_before = now() - interval '1 s'")
    await until(lambda: _labels_in_log(with_tasks, 2))
    await with_tasks.project()

    assert await console.pool.fetchval("select have from tasks where pair_id = $1", pair) == 2
    leased = await next_task(cy)
    assert await nothing_to_do(di)
    await said_of(cy, leased, "release")
    await next_task(di)


async def test_a_round_that_asks_for_more_opens_a_full_task_again(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    (pair,) = await with_tasks.pairs(1)
    ada, bo = [console.client(await people("annotator")) for _ in range(2)]
    await next_task(ada)
    assert await nothing_to_do(bo)
    assert await console.pool.fetchval("select full_up from tasks")

    await console.pool.execute("update tasks set needed = 2 where pair_id = $1", pair)

    assert (await next_task(bo))["task_id"] == pair


async def test_reviewers_see_what_was_said_before_by_people_without_names_and_by_the_judge(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.constitution()
    reviewer, lead = [console.client(await people(role)) for role in ("reviewer", "qa_lead")]
    await people("annotator", person_id="ada")
    for _ in range(2):
        (pair,) = await with_tasks.pairs(1)
        await with_tasks.say(
            make.a_pair_judged(pair_id=pair),
            make.a_label_submitted(pair_id=pair, annotator="ada", rationale="A is right"),
        )
        await with_tasks.dispute(pair)

    for client, name in ((reviewer, "person 1"), (lead, "Ada")):
        leased = await next_task(client, rounds=["review"])
        shown = leased["shown"]
        left_is_a = leased["left"]["text"].startswith("A")
        (label,) = shown["labels"]
        assert label["by"] == name
        assert label["verdict"] == ("A>" if left_is_a else "B>")
        assert label["saw_changed_sides"] is not left_is_a
        assert shown["judge"]["verdict"] == ("A>" if left_is_a else "B>")
        assert shown["judge"]["p_left"] == pytest.approx(0.9 if left_is_a else 0.1)
        assert len(shown["judge"]["votes"]) == 2


async def test_nobody_reviews_a_pair_they_labelled(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    (pair,) = await with_tasks.pairs(1)
    ada, bo = [console.client(await people("reviewer", person_id=one)) for one in ("ada", "bo")]
    await with_tasks.say(make.a_label_submitted(pair_id=pair, annotator="ada"))
    await with_tasks.dispute(pair)

    assert await nothing_to_do(ada)
    assert (await next_task(bo))["round"] == "review"


async def test_an_adjudication_is_noted_and_its_refinement_kept(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    constitution = await with_tasks.constitution()
    (pair,) = await with_tasks.pairs(1)
    await with_tasks.say(make.a_label_submitted(pair_id=pair, annotator="ada"))
    await with_tasks.dispute(pair, round_name="adjudicate")
    client = console.client(await people("qa_lead", person_id="lea"))

    leased = await next_task(client)
    assert leased["round"] == "adjudicate"
    refinement = {"clause": "P9", "kind": "rule", "text": "Say how sure you are."}
    unknown = await submit(client, leased, VERDICT | {"error_category": "moon"})
    assert kind_of(unknown) == "unknown_error_category"
    answer = VERDICT | {"error_category": "constitution_gap", "refinement": refinement}
    assert (await submit(client, leased, answer)).status_code == 200

    (event,) = await outbox_of(console.pool)
    assert (event["round"], event["error_category"]) == ("adjudicate", "constitution_gap")
    assert event["refinement"] == refinement
    row = await console.pool.fetchrow("select * from refinements")
    assert row is not None
    assert (row["clause"], row["state"], row["constitution_id"]) == ("P9", "proposed", constitution.id)
    note = await console.pool.fetchrow("select * from audit_trail where act = 'label.adjudicated'")
    assert note is not None
    assert (note["person_id"], note["subject"]) == ("lea", pair)


async def test_tasks_of_other_kinds_go_the_same_way(
    console: RunningConsole, with_tasks: Work, people: People
) -> None:
    await with_tasks.constitution()
    await with_tasks.say(make.a_task_proposed())
    client = console.client(await people("annotator"))

    leased = await next_task(client, rounds=["ranking"])
    assert leased["kind"] == "ranking"
    assert len(leased["candidates"]) == 3
    taken = await submit(client, leased, {"ranks": [1, 2, 3]})

    assert taken.status_code == 200, taken.text
    assert len(await outbox_of(console.pool, "RankingSubmitted")) == 1
    assert await nothing_to_do(client)


async def test_what_was_submitted_reaches_the_log_and_closes_the_task(postgres_dsn: str) -> None:
    async with running_console(postgres_dsn, undo_s=0) as console:
        work = Work(console.pool, console.log)
        (pair,) = await work.pairs(1)
        client = console.client(await console.person("annotator"))

        submitted = (await submit(client, await next_task(client))).json()

        await until(lambda: _labels_in_log(work, 1))
        (event,) = events_of(await work.in_log())
        assert (event["event_id"], event["pair_id"]) == (submitted["submission_id"], pair)
        await work.project()
        assert await console.pool.fetchval("select open from tasks") is False


async def _labels_in_log(work: Work, count: int) -> bool:
    return len(await work.in_log()) == count
