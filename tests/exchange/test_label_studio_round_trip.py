"""The round trip through a real Label Studio: pairs go there, what people say of them comes back, once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from prefstream.adapters.label_studio import LabelStudio
from prefstream.adapters.settings import LabelStudioSettings
from prefstream.console import app, relay
from prefstream.console.label_studio_exchange import LabelStudioExchange, exchange_of
from prefstream.schemas.codec import decode
from prefstream.schemas.envelope import Event
from prefstream.schemas.labels import LabelSubmitted, LabelWithdrawn
from prefstream.schemas.values import Preference, Verdict
from tests import factories as make
from tests.console.running import RunningConsole, running_console
from tests.exchange.archiving import Archiving
from tests.exchange.label_studio_server import RunningLabelStudio, running

pytestmark = [pytest.mark.postgres, pytest.mark.label_studio, pytest.mark.timeout(600)]

SECRET = "what a webhook says to prove itself"
#: What people say in turn, as shown: an alias, the side that is clicked, or both; and what it means there.
SAID: tuple[tuple[str | None, str | None, Verdict], ...] = (
    ("left_much_better", None, Verdict.A_MUCH_BETTER),
    ("left_better", "left", Verdict.A_BETTER),
    ("equally_good", None, Verdict.TIE),
    ("right_better", None, Verdict.B_BETTER),
    ("right_much_better", "right", Verdict.B_MUCH_BETTER),
    ("both_bad", "left", Verdict.BOTH_BAD),
    ("unsure", None, Verdict.UNSURE),
    (None, "left", Verdict.A_BETTER),
    (None, "right", Verdict.B_BETTER),
    ("equally_good", "right", Verdict.TIE),
)


@pytest.fixture(scope="module")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLabelStudio]:
    """Give a real Label Studio."""
    with running(tmp_path_factory.mktemp("label-studio")) as server:
        yield server


@pytest_asyncio.fixture
async def console(
    postgres_dsn: str, label_studio: RunningLabelStudio, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningConsole]:
    """Give a console that knows the Label Studio; the test itself does the exchange."""
    monkeypatch.setattr(app, "WORKS", (relay.work,))
    monkeypatch.setenv("PREFSTREAM_LABEL_STUDIO__ADDRESS", label_studio.address)
    monkeypatch.setenv("PREFSTREAM_LABEL_STUDIO__TOKEN", label_studio.token)
    monkeypatch.setenv("PREFSTREAM_LABEL_STUDIO__WEBHOOK_SECRET", SECRET)
    async with running_console(postgres_dsn) as running_one:
        yield running_one


class Bench:
    """The console, the sink and the Label Studio of a test."""

    def __init__(
        self, console: RunningConsole, label_studio: RunningLabelStudio, there: LabelStudio, **settings: Any
    ) -> None:
        ours = console.parts.settings.label_studio.model_copy(update=settings)
        whole = console.parts.settings.model_copy(update={"label_studio": ours})
        self.console = console
        self.server = label_studio
        self.archiving = Archiving(pool=console.pool, dsn=console.dsn)
        self.exchange: LabelStudioExchange = exchange_of(replace(console.parts, settings=whole), there)

    @property
    def settings(self) -> LabelStudioSettings:
        return self.exchange.settings

    async def asked(self, count: int, *, overlap: int = 1, slice_name: str = "arithmetic") -> list[str]:
        """Let people be asked for so many pairs and return their ids."""
        ids = [f"pair-{slice_name}-{number:02}" for number in range(count)]
        constitution = make.a_constitution(name=f"house-{slice_name}")
        await self.archiving.archive(make.a_constitution_published(constitution=constitution))
        for pair_id in ids:
            changes = {"pair_id": pair_id, "slice": slice_name}
            await self.archiving.archive(
                make.a_pair_proposed(
                    **changes,
                    response_a=make.a_response(f"A of {pair_id} <script>alert(1)</script>"),
                    response_b=make.a_response(f"B of {pair_id} & 2 < 3"),
                ),
                make.a_pair_judged(**changes, confidence=0.9, label=Preference.A_MUCH_BETTER),
                make.a_pair_routed(**changes, overlap=overlap),
            )
        return ids

    async def there(self) -> dict[str, dict[str, Any]]:
        """Return the tasks there by the pair that they show."""
        rows = await self.console.pool.fetch("select pair_id, task_id, sides from label_studio_tasks")
        with self.server.client() as client:
            return {
                row["pair_id"]: client.get(f"/api/tasks/{row['task_id']}/").json() | {"sides": row["sides"]}
                for row in rows
            }

    async def annotate(self, task_id: int, result: list[dict[str, Any]], **more: Any) -> int:
        """Annotate a task as its page does, and return the annotation's id."""
        body = {"result": result, "lead_time": 12.5} | more

        def post() -> httpx2.Response:
            with self.server.client() as client:
                return client.post(f"/api/tasks/{task_id}/annotations/", json=body)

        # In a thread: Label Studio calls our webhook before it answers.
        answer = await asyncio.to_thread(post)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def change(self, method: str, path: str, body: Any = None) -> None:
        def call() -> httpx2.Response:
            with self.server.client() as client:
                return client.request(method, path, json=body)

        answer = await asyncio.to_thread(call)
        assert answer.status_code < 300, answer.text

    async def said(self, count: int) -> list[Event]:
        """Return what the log holds of labels, once it is so much."""
        async with asyncio.timeout(30):
            while True:
                found = [decode(one.value) async for one in self.console.log.snapshot("labels.submitted.v1")]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def bench(
    console: RunningConsole, label_studio: RunningLabelStudio
) -> AsyncIterator[Callable[..., Awaitable[Bench]]]:
    """Give what makes a bench with these settings."""
    opened: list[LabelStudio] = []

    async def made(**settings: Any) -> Bench:
        there = LabelStudio(label_studio.address, label_studio.token)
        opened.append(there)
        return Bench(console, label_studio, there, **settings)

    yield made
    for one in opened:
        await one.__aexit__(None, None, None)


