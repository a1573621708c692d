"""Logging in, staying in and getting out."""

import time
from collections.abc import Awaitable, Callable

import pytest

from prefstream.console.sessions import local_path
from tests.console.running import RunningConsole, Somebody, running_console

People = Callable[..., Awaitable[Somebody]]


async def test_a_person_logs_in_and_out(console: RunningConsole, people: People) -> None:
    client = await console.logged_in(await people("annotator", person_id="ada"))
    who = (await client.get("/api/v1/session")).json()
    left = await client.delete("/api/v1/session")

    assert (who["person_id"], who["permissions"]) == ("ada", ["label"])
    assert left.status_code == 204
    assert (await client.get("/api/v1/session")).status_code == 401


async def test_an_address_logs_in_too_in_any_case(console: RunningConsole, people: People) -> None:
    ada = await people("annotator", person_id="ada")

    answer = await console.client().post(
        "/api/v1/session", json={"name": "Ada@Example.org", "password": ada.password}
    )

    assert answer.status_code == 204


async def test_a_cookie_is_for_our_site_alone_and_no_script_reads_it(
    console: RunningConsole, people: People
) -> None:
    ada = await people()
    answer = await console.client().post(
        "/api/v1/session", json={"name": ada.person_id, "password": ada.password}
    )

    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=lax" in said
    assert "secure" not in said  # over http no browser would send it back


async def test_over_https_a_cookie_is_never_sent_in_the_clear(postgres_dsn: str) -> None:
    async with running_console(postgres_dsn, public_url="https://labels.example.org") as console:
        ada = await console.person()
        answer = await console.client().post(
            "/api/v1/session", json={"name": ada.person_id, "password": ada.password}
        )

    assert "; secure" in answer.headers["set-cookie"].lower()
    assert answer.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize("name", ["ada", "nobody", "' or '1'='1", "ada\u0000", "{{7*7}}"])
async def test_a_wrong_login_does_not_tell_which_part_was_wrong(
    console: RunningConsole, people: People, name: str
) -> None:
    await people("admin", person_id="ada")

    answer = await console.client().post("/api/v1/session", json={"name": name, "password": "wrong password"})

    assert answer.status_code in ({422} if "\u0000" in name else {401})
    assert "set-cookie" not in answer.headers
    if answer.status_code == 401:
        assert answer.json()["detail"] == "name or password is wrong"


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(
    console: RunningConsole, people: People
) -> None:
    """The hashes of tests are cheap, so the known name is given one as slow as real ones."""
    from prefstream.adapters.postgres.console.people import set_password
    from prefstream.console.passwords import hashed

    await people("admin", person_id="ada")
    async with console.pool.acquire() as connection:
        await set_password(connection, "ada", hashed("the right password"))
    seconds: dict[str, list[float]] = {"ada": [], "nobody": []}
    for _ in range(6):
        for name, taken in seconds.items():
            began = time.perf_counter()
            await console.client().post("/api/v1/session", json={"name": name, "password": "wrong password"})
            taken.append(time.perf_counter() - began)

    # The first of each warms up; of the rest the fastest was disturbed least.
    known, unknown = min(seconds["ada"][1:]), min(seconds["nobody"][1:])
    assert 0.5 < known / unknown < 2


async def test_each_login_makes_a_new_session_and_ends_the_one_before(
    console: RunningConsole, people: People
) -> None:
    ada = await people()
    client = await console.logged_in(ada)
    before = client.cookies["prefstream_session"]

    again = await client.post("/api/v1/session", json={"name": ada.person_id, "password": ada.password})

    assert again.status_code == 204
    assert client.cookies["prefstream_session"] != before
    stale = console.client(cookies={"prefstream_session": before})
    assert (await stale.get("/api/v1/session")).status_code == 401


async def test_the_table_holds_nothing_that_opens_a_session(console: RunningConsole, people: People) -> None:
    client = await console.logged_in(await people())
    cookie = client.cookies["prefstream_session"]

    (row,) = await console.pool.fetch("select session_hash from sessions")

    assert row["session_hash"].hex() not in cookie
    forged = console.client(cookies={"prefstream_session": row["session_hash"].hex()})
    assert (await forged.get("/api/v1/session")).status_code == 401


@pytest.mark.parametrize("forged", ["", "x", "abc.def", "a" * 5000, "../../etc/passwd", "%00", "ä.ö"])
async def test_a_forged_cookie_opens_nothing(console: RunningConsole, people: People, forged: str) -> None:
    await people()
    header = (b"Cookie", b"prefstream_session=" + forged.encode())

    answer = await console.client().get("/api/v1/session", headers=[header])

    assert answer.status_code == 401


async def test_a_session_ends_when_it_is_idle_and_when_it_is_old(
    console: RunningConsole, people: People
) -> None:
    idle, old = await console.logged_in(await people()), await console.logged_in(await people())
    idle_id, old_id = [(await one.get("/api/v1/session")).json()["person_id"] for one in (idle, old)]

    await console.pool.execute(
        "update sessions set seen_at = seen_at - interval '3 hours' where person_id = $1", idle_id
    )
    await console.pool.execute("update sessions set expires_at = now() where person_id = $1", old_id)

    assert (await idle.get("/api/v1/session")).status_code == 401
    assert (await old.get("/api/v1/session")).status_code == 401


@pytest.mark.parametrize("change", [{"disabled": True}, {"password": "another long password"}])
async def test_who_is_disabled_or_has_another_password_is_out_everywhere_at_once(
    console: RunningConsole, people: People, change: dict[str, object]
) -> None:
    admin, ada = await people("admin"), await people()
    sessions = [await console.logged_in(ada), await console.logged_in(ada)]

    changed = await console.client(admin).patch(f"/api/v1/people/{ada.person_id}", json=change)

    assert changed.status_code == 200, changed.text
    for one in sessions:
        assert (await one.get("/api/v1/session")).status_code == 401


async def test_a_page_sends_who_is_not_logged_in_to_the_login_and_back(console: RunningConsole) -> None:
    answer = await console.client().get("/api/v1/session", headers={"Accept": "text/html"})
    page = await console.client().get("/metrics?x=1", headers={"Accept": "text/html"})

    assert answer.status_code == 401
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/metrics%3Fx%3D1")


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil"]
)
def test_the_way_back_leads_to_no_other_site(elsewhere: str) -> None:
    assert local_path(elsewhere) == "/"


async def test_guessing_a_password_meets_a_limit_and_others_log_in_meanwhile(postgres_dsn: str) -> None:
    async with running_console(postgres_dsn, logins_per_min=3) as console:
        ada, bob = await console.person(), await console.person()
        client = console.client()
        tries = [
            await client.post("/api/v1/session", json={"name": ada.person_id, "password": f"wrong {n}"})
            for n in range(5)
        ]
        right = await client.post("/api/v1/session", json={"name": ada.person_id, "password": ada.password})
        other = await client.post("/api/v1/session", json={"name": bob.person_id, "password": bob.password})

    assert [one.status_code for one in tries] == [401, 401, 401, 429, 429]
    assert 0 < int(tries[-1].headers["retry-after"]) <= 20
    assert (right.status_code, other.status_code) == (429, 204)
