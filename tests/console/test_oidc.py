"""Logging in by an identity provider."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import pytest_asyncio
from joserfc.jwk import OctKey, RSAKey

from prefstream.adapters.identity_provider import IdentityProvider, Registration
from prefstream.schemas.errors import BadInput
from tests.console.oidc.provider import running_provider
from tests.console.running import RunningConsole, running_console
from tests.stand_ins.issuer import Issuer, running_issuer, unsigned_token

#: With a colon, which has to be encoded.
SECRET = "the secret: of the console"
Opened = Callable[..., AbstractAsyncContextManager[RunningConsole]]


@pytest_asyncio.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """Give an issuer that says what a test wants."""
    async with running_issuer() as running:
        yield running


@pytest.fixture
def opened(postgres_dsn: str, issuer: Issuer) -> Opened:
    """Give what opens a console that trusts the issuer."""

    @asynccontextmanager
    async def open_console(**console: Any) -> AsyncIterator[RunningConsole]:
        told = {"oidc_issuer": issuer.address, "oidc_client_id": "console", "oidc_client_secret": SECRET}
        async with running_console(postgres_dsn, **told | console) as running:
            yield running

    return open_console


async def there(client: httpx2.AsyncClient, issuer: Issuer, next_: str = "/work") -> str:
    """Go to the provider and return the state that it was given."""
    answer = await client.get("/login/oidc", params={"next": next_})
    assert answer.status_code == 303, answer.text
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    issuer.nonce, issuer.challenge = asked["nonce"][0], asked["code_challenge"][0]
    return asked["state"][0]


async def back(client: httpx2.AsyncClient, state: str, **more: str) -> httpx2.Response:
    """Come back with a code."""
    return await client.get("/login/oidc/back", params={"code": "c", "state": state} | more)


class TestWithARealProvider:
    """`oidc-provider-mock` from PyPI, as a process of its own."""

    async def test_a_person_logs_in_there_and_is_in_here(self, postgres_dsn: str, tmp_path: Path) -> None:
        with running_provider(tmp_path) as address:
            told: dict[str, Any] = {
                "oidc_issuer": address,
                "oidc_client_id": "console",
                "oidc_client_secret": "secret",
            }
            async with running_console(postgres_dsn, **told) as console:
                ada = await console.person("reviewer", person_id="ada")
                first = await self.logged_in_there(console, address, email_verified=True)
                await console.pool.execute("update people set email = null")
                again = await self.logged_in_there(console, address, email_verified=False)

        assert (first["person_id"], again["person_id"]) == ("ada", "ada")
        assert first["role"] == ada.role

    async def logged_in_there(
        self, console: RunningConsole, address: str, *, email_verified: bool
    ) -> dict[str, Any]:
        """Go there, say who we are, come back, and return who we are here."""
        claims = {"email": "ADA@example.org", "email_verified": email_verified}
        client = console.client()
        async with httpx2.AsyncClient(trust_env=False) as elsewhere:
            (await elsewhere.put(f"{address}/users/a-subject", json=claims)).raise_for_status()
            gone = await client.get("/login/oidc", params={"next": "/api/v1/session"})
            let_in = await elsewhere.post(gone.headers["location"], data={"sub": "a-subject"})
        assert let_in.status_code == 302, let_in.text
        returned = await client.get(let_in.headers["location"])
        assert (returned.status_code, returned.headers["location"]) == (303, "/api/v1/session"), returned.text
        found: dict[str, Any] = (await client.get("/api/v1/session")).json()
        return found


async def test_the_login_is_bound_to_the_browser_by_state_nonce_and_challenge(
    opened: Opened, issuer: Issuer
) -> None:
    async with opened() as console:
        await console.person("viewer", person_id="ada")
        client = console.client()
        answer = await client.get("/login/oidc")
        asked = {name: one[0] for name, one in parse_qs(urlsplit(answer.headers["location"]).query).items()}
        state = await there(client, issuer)
        returned = await back(client, state)

    assert asked["redirect_uri"] == f"{console.base_url}/login/oidc/back"
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert (returned.status_code, returned.headers["location"]) == (303, "/work")
    assert issuer.asked[0]["authorization"].startswith("Basic ")
    assert "client_secret" not in issuer.asked[0]


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": None},
        {"azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"iat": 99_999_999_999},
        {"sub": None},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_this_login_lets_nobody_in(
    opened: Opened, issuer: Issuer, claims: dict[str, Any]
) -> None:
    issuer.claims = claims

    await assert_nobody_gets_in(opened, issuer)


async def test_a_token_of_another_key_lets_nobody_in(opened: Opened, issuer: Issuer) -> None:
    issuer.signs_with = RSAKey.generate_key(2048)

    await assert_nobody_gets_in(opened, issuer)


async def test_a_token_signed_with_the_shared_secret_lets_nobody_in(opened: Opened, issuer: Issuer) -> None:
    issuer.signs_with, issuer.algorithm = OctKey.import_key(SECRET), "HS256"

    await assert_nobody_gets_in(opened, issuer)


@pytest.mark.parametrize("token", ["", "x.y.z", "none"])
async def test_a_token_that_nobody_signed_lets_nobody_in(opened: Opened, issuer: Issuer, token: str) -> None:
    issuer.token = unsigned_token({"iss": issuer.address, "sub": "ada"}) if token == "none" else token

    await assert_nobody_gets_in(opened, issuer)


async def assert_nobody_gets_in(opened: Opened, issuer: Issuer) -> None:
    async with opened(oidc_new_role="viewer") as console:
        await console.person("admin", person_id="ada")
        client = console.client()
        returned = await back(client, await there(client, issuer))

        assert returned.status_code == 403, returned.text
        assert (await client.get("/api/v1/session")).status_code == 401
        assert await console.pool.fetchval("select count(*) from people") == 1


async def test_a_way_back_that_did_not_begin_here_leads_nowhere(opened: Opened, issuer: Issuer) -> None:
    async with opened() as console:
        await console.person("admin", person_id="ada")
        client, victim = console.client(), console.client()
        state = await there(client, issuer)

        answers = [
            await back(victim, state),  # a link that an attacker sends
            await back(client, "another"),
            await back(client, ""),
            await back(client, state, iss="https://evil.example"),
            await back(client, state, error="access_denied"),
            await console.client(cookies={"prefstream_login": "forged"}).get("/login/oidc/back"),
        ]

    assert [one.status_code for one in answers] == [403] * 6
    assert issuer.asked == []


async def test_an_address_that_the_provider_has_not_verified_means_nobody(
    opened: Opened, issuer: Issuer
) -> None:
    issuer.claims = {"email_verified": "true"}  # text is not true

    async with opened() as console:
        await console.person("admin", person_id="ada")
        client = console.client()
        returned = await back(client, await there(client, issuer))

    assert (returned.status_code, returned.json()["type"]) == (403, "urn:prefstream:problem:login_refused")


async def test_who_is_new_gets_in_only_if_the_settings_say_so_and_under_a_name_of_their_own(
    opened: Opened, issuer: Issuer
) -> None:
    issuer.claims = {"preferred_username": "../Root <b>", "email": None, "name": "Root"}

    async with opened(oidc_new_role="annotator") as console:
        await console.person("admin", person_id="root")
        client = console.client()
        await back(client, await there(client, issuer))
        who = (await client.get("/api/v1/session")).json()

    assert who["role"] == "annotator"
    assert who["person_id"].startswith("root-b-")


async def test_who_is_disabled_stays_out(opened: Opened, issuer: Issuer) -> None:
    async with opened() as console:
        await console.person("viewer", person_id="ada")
        await console.pool.execute("update people set disabled_at = now()")
        client = console.client()
        returned = await back(client, await there(client, issuer))

    assert returned.status_code == 403


async def test_a_provider_that_is_away_or_another_is_said(opened: Opened, issuer: Issuer) -> None:
    issuer.metadata = {"issuer": "https://another.example"}
    async with opened() as console:
        another = await console.client().get("/login/oidc")
        issuer.metadata = {"token_endpoint": None}
        incomplete = await console.client().get("/login/oidc")

    assert (another.status_code, incomplete.status_code) == (503, 503)


async def test_without_a_provider_there_is_no_such_login(postgres_dsn: str) -> None:
    async with running_console(postgres_dsn) as console:
        assert (await console.client().get("/login/oidc")).status_code == 404


@pytest.mark.parametrize("next_", ["https://evil.example", "//evil.example"])
async def test_the_way_back_from_a_provider_leads_to_no_other_site(
    opened: Opened, issuer: Issuer, next_: str
) -> None:
    async with opened() as console:
        await console.person("viewer", person_id="ada")
        client = console.client()
        returned = await back(client, await there(client, issuer, next_))

    assert returned.headers["location"] == "/"


async def test_a_provider_may_change_its_keys(
    opened: Opened, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prefstream.adapters.identity_provider._KEYS_AT_LEAST_S", 0)
    async with opened() as console:
        await console.person("viewer", person_id="ada")
        client = console.client()
        await back(client, await there(client, issuer))
        issuer.key = RSAKey.generate_key(2048, {"kid": "second"})
        returned = await back(client, await there(client, issuer))

    assert returned.status_code == 303


def test_a_provider_over_http_is_none_but_on_this_machine() -> None:
    told = {"client_id": "c", "client_secret": "s", "redirect_uri": "r"}

    with pytest.raises(BadInput, match="https"):
        IdentityProvider(Registration(issuer="http://login.example.org", **told))
    IdentityProvider(Registration(issuer="http://127.0.0.1:9400", **told))