def a_result(alias: str | None, side: str | None) -> list[dict[str, Any]]:
    """Return the result of an annotation as the page of Label Studio sends it."""
    result: list[dict[str, Any]] = [
        choices("clauses", ["P1"]),
        {
            "from_name": "rationale",
            "to_name": "left",
            "type": "textarea",
            "value": {"text": ["It is right."]},
        },
        {"from_name": "dimension-accuracy", "to_name": "left", "type": "rating", "value": {"rating": 4}},
    ]
    if alias is not None:
        result.append(choices("verdict", [alias]))
    if side is not None:
        selected = {"selected": side}
        result.append(
            {"from_name": "preferred", "to_name": "left,right", "type": "pairwise", "value": selected}
        )
    return result


def choices(name: str, chosen: list[str]) -> dict[str, Any]:
    return {"from_name": name, "to_name": "left", "type": "choices", "value": {"choices": chosen}}


def mapped(shown: Verdict, sides: str) -> Verdict:
    preference = shown.preference
    return shown if sides == "ab" or preference is None else Verdict(preference.swapped.value)


async def test_twenty_pairs_go_there_and_come_back_by_webhook_and_by_poll(
    bench: Callable[..., Awaitable[Bench]], console: RunningConsole
) -> None:
    one = await bench(show_prediction=True, webhook_to=console.base_url)
    await console.person("annotator", person_id="boss")  # of the address of the user there
    pairs = await one.asked(20)

    first = await one.exchange.exchange()
    again = await one.exchange.exchange()
    tasks = await one.there()

    assert (first.pushed, again.pushed) == (20, 0)
    assert sorted(tasks) == pairs
    assert {task["sides"] for task in tasks.values()} == {"ab", "ba"}
    for pair_id, task in tasks.items():
        left = "A" if task["sides"] == "ab" else "B"
        assert task["data"]["left"].startswith(f"{left} of {pair_id}")
        assert "model" not in str(task["data"])
        (prediction,) = task["predictions"]
        assert (prediction["score"], prediction["model_version"]) == (0.9, make.JUDGE)
        shown = "left_much_better" if left == "A" else "right_much_better"
        assert prediction["result"][0]["value"]["choices"] == [shown]

    # The first ten are told by webhook; then it is taken away and ten more are found by the poll.
    for pair_id, (alias, side, _) in zip(pairs[:10], SAID, strict=True):
        await one.annotate(tasks[pair_id]["id"], a_result(alias, side))
    await _hinted(console, 10)
    by_webhook = await one.exchange.exchange(hints_only=True)
    with one.server.client() as client:
        for hook in client.get("/api/webhooks/").json():
            client.delete(f"/api/webhooks/{hook['id']}/")
    for pair_id, (alias, side, _) in zip(pairs[10:], SAID, strict=True):
        await one.annotate(tasks[pair_id]["id"], a_result(alias, side))
    by_poll = await one.exchange.exchange()
    nothing = await one.exchange.exchange()

    # A tie and the right side do not contradict each other; both bad and a side do not either.
    assert (by_webhook.labels, by_webhook.unusable) == (10, 0)
    assert (by_poll.labels, by_poll.unusable) == (10, 0)
    assert (nothing.labels, nothing.withdrawn) == (0, 0)

    labels = {label.subject: label for label in await one.said(20) if isinstance(label, LabelSubmitted)}
    assert sorted(labels) == pairs
    for pair_id, (_, _, shown) in zip(pairs, (*SAID, *SAID), strict=True):
        label, sides = labels[pair_id], tasks[pair_id]["sides"]
        assert (label.verdict, label.sides) == (mapped(shown, sides), sides)
        assert (label.annotator, label.seconds, label.round) == ("boss", 12.5, "annotate")
        assert (label.clauses, label.rationale) == (("P1",), "It is right.")
        assert label.dimensions == {"accuracy": 4}

    await one.archiving.archive(*labels.values())
    open_ones = await console.pool.fetchval("select count(*) from tasks where open and round = 'annotate'")
    held = await console.pool.fetchval("select count(*) from leases where ended_at is null")
    kept = await console.pool.fetchval("select count(*) from submissions where undone_at is null")
    assert (open_ones, held, kept) == (0, 0, 20)


