"""Simulated people label over HTTP as real ones do, and what they say is marked as simulated."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from prefstream.adapters.console_client import AsyncConsole, Refused, pair
from prefstream.domain.offline.people import SimulatedPerson, crowd
from prefstream.domain.people import Role
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Preference
from prefstream.streams.simulated_crowd import Work as Simulated
from prefstream.streams.simulated_crowd import simulate
from tests.console.running import RunningConsole, Somebody, running_console
from tests.console.working import People, Work, events_of, until

LIKE = SimulatedPerson(id="", skill=1.0, unsure=0.0, seed="1")


def asked(console: RunningConsole, admin: Somebody, truths: dict[str, Preference], **more: Any) -> Simulated:
    return Simulated(base_url=console.base_url, admin_token=admin.token, truths=truths, **more)


async def in_log(with_tasks: Work, labels: int) -> list[dict[str, Any]]:
    async def all_there() -> bool:
        return len(await with_tasks.in_log()) >= labels

    await until(all_there)
    return events_of(await with_tasks.in_log())


@pytest_asyncio.fixture
async def console(postgres_dsn: str) -> AsyncIterator[RunningConsole]:
    """Give a console where a label can be taken back for a second only: tests wait for what goes out."""
    async with running_console(postgres_dsn, undo_s=1.0) as running:
        yield running


@pytest.fixture
def truths() -> dict[str, Preference]:
    return {f"pair-{n:05}": Preference.A_BETTER if n % 2 else Preference.B_MUCH_BETTER for n in range(20)}


async def test_perfect_people_say_the_truth_on_whatever_side_it_was_shown(
    console: RunningConsole, people: People, with_tasks: Work, truths: dict[str, Preference]
) -> None:
    await with_tasks.pairs(10, needed=2)
    admin = await people(Role.ADMIN)
    summary = await simulate(crowd(3, like=LIKE), asked(console, admin, truths, most_labels=20))
    assert (summary["labels"], summary["agreement_with_truth"]) == (20, 1.0)
    labels = await in_log(with_tasks, 20)
    assert Counter(label["pair_id"] for label in labels) == dict.fromkeys(sorted(truths)[:10], 2)
    for label in labels:
        assert label["verdict"][0] == truths[label["pair_id"]].value[0]
    assert {label["sides"] for label in labels} == {"ab", "ba"}
    assert {label["provenance"] for label in labels} == {"simulated"}
    assert {label["annotator"] for label in labels} <= {f"simulated-{n:03}" for n in (1, 2, 3)}


async def test_a_careless_person_is_found_out_by_their_share_of_the_truth(
    console: RunningConsole, people: People, with_tasks: Work, truths: dict[str, Preference]
) -> None:
    await with_tasks.pairs(20, needed=2)
    admin = await people(Role.ADMIN)
    summary = await simulate(crowd(2, like=LIKE, bad=1), asked(console, admin, truths, most_labels=40))
    good, bad = (summary["people"][f"simulated-{n:03}"] for n in (1, 2))
    assert good["agreement_with_truth"] == 1.0
    assert bad["agreement_with_truth"] < 0.9
    assert bad["faults"]["careless"] == 1.0


async def test_labels_taken_back_and_tasks_given_back_lose_none_and_double_none(
    console: RunningConsole, people: People, with_tasks: Work, truths: dict[str, Preference]
) -> None:
    await with_tasks.pairs(10, needed=2)
    admin = await people(Role.ADMIN)
    # Who gives a task back does so every time: some pairs stay open, and only the clock ends it.
    work = asked(console, admin, truths, undone=0.5, released=0.3, at_most_s=4.0)
    summary = await simulate(crowd(3, like=LIKE), work)
    done = summary["people"].values()
    assert sum(one["undone"] for one in done) > 0
    assert sum(one["released"] for one in done) > 0
    labels = await in_log(with_tasks, summary["labels"])
    assert len(labels) == summary["labels"]
    assert len({(label["pair_id"], label["annotator"]) for label in labels}) == len(labels)


async def test_reviewers_and_leads_take_their_rounds(
    console: RunningConsole, people: People, with_tasks: Work, truths: dict[str, Preference]
) -> None:
    first, second = await with_tasks.pairs(2)
    await with_tasks.dispute(first)
    await with_tasks.dispute(second, round_name="adjudicate")
    admin = await people(Role.ADMIN)
    everybody = crowd(1, like=LIKE, reviewers=1, adjudicators=1)
    await simulate(everybody[1:], asked(console, admin, truths, most_labels=2, at_most_s=20.0))
    rounds = {label["pair_id"]: label["round"] for label in await in_log(with_tasks, 2)}
    assert rounds[second] == "adjudicate"
    assert rounds[first] == "review"


async def test_somebody_who_is_paused_stops_and_the_summary_says_why(
    console: RunningConsole, people: People, with_tasks: Work, truths: dict[str, Preference]
) -> None:
    await with_tasks.pairs(3)
    admin = await people(Role.ADMIN)
    await simulate(crowd(1, like=LIKE), asked(console, admin, truths, most_labels=1))
    await console.pool.execute(
        "update people set paused_at = now(), paused_why = 'gold test failed' where person_id = $1",
        "simulated-001",
    )
    summary = await simulate(crowd(1, like=LIKE), asked(console, admin, truths, at_most_s=20.0))
    assert summary["stopped"] == ["simulated-001"]
    assert "gold test failed" in summary["people"]["simulated-001"]["stopped"]


async def test_only_an_administrator_lets_simulated_people_in(
    console: RunningConsole, people: People, truths: dict[str, Preference]
) -> None:
    reviewer = await people(Role.REVIEWER)
    with pytest.raises(BadInput, match="administrator"):
        await simulate([replace(LIKE, id="x")], asked(console, reviewer, truths))


async def test_the_signal_to_stop_ends_everybody(
    console: RunningConsole, people: People, truths: dict[str, Preference]
) -> None:
    admin, stop = await people(Role.ADMIN), asyncio.Event()
    running = asyncio.create_task(simulate(crowd(3, like=LIKE), asked(console, admin, truths, stop=stop)))
    stop.set()
    async with asyncio.timeout(20):
        assert (await running)["labels"] == 0


async def test_a_pair_can_be_read_but_not_by_whoever_has_it_before_them(
    console: RunningConsole, people: People, with_tasks: Work
) -> None:
    (name,) = await with_tasks.pairs(1)
    viewer, reviewer = await people(Role.VIEWER), await people(Role.REVIEWER)
    async with AsyncConsole(console.base_url, token=viewer.token) as asking:
        told = await asking.ask(pair(name))
        assert (told["response_a"], told["status"]) == (
            {"text": f"A of {name}", "model": "model-1"},
            "escalated",
        )
        with pytest.raises(Refused) as caught:
            await asking.ask(pair("pair-that-is-not"))
        assert caught.value.status == 404
    await console.client(reviewer).post("/api/v1/tasks/next", json={"rounds": ["annotate"]})
    async with AsyncConsole(console.base_url, token=reviewer.token) as asking:
        with pytest.raises(Refused) as caught:
            await asking.ask(pair(name))
    assert caught.value.kind == "at_work_on_it"


async def test_an_annotator_cannot_read_pairs(
    console: RunningConsole, people: People, with_tasks: Work
) -> None:
    (name,) = await with_tasks.pairs(1)
    annotator = await people(Role.ANNOTATOR)
    async with AsyncConsole(console.base_url, token=annotator.token) as asking:
        with pytest.raises(Refused) as caught:
            await asking.ask(pair(name))
    assert caught.value.status == 403
