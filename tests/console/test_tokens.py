"""Tokens of the API."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from tests.console.running import RunningConsole, Somebody

People = Callable[..., Awaitable[Somebody]]


async def test_a_token_is_told_once_and_only_its_hash_is_kept(
    console: RunningConsole, people: People
) -> None:
    admin, loader = console.client(await people("admin")), await people("service", person_id="loader")

    issued = await admin.post("/api/v1/people/loader/tokens", json={"name": "nightly", "days": 7})
    listed = await admin.get("/api/v1/people/loader/tokens")

    token = issued.json()["token"]
    assert issued.status_code == 201
    assert token.startswith("pfs_")
    assert token not in listed.text
    hashes = await console.pool.fetch("select token_hash, expires_at - created_at as lasts from api_tokens")
    assert all(token.encode() not in row["token_hash"] for row in hashes)
    assert any(
        row["lasts"] and abs(row["lasts"] - timedelta(days=7)) < timedelta(minutes=1) for row in hashes
    )
    who = await console.client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/session")
    assert who.json()["person_id"] == loader.person_id


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer pfs_", "Bearer pfs_wrong", "Basic YTpi", "pfs_x", "Bearer x' or 1=1 --"],
)
async def test_what_is_no_good_token_opens_nothing(console: RunningConsole, header: str) -> None:
    answer = await console.client(headers={"Authorization": header}).get("/api/v1/session")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_bad_token_is_not_made_good_by_a_session(console: RunningConsole, people: People) -> None:
    client = await console.logged_in(await people())

    answer = await client.get("/api/v1/session", headers={"Authorization": "Bearer pfs_wrong"})

    assert answer.status_code == 401


async def test_a_token_ends_when_it_is_revoked_expired_or_its_person_disabled(
    console: RunningConsole, people: People
) -> None:
    admin = console.client(await people("admin"))
    revoked, expired, disabled = [await people("viewer", person_id=name) for name in ("r", "e", "d")]
    (token,) = (await admin.get("/api/v1/people/r/tokens")).json()

    assert (await admin.delete(f"/api/v1/people/r/tokens/{token['token_id']}")).status_code == 204
    await console.pool.execute("update api_tokens set expires_at = now() where person_id = 'e'")
    assert (await admin.patch("/api/v1/people/d", json={"disabled": True})).status_code == 200

    for one in (revoked, expired, disabled):
        assert (await console.client(one).get("/api/v1/session")).status_code == 401
    assert (await admin.delete(f"/api/v1/people/r/tokens/{token['token_id']}")).status_code == 404


async def test_the_last_use_is_noted_at_most_once_a_minute(console: RunningConsole, people: People) -> None:
    client = console.client(await people("viewer"))

    await client.get("/api/v1/session")
    first = await console.pool.fetchval("select last_used_at from api_tokens")
    await client.get("/api/v1/session")
    second = await console.pool.fetchval("select last_used_at from api_tokens")

    assert first is not None
    assert first == second