async def test_what_is_there_is_lent_to_nobody_else(
    bench: Callable[..., Awaitable[Bench]], console: RunningConsole
) -> None:
    one = await bench()
    await one.asked(3, overlap=2, slice_name="lent")
    annotator = await console.person("annotator")
    client = console.client(annotator)

    await one.exchange.exchange()
    answer = await client.post("/api/v1/tasks/next", json={"rounds": None, "slices": None, "ahead": False})
    tasks = await one.there()

    assert answer.status_code == 204
    assert await console.pool.fetchval("select count(*) from leases where ended_at is null") == 6
    assert all("predictions" not in task or task["predictions"] == [] for task in tasks.values())


async def test_an_annotation_that_is_changed_revises_and_one_that_is_deleted_withdraws(
    bench: Callable[..., Awaitable[Bench]], console: RunningConsole
) -> None:
    one = await bench(webhook_to=console.base_url)
    (pair_id,) = await one.asked(1, slice_name="revised")
    await one.exchange.exchange()
    task = (await one.there())[pair_id]
    annotation = await one.annotate(task["id"], a_result("left_better", None))
    await one.exchange.exchange()

    await one.change("PATCH", f"/api/annotations/{annotation}/", {"result": a_result("both_bad", None)})
    revised = await one.exchange.exchange(hints_only=True)
    await one.change("PATCH", f"/api/annotations/{annotation}/", {"result": a_result("both_bad", None)})
    same = await one.exchange.exchange()
    await one.change("DELETE", f"/api/annotations/{annotation}/")
    deleted = await one.exchange.exchange(hints_only=True)

    assert (revised.labels, revised.withdrawn) == (1, 1)
    assert (same.labels, same.withdrawn) == (0, 0)
    assert (deleted.labels, deleted.withdrawn) == (0, 1)
    first, gone, second, gone_too = await one.said(4)
    assert isinstance(first, LabelSubmitted)
    assert isinstance(second, LabelSubmitted)
    assert isinstance(gone, LabelWithdrawn)
    assert isinstance(gone_too, LabelWithdrawn)
    assert (gone.label_id, gone_too.label_id) == (first.event_id, second.event_id)
    assert second.verdict is Verdict.BOTH_BAD
    assert first.annotator == "label-studio:boss@example.org"  # nobody of ours has that address here


async def test_what_cannot_be_read_is_reported_and_a_skipped_task_says_nothing(
    bench: Callable[..., Awaitable[Bench]], console: RunningConsole
) -> None:
    one = await bench()
    pairs = await one.asked(4, slice_name="unread")
    await one.exchange.exchange()
    tasks = await one.there()
    await one.annotate(tasks[pairs[0]]["id"], a_result("left_better", "right"))
    await one.annotate(tasks[pairs[1]]["id"], [choices("clauses", ["P1"])])
    await one.annotate(
        tasks[pairs[2]]["id"], [choices("verdict", ["left_better"]), choices("clauses", ["P9"])]
    )
    await one.annotate(tasks[pairs[3]]["id"], [], was_cancelled=True)

    done = await one.exchange.exchange()
    admin = await console.person("admin")
    shown = (await console.client(admin).get("/api/v1/label-studio")).json()

    assert (done.labels, done.unusable) == (0, 3)
    why = {row["pair_id"]: row["findings"] for row in shown["unusable"]}
    assert "contradict" in why[pairs[0]]
    assert "no verdict" in why[pairs[1]]
    assert "no clause is named P9" in why[pairs[2]]


