"""Pages on which one looks things up: who sees them, and what they say."""

import json
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from prefstream.adapters.postgres.console.history import history_of
from prefstream.domain.people import Role
from prefstream.schemas.values import Verdict
from tests import factories as make
from tests.console.running import RunningConsole, Somebody
from tests.console.telling import a_long_history, disputed, label, tell

pytestmark = pytest.mark.postgres
People = Callable[..., Awaitable[Somebody]]
HTML = {"Accept": "text/html"}
#: Who may see which page: others are told that they may not.
PAGES = {
    "/": set(Role),
    "/settings": set(Role),
    "/constitution": set(Role),
    "/constitution/differences": set(Role),
    "/queue": {Role.VIEWER, Role.REVIEWER, Role.QA_LEAD, Role.ADMIN, Role.SERVICE},
    "/pairs": {Role.VIEWER, Role.REVIEWER, Role.QA_LEAD, Role.ADMIN, Role.SERVICE},
    "/pairs/pair-1": {Role.VIEWER, Role.REVIEWER, Role.QA_LEAD, Role.ADMIN, Role.SERVICE},
    "/releases": {Role.VIEWER, Role.REVIEWER, Role.QA_LEAD, Role.ADMIN, Role.SERVICE},
    "/annotators": {Role.QA_LEAD, Role.ADMIN},
    "/calibration": {Role.QA_LEAD, Role.ADMIN},
    "/disagreements": {Role.QA_LEAD, Role.ADMIN},
    "/refinements": {Role.QA_LEAD, Role.ADMIN},
    "/people": {Role.ADMIN},
}


async def seen(client: httpx2.AsyncClient, path: str, status: int = 200) -> str:
    """Return a page as a browser gets it."""
    answer = await client.get(path, headers=HTML)
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
    return answer.text


@pytest.mark.parametrize("role", list(Role))
async def test_everybody_sees_the_pages_of_their_role_and_no_others(
    console: RunningConsole, people: People, role: Role
) -> None:
    await tell(console.pool, *a_long_history())
    client = await console.logged_in(await people(role))

    for path, may in PAGES.items():
        text = await seen(client, path, 200 if role in may else 403)
        assert "<h1" in text, path


async def test_whoever_is_not_logged_in_is_sent_to_the_login(console: RunningConsole) -> None:
    client = console.client(follow_redirects=False)

    for path in PAGES:
        answer = await client.get(path, headers=HTML)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={path}")


async def test_the_history_of_a_pair_tells_every_event_once_in_order(
    console: RunningConsole, people: People
) -> None:
    events = a_long_history()
    await tell(console.pool, *events)
    await tell(console.pool, *events, *a_long_history("pair-2"))

    text = await seen(await console.logged_in(await people("viewer")), "/pairs/pair-1")
    places = [
        text.index(f"?raw={event.event_id}") for event in sorted(events, key=lambda event: event.occurred_at)
    ]

    assert places == sorted(places)
    assert text.count("?raw=") == len(events)
    for said in ("Adjudicate", "trigger E1", "misread", "$0.0066", "one call whose price is not known"):
        assert said in text, said


async def test_text_from_outside_is_shown_as_text(console: RunningConsole, people: People) -> None:
    await tell(console.pool, *a_long_history())

    text = await seen(await console.logged_in(await people("viewer")), "/pairs/pair-1")

    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "{{ 7*7 }}" in text
    assert 'dir="auto"' in text


async def test_an_event_is_given_as_it_is_in_the_log(console: RunningConsole, people: People) -> None:
    events = a_long_history()
    await tell(console.pool, *events)
    client = await console.logged_in(await people("viewer"))

    answer = await client.get(f"/pairs/pair-1?raw={events[1].event_id}")
    missing = await client.get(f"/pairs/pair-1?raw={make.a_pair_proposed(pair_id='p9').event_id}")

    assert answer.headers["content-type"].startswith("application/json")
    assert json.loads(answer.text) == events[1].model_dump(mode="json")
    assert missing.status_code == 404


async def test_whoever_labels_a_pair_does_not_see_what_others_said_of_it(
    console: RunningConsole, people: People
) -> None:
    await tell(console.pool, *a_long_history())
    reviewer = await people("reviewer", person_id="rae")
    client = await console.logged_in(reviewer)
    await console.pool.execute(
        "insert into leases (lease_id, pair_id, round, slice, person_id, purpose, sides, leased_at,"
        " expires_at) values (gen_random_uuid(),"
        " 'pair-1', 'review', 'arithmetic', 'rae', 'work', 'ab', now(), now() + interval '1 hour')"
    )

    text = await seen(client, "/pairs/pair-1", 409)
    await console.pool.execute("update leases set ended_at = now(), ending = 'released'")

    assert "you are labelling" in text
    assert "ada" not in text
    assert "ada" in await seen(client, "/pairs/pair-1")


