"""Webhooks over HTTP and by command: administrators only, 4xx with a reason for what cannot be."""

from pathlib import Path

import pytest

from prefstream.adapters.webhooks.addresses import RefusedAddress, check_url, resolved
from tests.cli.command import prefstream
from tests.console.conftest import console
from tests.console.running import RunningConsole

__all__ = ["console"]
pytestmark = pytest.mark.postgres

HOOK = "https://example.org/hook"
ENDPOINTS = "/api/v1/webhooks/endpoints"


async def test_an_administrator_adds_changes_rotates_and_removes_an_endpoint(console: RunningConsole) -> None:
    admin = console.client(await console.person("admin", person_id="boss"))

    added = await admin.post(ENDPOINTS, json={"url": HOOK, "types": ["label.resolved"], "slices": ["law"]})
    one = f"{ENDPOINTS}/{added.json()['endpoint_id']}"
    listed = (await admin.get(ENDPOINTS)).json()
    paused = (await admin.patch(one, json={"state": "paused"})).json()
    rotated = await admin.post(f"{one}/secret", json={"overlap_hours": 1})
    secrets = (await admin.get(one)).json()["secrets"]
    pinged = await admin.post(f"{one}/ping")
    stretch = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}
    replayed = await admin.post(f"{one}/replay", json=stretch)
    retried = await admin.post(f"{one}/retry")
    deliveries = (await admin.get("/api/v1/webhooks/deliveries", params={"state": "pending"})).json()
    removed = await admin.delete(one)

    assert added.status_code == 201
    assert added.json()["secret"].startswith("whsec_")
    assert [(one["url"], one["types"]) for one in listed] == [(HOOK, ["label.resolved"])]
    assert "secret" not in listed[0]
    assert paused["state"] == "paused"
    assert rotated.json()["secret"] != added.json()["secret"]
    assert secrets == 2
    assert [one["message_id"] for one in deliveries] == [pinged.json()["message_id"]]
    assert (replayed.json(), retried.json()) == ({"deliveries": 0}, {"deliveries": 0})
    assert removed.status_code == 204
    assert (await admin.get(one)).status_code == 404
    acts = await console.pool.fetch("select act from audit_trail where person_id = 'boss' order by n")
    assert [row["act"] for row in acts] == [
        "webhook.added",
        "webhook.changed",
        "webhook.rotated",
        "webhook.replayed",
        "webhook.retried",
        "webhook.removed",
    ]


@pytest.mark.parametrize("role", ["viewer", "annotator", "reviewer", "qa_lead", "service"])
async def test_nobody_else_sees_or_changes_endpoints(console: RunningConsole, role: str) -> None:
    client = console.client(await console.person(role))

    assert (await client.get(ENDPOINTS)).status_code == 403
    assert (await client.post(ENDPOINTS, json={"url": HOOK})).status_code == 403
    assert (await console.client().get(ENDPOINTS)).status_code == 401


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"url": "http://example.org/"}, "https"),
        ({"url": "https://169.254.169.254/latest"}, "public internet"),
        ({"url": "https://[::ffff:127.0.0.1]/"}, "public internet"),
        ({"url": "https://user:pass@example.org/"}, "password"),
        ({"url": HOOK, "types": ["everything"]}, "no type"),
        ({"url": HOOK, "secret": "whsec_AAAA"}, "no secret"),
        ({"url": HOOK, "strange": 1}, "does not fit"),
        ({"url": HOOK, "description": "a\u0000b"}, "NUL"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_reason(
    console: RunningConsole, body: dict[str, object], why: str
) -> None:
    admin = console.client(await console.person("admin"))
    answer = await admin.post(ENDPOINTS, json=body)

    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert why in answer.text


async def test_commands_do_the_same(console: RunningConsole, tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str, str]:
        ended = prefstream(
            tmp_path, *arguments, PREFSTREAM_POSTGRES__DSN=console.dsn, PREFSTREAM_LOG="postgres"
        )
        return ended.code, ended.out, ended.err

    code, out, _ = run("webhooks", "add", HOOK, "--type", "label.resolved")
    endpoint = out.split()[1]
    listed = run("webhooks", "list")
    rotated = run("webhooks", "rotate", endpoint)
    unknown = run("webhooks", "ping", "ep_none")
    neither = run("webhooks", "replay", endpoint)
    unset = run("label-studio", "sync")
    config = run("label-studio", "config")
    nothing = run("argilla", "export", "records.json")

    assert (code, "whsec_" in out) == (0, True)
    assert endpoint in listed[1]
    assert "whsec_" in rotated[1]
    assert (unknown[0], "there is no endpoint" in unknown[2]) == (2, True)
    assert (neither[0], "--since" in neither[2]) == (2, True)
    assert (unset[0], "no Label Studio is set" in unset[2]) == (2, True)
    assert (config[0], "<Pairwise" in config[1]) == (0, True)
    assert (nothing[0], (tmp_path / "records.json").read_text()) == (0, "[]\n")


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://192.168.0.1/",
        "https://100.64.0.1/",
        "https://169.254.169.254/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[::ffff:10.0.0.1]/",
    ],
)
def test_addresses_inside_are_refused(url: str) -> None:
    with pytest.raises(RefusedAddress, match="public internet"):
        check_url(url, allow_private=False)
    assert check_url(url, allow_private=True).scheme == "https"


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1"])
async def test_a_name_that_leads_inside_is_refused_when_it_is_called(host: str) -> None:
    with pytest.raises((RefusedAddress, OSError)):
        await resolved(f"https://{host}/", allow_private=False)


async def test_the_address_that_was_looked_at_is_the_one_that_is_called() -> None:
    target = await resolved("http://localhost:8080/hook?x=1", allow_private=True)

    assert target.url in {"http://127.0.0.1:8080/hook?x=1", "http://[::1]:8080/hook?x=1"}
    assert (target.host, target.authority) == ("localhost", "localhost:8080")