async def test_a_crash_between_push_and_note_pushes_nothing_twice(
    bench: Callable[..., Awaitable[Bench]], console: RunningConsole
) -> None:
    one = await bench()
    pairs = await one.asked(5, slice_name="crash")
    await one.exchange.exchange()
    # As if the process had died after the request, before the answer was noted; and once before the request.
    await console.pool.execute("update label_studio_tasks set task_id = null")
    await console.pool.execute(
        "update label_studio_tasks set push_id = gen_random_uuid() where pair_id = $1", pairs[0]
    )
    project_id = await console.pool.fetchval("select max(project_id) from label_studio_projects")

    await (await bench()).exchange.exchange()

    with one.server.client() as client:
        found = client.get("/api/tasks", params={"project": project_id, "fields": "all"}).json()["tasks"]
    assert await console.pool.fetchval("select count(*) from label_studio_tasks where task_id is null") == 0
    assert len(found) == 6  # the five, and the one whose push carries another id now
    assert len({task["data"]["prefstream_push"] for task in found}) == 6


async def test_what_needs_no_label_any_more_is_taken_back(
    bench: Callable[..., Awaitable[Bench]], console: RunningConsole
) -> None:
    one = await bench()
    (pair_id,) = await one.asked(1, slice_name="over")
    await one.exchange.exchange()
    task = (await one.there())[pair_id]
    await one.archiving.archive(make.a_label_submitted(pair_id=pair_id))

    done = await one.exchange.exchange()

    assert done.taken_back == 1
    with one.server.client() as client:
        assert client.get(f"/api/tasks/{task['id']}/").status_code == 404
    assert await console.pool.fetchval("select count(*) from leases where ended_at is null") == 0


async def test_what_somebody_deleted_there_goes_back_to_the_queue(
    bench: Callable[..., Awaitable[Bench]], console: RunningConsole
) -> None:
    one = await bench()
    pairs = await one.asked(2, slice_name="deleted")
    await one.exchange.exchange()
    tasks = await one.there()
    await one.annotate(tasks[pairs[1]]["id"], a_result("unsure", None))
    await one.exchange.exchange()
    for pair_id in pairs:
        await one.change("DELETE", f"/api/tasks/{tasks[pair_id]['id']}/")

    again = await bench()  # begins by reading all of it
    done = await again.exchange.exchange()
    project_id = await console.pool.fetchval("select max(project_id) from label_studio_projects")
    await one.change("DELETE", f"/api/projects/{project_id}/")
    after = await (await bench()).exchange.exchange()

    assert (done.taken_back, done.pushed, done.withdrawn) == (1, 1, 0)
    assert (after.taken_back, after.pushed) == (1, 1)
    assert await console.pool.fetchval("select max(project_id) from label_studio_projects") > project_id


async def test_a_webhook_without_the_secret_is_refused(console: RunningConsole) -> None:
    client = console.client()
    for headers in ({}, {"x-prefstream-secret": "guessed"}):
        answer = await client.post("/api/v1/label-studio/webhook", json={"task": {"id": 1}}, headers=headers)
        assert answer.status_code == 401
    proved: Mapping[str, str] = {"x-prefstream-secret": SECRET}
    strange = await client.post("/api/v1/label-studio/webhook", content=b"{", headers=proved)
    odd = await client.post("/api/v1/label-studio/webhook", json=[{"task": "x"}], headers=proved)

    assert (strange.status_code, odd.status_code) == (400, 204)
    assert await console.pool.fetchval("select count(*) from label_studio_hints where task_id is null") == 1


async def _hinted(console: RunningConsole, hints: int) -> None:
    """Wait for what Label Studio tells after it has answered its own user."""
    async with asyncio.timeout(60):
        while await console.pool.fetchval("select count(*) from label_studio_hints") < hints:
            await asyncio.sleep(0.05)
