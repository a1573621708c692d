"""The page where people label, and what it asks the server for."""

import re
from collections.abc import Awaitable, Callable

import pytest

from prefstream.console.pages.work import ERRORS
from prefstream.domain.tasks import ERROR_CATEGORIES
from tests.console.running import RunningConsole, Somebody
from tests.console.working import Work

pytestmark = pytest.mark.postgres

People = Callable[..., Awaitable[Somebody]]


def test_every_error_category_has_words() -> None:
    assert set(ERRORS) == set(ERROR_CATEGORIES)


async def test_the_page_has_no_script_style_or_handler_of_its_own(
    console: RunningConsole, people: People
) -> None:
    client = await console.logged_in(await people("qa_lead"))

    html = (await client.get("/work")).text

    assert re.findall(r"<script(?! type=\"(?:module|application/json)\")", html) == []
    assert re.findall(r"\s(?:style|on\w+)=", html) == []
    assert "<style" not in html


async def test_a_task_comes_with_its_texts_as_html(
    console: RunningConsole, people: People, with_tasks: Work
) -> None:
    await with_tasks.pairs(1)
    client = await console.logged_in(await people("annotator"))

    found = (await client.post("/work/next", json={})).json()

    assert found["task"]["kind"] == "pair"
    assert found["task"]["shown"] is None
    assert found["html"]["left"].startswith('<div class="text" dir="auto"><p dir="auto">')
    assert found["html"]["difference"]["left"].count("<del>") == 1
    assert '<span class="visually-hidden">Only left: </span>' in found["html"]["difference"]["left"]
    assert '<span class="visually-hidden">Only right: </span>' in found["html"]["difference"]["right"]
    assert set(found["html"]["plain"]) == {"a", "b"}


async def test_without_work_there_is_nothing_to_answer(console: RunningConsole, people: People) -> None:
    client = await console.logged_in(await people("annotator"))

    assert (await client.post("/work/next", json={})).status_code == 204


@pytest.mark.parametrize(("role", "round_name", "status"), [
    ("annotator", "review", 403), ("annotator", "nonsense", 404),
    ("viewer", "annotate", 403), ("qa_lead", "adjudicate", 200),
])  # fmt: skip
async def test_nobody_gets_into_a_round_of_others(
    role: str, round_name: str, status: int, console: RunningConsole, people: People
) -> None:
    client = await console.logged_in(await people(role))

    assert (await client.get("/work", params={"round": round_name})).status_code == status


async def test_asking_for_a_task_needs_the_token_of_the_session(
    console: RunningConsole, people: People
) -> None:
    client = await console.logged_in(await people("annotator"))
    del client.headers["X-CSRF-Token"]

    assert (await client.post("/work/next", json={})).status_code == 403


async def test_who_is_not_logged_in_is_sent_to_log_in(console: RunningConsole) -> None:
    answer = await console.client().get("/work", headers={"Accept": "text/html"})

    assert answer.status_code in {302, 303, 307}
    assert "/login" in answer.headers["location"]


async def test_files_are_answered_once_and_then_known(console: RunningConsole) -> None:
    client = console.client()

    first = await client.get("/static/work.js")
    again = await client.get("/static/work.js", headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["content-type"].startswith("text/javascript")
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name", ["../app.py", "..%2Fapp.py", "%2e%2e/app.py", "nothing.js", "../templates/work.html", ""]
)
async def test_only_files_of_the_pages_can_be_asked_for(name: str, console: RunningConsole) -> None:
    assert (await console.client().get(f"/static/{name}")).status_code == 404
