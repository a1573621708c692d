"""Who gets where, and what happens to requests that mean no good."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx2
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from prefstream.adapters.local import LocalPostgres
from prefstream.console.app import ROUTERS
from prefstream.console.headers import POLICY
from prefstream.domain.people import Permission, Role, may
from tests.console.running import RunningConsole, Somebody, running_console

People = Callable[..., Awaitable[Somebody]]
PERSON = {"person_id": "new", "name": "New", "role": "viewer"}
#: Whoever asks these is not asked who they are.
PUBLIC = {
    ("GET", "/livez"),
    ("GET", "/readyz"),
    ("POST", "/api/v1/session"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("POST", "/logout"),
    ("GET", "/login/oidc"),
    ("GET", "/login/oidc/back"),
    ("GET", "/static/{name:path}"),
    ("GET", "/languages/{language}.json"),
}


def routes() -> list[tuple[str, str, Permission | None]]:
    """List method, path and permission of every route."""
    found = []
    for router in ROUTERS:
        for context in iter_route_contexts(router.routes):
            route = context.original_route
            if isinstance(route, APIWebSocketRoute):
                continue  # it takes no method; tests of the live feed ask who may open it
            assert isinstance(route, APIRoute), route
            methods = sorted(context.methods or ())
            found += [(method, str(context.path), permission_of(route.dependant)) for method in methods]
    return found


def permission_of(dependant: Dependant) -> Permission | None:
    """Return the permission that a route asks for."""
    permission = getattr(dependant.call, "permission", None)
    below = [permission_of(one) for one in dependant.dependencies]
    return next((one for one in (permission, *below) if one is not None), None)


def filled(path: str) -> str:
    """Fill the places of a path."""
    for place in ("lease_id", "submission_id"):
        path = path.replace(f"{{{place}}}", "00000000-0000-4000-8000-000000000000")
    return "/".join("nothing" if "{" in part else part for part in path.split("/"))


async def test_every_route_but_a_few_wants_to_know_who_asks(console: RunningConsole) -> None:
    client = console.client()
    answered = {
        (method, path): (await client.request(method, filled(path), json={})).status_code
        for method, path, _ in routes()
        if (method, path) not in PUBLIC
    }

    assert {route: status for route, status in answered.items() if status != 401} == {}
    assert len(answered) > 10


@pytest.mark.parametrize("role", Role)
async def test_a_role_gets_where_it_may_and_nowhere_else(
    console: RunningConsole, people: People, role: Role
) -> None:
    client = console.client(await people(role))
    asked = [(method, path, permission) for method, path, permission in routes() if permission is not None]
    answered = {
        (method, path): (await client.request(method, filled(path), json={})).status_code == 403
        for method, path, permission in asked
        if not may(role, permission)
    }

    assert [route for route, refused in answered.items() if not refused] == []


@pytest.mark.parametrize(
    ("path", "welcome"),
    [
        ("/api/v1/people", {"admin"}),
        ("/api/v1/audit", {"admin"}),
        ("/api/v1/queue", {"admin", "qa_lead", "reviewer", "viewer", "service"}),
        ("/api/v1/session", set(Role)),
    ],
)
async def test_the_doors_are_open_to_these_roles(
    console: RunningConsole, people: People, path: str, welcome: set[str]
) -> None:
    answers = {role: await console.client(await people(role)).get(path) for role in Role}

    assert {role for role, answer in answers.items() if answer.status_code == 200} == welcome


async def test_every_answer_carries_the_headers(console: RunningConsole, people: People) -> None:
    client = console.client(await people("viewer"))
    for path in ("/livez", "/api/v1/session", "/api/v1/people", "/nothing", "/api/openapi.json"):
        answer = await client.get(path)
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers
        assert answer.headers["x-request-id"]


class TestForgedRequests:
    """Requests that another site makes a browser send with its cookie."""

    async def test_a_session_without_its_csrf_token_changes_nothing(
        self, console: RunningConsole, people: People
    ) -> None:
        client = await console.logged_in(await people("admin"))
        del client.headers["X-CSRF-Token"]

        answer = await client.post("/api/v1/people", json=PERSON)

        assert (answer.status_code, answer.json()["type"]) == (403, "urn:prefstream:problem:csrf")
        assert await console.pool.fetchval("select count(*) from people") == 1

    async def test_another_sessions_csrf_token_is_none(self, console: RunningConsole, people: People) -> None:
        admin, other = await console.logged_in(await people("admin")), await console.logged_in(await people())

        answer = await admin.post(
            "/api/v1/people", json=PERSON, headers={"X-CSRF-Token": other.headers["X-CSRF-Token"]}
        )

        assert answer.status_code == 403

    @pytest.mark.parametrize(
        "header",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ],
        ids=str,
    )
    async def test_a_request_from_another_site_changes_nothing(
        self, console: RunningConsole, people: People, header: dict[str, str]
    ) -> None:
        client = await console.logged_in(await people("admin"))

        answer = await client.post("/api/v1/people", json=PERSON, headers=header)

        assert answer.status_code == 403

    async def test_another_site_logs_nobody_in(self, console: RunningConsole, people: People) -> None:
        ada = await people()

        answer = await console.client().post(
            "/api/v1/session",
            json={"name": ada.person_id, "password": ada.password},
            headers={"Origin": "https://evil.example"},
        )

        assert answer.status_code == 403

    async def test_our_own_pages_and_tokens_get_through(
        self, console: RunningConsole, people: People
    ) -> None:
        admin = await people("admin")
        page = await console.logged_in(admin)
        headers = {"Origin": console.base_url, "Sec-Fetch-Site": "same-origin"}

        by_page = await page.post("/api/v1/people", json=PERSON, headers=headers)
        by_token = await console.client(admin).post(
            "/api/v1/people", json=PERSON | {"person_id": "n2"}, headers={"Origin": "https://evil.example"}
        )

        assert (by_page.status_code, by_token.status_code) == (201, 201)

    async def test_a_form_sends_the_token_as_a_field(self, console: RunningConsole, people: People) -> None:
        client = await console.logged_in(await people("viewer"))
        token = client.headers.pop("X-CSRF-Token")

        without = await client.post("/nothing", data={"csrf_token": "x"})
        with_it = await client.post("/nothing", data={"csrf_token": token})

        assert (without.status_code, with_it.status_code) == (403, 404)


class TestTooMuch:
    """Bodies that are too long, and too many requests."""

    async def test_a_body_that_says_it_is_too_long_is_not_read(
        self, console: RunningConsole, people: People
    ) -> None:
        client = console.client(await people("admin"))

        answer = await client.post("/api/v1/people", json=PERSON | {"name": "x" * 9_000_000})

        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_a_body_that_does_not_say_its_length_is_counted(
        self, console: RunningConsole, people: People
    ) -> None:
        async def endless() -> AsyncIterator[bytes]:
            yield b'{"name": "'
            for _ in range(100):
                yield b"x" * 100_000

        client = console.client(await people("admin"), headers={"Content-Type": "application/json"})
        try:
            answer = await client.post("/api/v1/people", content=endless())
        except httpx2.WriteError:  # the connection was closed while we still sent
            pass
        else:
            assert answer.status_code == 413
        assert await console.pool.fetchval("select count(*) from people") == 1

    @pytest.mark.parametrize("said", ["-1", "1e9", "99999999999999999999999999"])
    async def test_a_length_that_is_none_is_refused(self, console: RunningConsole, said: str) -> None:
        status = await raw_status(
            console, f"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: {said}\r\n\r\n"
        )

        assert status in {400, 413}

    async def test_a_person_has_their_turns_and_then_waits(self, postgres_dsn: str) -> None:
        async with running_console(postgres_dsn, requests_per_min=5) as console:
            busy, other = console.client(await console.person()), console.client(await console.person())
            answers = await asyncio.gather(*(busy.get("/api/v1/session") for _ in range(20)))
            refused = next(one for one in answers if one.status_code == 429)

            assert 5 <= sum(one.status_code == 200 for one in answers) < 10
            assert 0 < int(refused.headers["retry-after"]) <= 60
            assert (await other.get("/api/v1/session")).status_code == 200

    async def test_guessing_tokens_meets_a_limit_that_good_tokens_of_that_address_do_not(
        self, postgres_dsn: str
    ) -> None:
        async with running_console(postgres_dsn, anonymous_per_min=20) as console:
            good = console.client(await console.person())
            assert (await good.get("/api/v1/session")).status_code == 200
            loop = asyncio.get_running_loop()
            began = loop.time()
            guesses = await asyncio.gather(
                *(
                    console.client(headers={"Authorization": f"Bearer pfs_{n}"}).get("/api/v1/session")
                    for n in range(60)
                )
            )

            statuses = Counter(one.status_code for one in guesses)
            refilled = (loop.time() - began) / 3 + 1
            assert set(statuses) == {401, 429}
            assert 20 <= statuses[401] <= 20 + refilled
            assert (await good.get("/api/v1/session")).status_code == 200

    async def test_a_flood_is_held_off_and_people_go_on(self, postgres_dsn: str) -> None:
        """As fast as one process can ask, which it is told by the rate it prints."""
        async with running_console(postgres_dsn, anonymous_per_min=600) as console:
            ada = console.client(await console.person())
            assert (await ada.get("/api/v1/session")).status_code == 200
            loop = asyncio.get_running_loop()
            began = loop.time()
            floods = [asyncio.create_task(flood(console, 200)) for _ in range(50)]
            waits = []
            while not all(one.done() for one in floods):
                asked = loop.time()
                assert (await ada.get("/api/v1/session")).status_code == 200
                waits.append(loop.time() - asked)
            statuses = sum((one.result() for one in floods), Counter[int]())
            seconds = loop.time() - began
            rate, longest_s = statuses.total() / seconds, max(waits)
            print(f"{rate:.0f} requests a second: {dict(statuses)}; ada waited {longest_s:.2f} s at most")

            assert set(statuses) <= {401, 429, 503}
            assert statuses[401] <= 600 + 10 * seconds + 1
            assert statuses.total() == 50 * 200
            assert (await ada.get("/readyz")).status_code == 200


async def flood(console: RunningConsole, requests: int) -> Counter[int]:
    """Send requests on one connection as fast as they are answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(console.base_url.rpartition(":")[2]))
    statuses: Counter[int] = Counter()
    try:
        for _ in range(requests):
            writer.write(b"GET /api/v1/people HTTP/1.1\r\nHost: x\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            statuses[int(head.split(b" ", 2)[1])] += 1
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
    finally:
        writer.close()
    return statuses


async def raw_status(console: RunningConsole, request: str) -> int:
    """Send bytes as they are and return the status of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(console.base_url.rpartition(":")[2]))
    try:
        writer.write(request.encode())
        return int((await asyncio.wait_for(reader.readline(), 10)).split(b" ", 2)[1])
    finally:
        writer.close()


@pytest.mark.parametrize(
    "text",
    ["'; drop table people; --", "{{ 7 * 7 }}", "{% raw %}", "${7*7}", "<script>alert(1)</script>", "\\"],
)
async def test_text_is_text_wherever_it_comes_in(console: RunningConsole, people: People, text: str) -> None:
    admin = console.client(await people("admin"))

    made = await admin.post("/api/v1/people", json=PERSON | {"name": text, "slices": [text]})
    found = await admin.get("/api/v1/audit", params={"subject": text, "act": text})
    shown = await admin.get("/api/v1/people", params={"after": text[:50]})

    assert made.status_code == 201, made.text
    assert (made.json()["name"], made.json()["slices"]) == (text, [text])
    assert (found.status_code, found.json()["acts"]) == (200, [])
    assert shown.status_code == 200
    assert await console.pool.fetchval("select count(*) from people") == 2


async def test_a_zero_character_is_refused_and_not_a_failure(console: RunningConsole, people: People) -> None:
    admin = console.client(await people("admin"))

    answer = await admin.get("/api/v1/audit", params={"subject": "a\u0000b"})

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("a value holds what cannot be kept")


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/nothing", "/api/v1/people/../../etc/passwd"])
async def test_what_does_not_exist_is_a_problem_too(
    console: RunningConsole, people: People, path: str
) -> None:
    answer = await console.client(await people("viewer")).get(path)

    assert answer.status_code == 404
    assert answer.json()["title"] == "Not Found"


async def test_a_defect_tells_nothing_of_the_inside(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("postgresql://me:secret@db/prefs")

    monkeypatch.setattr("prefstream.adapters.postgres.console.people.everybody", broken)
    async with running_console(postgres_dsn) as console:
        admin = console.client(await console.person("admin"))
        answer = await admin.get("/api/v1/people", headers={"X-Request-ID": "mine"})

    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == "mine"
    assert "secret" not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY


async def test_a_database_that_is_away_is_said_and_waited_for(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path / "postgres")
    try:
        async with running_console(await asyncio.to_thread(server.start)) as console:
            client = console.client(await console.person("viewer"))
            assert (await client.get("/api/v1/session")).status_code == 200
            await asyncio.to_thread(server.kill)
            away = await client.get("/api/v1/session")
            ready = await client.get("/readyz")
            await asyncio.to_thread(server.start)
            async with asyncio.timeout(30):
                while (back := await client.get("/api/v1/session")).status_code != 200:
                    await asyncio.sleep(0.05)

        assert (away.status_code, away.headers["retry-after"]) == (503, "2")
        assert ready.status_code == 503
        assert back.json()["role"] == "viewer"
    finally:
        await asyncio.to_thread(server.stop)


async def test_the_log_never_holds_a_secret(
    console: RunningConsole, people: People, capsys: pytest.CaptureFixture[str]
) -> None:
    ada = await people("admin")
    client = await console.logged_in(ada)
    await client.post("/api/v1/people", json=PERSON | {"password": "a very secret password"})
    await console.client(ada).get("/api/v1/session", params={"token": ada.token})

    said = capsys.readouterr().out

    assert "request.answered" in said
    for secret in (ada.password, ada.token, "a very secret password", client.cookies["prefstream_session"]):
        assert secret not in said


def test_problems_are_json_whatever_they_say() -> None:
    from starlette.requests import Request

    from prefstream.console.problems import Problem, problem_answer

    request = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []})
    answer = problem_answer(Problem(422, "half: \ud800", more=["\udfff"]), request)

    assert json.loads(bytes(answer.body))["detail"] == "half: ?"