async def test_a_pair_that_nobody_knows_is_not_found(console: RunningConsole, people: People) -> None:
    client = await console.logged_in(await people("viewer"))

    for path in ("/pairs/nobody", "/pairs/%00", "/pairs/%27%3Bdrop%20table%20pairs", "/pairs/a/b/%ff"):
        await seen(client, path, 404)


async def test_a_pair_is_found_by_its_id_whatever_is_in_it(console: RunningConsole, people: People) -> None:
    strange = "שלום/10% off?#<b>"
    await tell(console.pool, make.a_pair_proposed(pair_id=strange))
    client = await console.logged_in(await people("viewer"))

    answer = await client.get("/pairs", params={"pair_id": strange}, headers=HTML, follow_redirects=True)

    assert answer.status_code == 200, answer.text[:300]
    assert "שלום/10% off?#&lt;b&gt;" in answer.text


async def test_the_history_is_read_by_its_index(console: RunningConsole) -> None:
    await tell(console.pool, *a_long_history())
    found = await history_of(console.pool, "pair-1")
    async with console.pool.acquire() as connection, connection.transaction():
        await connection.execute("set local enable_seqscan = off")
        plan = await connection.fetch(
            "explain select event_id from archive where subject = 'pair-1' and topic in ("
            "'pairs.proposed.v1', 'pairs.judged.v1', 'pairs.routed.v1', 'labels.submitted.v1',"
            "'labels.resolved.v1', 'pairs.validated.v1', 'pairs.rejected.v1')"
        )

    assert len(found.events) == len(a_long_history())
    assert "archive_pairs" in " ".join(row[0] for row in plan)


async def test_the_queue_tells_what_waits_and_why(console: RunningConsole, people: People) -> None:
    await tell(
        console.pool,
        *[
            event
            for n in range(3)
            for event in (
                make.a_pair_proposed(pair_id=f"q{n}"),
                make.a_pair_routed(pair_id=f"q{n}", overlap=2),
            )
        ],
    )

    text = await seen(await console.logged_in(await people("viewer")), "/queue")

    assert "no policy is in force" in text
    assert "routing.no_policy" in text
    assert all(f'href="/pairs/q{n}"' in text for n in range(3))
    assert "0 of 2" in text


async def test_clauses_cited_on_both_sides_stand_first(console: RunningConsole, people: People) -> None:
    for n in range(2):
        pair = f"d{n}"
        labels = (
            label(pair, "ada", Verdict.A_BETTER, clauses=("sources",)),
            label(pair, "bob", Verdict.B_BETTER, clauses=("sources", "tone")),
        )
        routed = make.a_pair_routed(pair_id=pair, overlap=2)
        await tell(
            console.pool,
            make.a_pair_proposed(pair_id=pair),
            routed,
            *labels,
            disputed(pair, "review", labels, at=make.NOON),
        )

    text = await seen(await console.logged_in(await people("qa_lead")), "/disagreements")

    assert text.index("sources") < text.index("tone")
    assert "From 2 disputed pairs" in text
    assert "2 (100%)" in text


async def test_the_constitution_shows_its_versions_and_what_changed(
    console: RunningConsole, people: People
) -> None:
    old = make.a_constitution()
    new = make.a_constitution(
        version="2", principles=(make.a_principle(rule="The correct answer must win."),)
    )
    for constitution in (old, new):
        await tell(console.pool, make.a_constitution_published(constitution=constitution))
    client = await console.logged_in(await people("annotator"))

    text = await seen(client, "/constitution")
    earlier = await seen(client, str(httpx2.URL("/constitution", params={"version": old.id})))
    changes = await seen(client, "/constitution/differences")
    file = await client.get("/constitution.yaml", params={"version": old.id})

    assert "The correct answer must win." in text
    assert "an earlier version" in earlier
    assert "reworded" in changes or "sharpened" in changes
    assert file.headers["content-disposition"].endswith('.yaml"')
    assert "The correct answer wins." in file.text
    await seen(client, "/constitution?version=none", 404)


async def test_the_first_page_leads_to_what_waits(console: RunningConsole, people: People) -> None:
    await tell(console.pool, make.a_pair_proposed(), make.a_pair_routed(), make.a_task_proposed())

    annotator = await seen(await console.logged_in(await people("annotator")), "/")
    lead = await seen(await console.logged_in(await people("qa_lead")), "/")

    assert 'href="/work?round=annotate"' in annotator
    assert 'href="/tasks/ranking"' in annotator
    assert "/tasks/rating" not in annotator
    assert ("/annotators" in annotator, "/annotators" in lead) == (False, True)
    assert "/work?round=adjudicate" not in lead
