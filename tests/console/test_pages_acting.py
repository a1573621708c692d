"""Pages on which one does something: login, settings, people, refinements; all of it without a script."""

import re
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx2
import pytest
import yaml

from prefstream.schemas.codec import decode
from prefstream.schemas.topics import CONSTITUTIONS_PUBLISHED
from tests import factories as make
from tests.console.running import RunningConsole, Somebody
from tests.console.telling import a_long_history, tell

pytestmark = pytest.mark.postgres
People = Callable[..., Awaitable[Somebody]]
HTML = {"Accept": "text/html"}


def token_in(text: str) -> str:
    """Return the CSRF token that a page's form sends back."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert found, text
    return found[1]


async def browser(console: RunningConsole, somebody: Somebody) -> httpx2.AsyncClient:
    """Return a browser without scripts in which somebody logged in by the form."""
    client = console.client(headers=HTML, follow_redirects=True)
    form = {"name": somebody.person_id, "password": somebody.password, "next": "/settings"}
    answer = await client.post("/login", data=form)
    assert answer.url.path == "/settings", answer.text
    return client


async def sent(client: httpx2.AsyncClient, page: str, to: str, **form: str) -> httpx2.Response:
    """Send a form of a page as a browser does."""
    token = token_in((await client.get(page)).text)
    return await client.post(to, data=form | {"csrf_token": token})


async def test_the_form_logs_in_and_out_and_leads_back_to_where_one_wanted_to_go(
    console: RunningConsole, people: People
) -> None:
    ada = await people("viewer", person_id="ada")
    client = console.client(headers=HTML, follow_redirects=True)

    asked = await client.get("/queue?slice=law")
    form = {"name": "ada", "password": ada.password, "next": "/queue?slice=law"}
    inside = await client.post("/login", data=form)
    outside = await sent(client, "/settings", "/logout")

    assert asked.url.path == "/login"
    assert 'value="/queue?slice=law"' in asked.text
    assert str(inside.url).endswith("/queue?slice=law")
    assert outside.url.path == "/login"
    assert (await client.get("/queue")).url.path == "/login"


async def test_a_login_that_fails_does_not_tell_which_part_was_wrong(
    console: RunningConsole, people: People
) -> None:
    await people("viewer", person_id="ada")
    client = console.client(headers=HTML)

    answers = [
        await client.post("/login", data={"name": name, "password": "wrong"}) for name in ("ada", "nobody")
    ]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].text.replace("ada", "nobody") == answers[1].text
    assert "Name or password is wrong." in answers[0].text


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"])
async def test_a_login_leads_nowhere_else(console: RunningConsole, people: People, to: str) -> None:
    ada = await people("viewer")
    form = {"name": ada.person_id, "password": ada.password, "next": to}

    answer = await console.client(headers=HTML).post("/login", data=form)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_settings_are_kept_and_used_at_once(console: RunningConsole, people: People) -> None:
    client = await browser(console, await people("annotator"))

    page = await sent(
        client,
        "/settings",
        "/settings",
        **{"language": "de", "theme": "dark", "submit": "enter", "breaks": "on", "key.undo": "y"},
    )

    assert '<html lang="de" dir="ltr" data-theme="dark">' in page.text
    assert "Gespeichert." in page.text
    assert 'name="key.undo" value="y"' in page.text
    assert 'name="keys_on">' in page.text
    assert 'name="breaks" checked' in page.text


@pytest.mark.parametrize(
    "wrong",
    [{"theme": "pink"}, {"language": "tlh"}, {"key.undo": "1"}, {"key.undo": "ab"}, {"submit": "never"}],
)
async def test_settings_that_make_no_sense_change_nothing(
    console: RunningConsole, people: People, wrong: dict[str, str]
) -> None:
    client = await browser(console, await people("annotator", person_id="ada"))

    answer = await sent(client, "/settings", "/settings", **wrong)

    assert answer.status_code == 422
    assert "othing was changed" in answer.text
    assert await console.pool.fetchval("select preferences from people where person_id = 'ada'") == "{}"


async def test_a_form_without_the_token_of_the_session_is_refused(
    console: RunningConsole, people: People
) -> None:
    client = await browser(console, await people("admin", person_id="eve"))

    for path in ("/settings", "/logout", "/people", "/people/eve", "/refinements/publish"):
        answer = await client.post(path, data={"csrf_token": "guessed"})
        assert answer.status_code == 403, path
        assert "<h1>" in answer.text


async def test_a_new_password_ends_every_session(console: RunningConsole, people: People) -> None:
    ada = await people("annotator", person_id="ada")
    client, other = await browser(console, ada), await browser(console, ada)
    fresh = "a long enough password"

    wrong = await sent(client, "/settings", "/settings/password", present="no", fresh=fresh)
    short = await sent(client, "/settings", "/settings/password", present=ada.password, fresh="short")
    done = await sent(client, "/settings", "/settings/password", present=ada.password, fresh=fresh)

    assert (wrong.status_code, short.status_code, done.url.path) == (422, 422, "/login")
    assert (await other.get("/settings")).url.path == "/login"
    form = {"name": "ada", "password": fresh, "next": "/settings"}
    assert (await client.post("/login", data=form)).url.path == "/settings"


async def test_an_administrator_lets_somebody_in_and_keeps_them_out(
    console: RunningConsole, people: People
) -> None:
    admin = await browser(console, await people("admin", person_id="eve"))

    added = await sent(
        admin, "/people", "/people", person_id="bob", name="Bob <b>", role="annotator", slices="law, tax"
    )
    shown = re.search(r'<code class="secret"[^>]*>([^<]+)</code>', added.text)
    assert shown, added.text
    bob = Somebody(person_id="bob", role="annotator", password=shown[1], token="")  # type: ignore[arg-type]
    inside = await browser(console, bob)
    again = await sent(admin, "/people", "/people", person_id="bob", name="Bob", role="viewer")
    role = await sent(admin, "/people/bob", "/people/bob", act="role", role="reviewer")
    out = await sent(admin, "/people/bob", "/people/bob", act="disable")

    assert "Bob &lt;b&gt;" in added.text
    assert again.status_code == 409
    assert "reviewer" in role.text
    assert "kept out" in out.text
    assert (await inside.get("/settings")).url.path == "/login"
    assert await console.pool.fetchval("select count(*) from audit_trail where subject = 'bob'") >= 3


async def test_the_last_administrator_stays(console: RunningConsole, people: People) -> None:
    admin = await browser(console, await people("admin", person_id="eve"))

    answer = await sent(admin, "/people/eve", "/people/eve", act="disable")

    assert answer.status_code == 409
    assert (await admin.get("/people")).status_code == 200


async def test_a_token_is_shown_once_and_taken_back(console: RunningConsole, people: People) -> None:
    admin = await browser(console, await people("admin", person_id="eve"))
    await people("service", person_id="feed")

    made = await sent(admin, "/people/feed", "/people/feed/tokens", name="nightly", days="30")
    shown = re.search(r'<code class="secret"[^>]*>([^<]+)</code>', made.text)
    assert shown
    bearer = {"Authorization": f"Bearer {shown[1]}"}
    good = await console.client(headers=bearer).get("/api/v1/session")
    page = (await admin.get("/people/feed")).text
    token_id = re.findall(r'name="token_id" value="([^"]+)"', page)[-1]
    await sent(admin, "/people/feed", "/people/feed", act="revoke", token_id=token_id)

    assert good.status_code == 200
    assert shown[1] not in page
    assert (await console.client(headers=bearer).get("/api/v1/session")).status_code == 401


async def proposed(console: RunningConsole, *, kind: str = "rule", clause: str = "P1") -> str:
    """Let somebody who adjudicated `pair-1` propose a better wording; return its id."""
    cleo = next(e for e in a_long_history() if getattr(e, "annotator", "") == "cleo")
    refinement, lease = cleo.event_id, uuid4()
    await console.pool.execute(
        "insert into leases (lease_id, pair_id, round, slice, person_id, purpose, sides, leased_at,"
        " expires_at, ended_at, ending)"
        " values ($1, 'pair-1', 'adjudicate', 'arithmetic', 'cleo', 'work', 'ab', now(), now(), now(),"
        " 'submitted')",
        lease,
    )
    await console.pool.execute(
        "insert into submissions (submission_id, lease_id, pair_id, round, slice, person_id, purpose, answer,"
        " answer_hash, events, submitted_at, undo_until)"
        " values ($1, $2, 'pair-1', 'adjudicate', 'arithmetic', 'cleo', 'work', '{}', '', 1, now(), now())",
        refinement,
        lease,
    )
    await console.pool.execute(
        "insert into refinements (submission_id, pair_id, slice, person_id, constitution_id, clause, kind,"
        " body, proposed_at) values ($1, 'pair-1', 'arithmetic', 'cleo', 'house@1', $2, $3,"
        " 'The correct answer must always win.', now())",
        refinement,
        clause,
        kind,
    )
    return refinement


async def prepared(console: RunningConsole, people: People) -> None:
    await people("qa_lead", person_id="cleo")
    await tell(console.pool, make.a_constitution_published(constitution=make.a_constitution()))
    await tell(console.pool, *a_long_history())


async def test_an_accepted_refinement_becomes_a_draft_that_an_administrator_publishes(
    console: RunningConsole, people: People
) -> None:
    await prepared(console, people)
    refinement = await proposed(console)
    lead = await browser(console, await people("qa_lead", person_id="lea"))
    admin = await browser(console, await people("admin", person_id="eve"))

    one = (await lead.get(f"/refinements/{refinement}")).text
    accepted = await sent(
        lead, f"/refinements/{refinement}", f"/refinements/{refinement}", decision="accept", why="good"
    )
    file = await lead.get("/refinements/draft.yaml")
    page = (await admin.get("/refinements")).text
    draft_id = re.search(r'name="constitution_id" value="([^"]+)"', page)
    assert draft_id
    forbidden = await sent(lead, "/refinements", "/refinements/publish", constitution_id=draft_id[1])
    stale = await sent(admin, "/refinements", "/refinements/publish", constitution_id="house@9#0")
    done = await sent(admin, "/refinements", "/refinements/publish", constitution_id=draft_id[1])
    said = [decode(record.value) async for record in console.log.snapshot(CONSTITUTIONS_PUBLISHED.name)]

    assert "The correct answer wins." in one
    assert "sharpened" in accepted.text
    assert 'name="constitution_id"' not in accepted.text
    document = yaml.safe_load(file.text)
    assert document["principles"][0]["rule"] == "The correct answer must always win."
    assert document["version"] == "2"
    assert (forbidden.status_code, stale.status_code, done.url.path) == (403, 409, "/constitution")
    assert [event.subject for event in said] == [draft_id[1]]
    acts = await console.pool.fetch("select act from audit_trail where act like '%ed' order by n")
    assert {"refinement.accepted", "constitution.published"} <= {row["act"] for row in acts}


async def test_an_example_is_made_of_the_pair_it_was_proposed_at(
    console: RunningConsole, people: People
) -> None:
    await prepared(console, people)
    refinement = await proposed(console, kind="exemplar")
    lead = await browser(console, await people("qa_lead", person_id="lea"))

    document = yaml.safe_load((await lead.get(f"/refinements/{refinement}/draft.yaml")).text)

    example = document["principles"][0]["exemplars"][-1]
    assert example["worse"] == "It is **401**, `17*23`."
    assert example["why"] == "The correct answer must always win."


async def test_a_refinement_of_a_clause_that_does_not_exist_can_only_be_rejected(
    console: RunningConsole, people: People
) -> None:
    await prepared(console, people)
    refinement = await proposed(console, clause="P9")
    lead = await browser(console, await people("qa_lead", person_id="lea"))
    path = f"/refinements/{refinement}"

    accepted = await sent(lead, path, path, decision="accept")
    rejected = await sent(lead, path, path, decision="reject", why="no such clause")
    twice = await sent(lead, "/settings", path, decision="reject")

    assert (accepted.status_code, rejected.status_code, twice.status_code) == (422, 200, 409)
    assert "no such clause" in rejected.text
    assert (await lead.get(f"/refinements/{uuid4()}")).status_code == 404


async def test_a_browser_gets_problems_as_pages_and_a_program_as_json(
    console: RunningConsole, people: People
) -> None:
    client = await browser(console, await people("viewer"))

    page = await client.get("/no/such/page")
    document = await client.get("/no/such/page", headers={"Accept": "*/*"})

    assert page.headers["content-type"].startswith("text/html")
    assert document.headers["content-type"] == "application/problem+json"


async def test_a_lead_pauses_somebody_for_a_while_and_says_why(
    console: RunningConsole, people: People
) -> None:
    await people("annotator", person_id="bob")
    lead = await browser(console, await people("qa_lead", person_id="lea"))
    path = "/annotators/bob"

    paused = await sent(lead, path, path, action="pause", why="Have a rest.", days="3")
    nothing_said = await sent(lead, path, path, action="withdraw", why="no reason")
    nobody = await sent(lead, path, "/annotators/nobody", action="warn", why="x")
    row = await console.pool.fetchrow(
        "select paused_why, paused_until - now() as left from people where name = 'Bob'"
    )

    assert row is not None
    assert "Done: Pause" in paused.text
    assert (row["paused_why"], row["left"].days) == ("Have a rest.", 2)
    assert (nothing_said.status_code, nobody.status_code) == (422, 404)
    assert "say which labels" in nothing_said.text
    assert await console.pool.fetchval("select count(*) from audit_trail where act = 'annotator.pause'") == 1
