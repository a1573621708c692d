"""People over HTTP, and the trail of what was done about them."""

from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from tests.console.running import RunningConsole, Somebody

People = Callable[..., Awaitable[Somebody]]
ADA = {"person_id": "ada", "name": "Ada", "role": "annotator", "password": "a good password"}


async def test_an_administrator_lets_somebody_in(console: RunningConsole, people: People) -> None:
    admin = console.client(await people("admin", person_id="root"))

    made = await admin.post("/api/v1/people", json=ADA | {"slices": ["law"], "email": "ada@example.org"})
    listed = await admin.get("/api/v1/people")

    assert made.status_code == 201, made.text
    assert "password" not in made.text.replace("has_password", "")
    assert [(one["person_id"], one["slices"]) for one in listed.json()["people"]] == [
        ("ada", ["law"]),
        ("root", []),
    ]
    entered = await console.client().post(
        "/api/v1/session", json={"name": "ada", "password": "a good password"}
    )
    assert entered.status_code == 204


async def test_a_name_or_an_address_is_given_once(console: RunningConsole, people: People) -> None:
    admin = console.client(await people("admin"))
    await admin.post("/api/v1/people", json=ADA | {"email": "ada@example.org"})

    again = await admin.post("/api/v1/people", json=ADA)
    other = await admin.post("/api/v1/people", json=ADA | {"person_id": "bob", "email": "ADA@example.org"})

    assert (again.status_code, other.status_code) == (409, 409)


@pytest.mark.parametrize(
    "wrong",
    [
        {"person_id": "../etc"},
        {"person_id": "a\nb"},
        {"person_id": ""},
        {"role": "god"},
        {"password": "short"},
        {"password": "x" * 2000},
        {"name": "\ud800"},
        {"name": "zero\u0000"},
        {"email": "nobody"},
        {"unknown": 1},
        {"slices": ["x" * 300]},
    ],
    ids=str,
)
async def test_a_person_that_does_not_fit_is_refused_with_the_reason_and_no_secret(
    console: RunningConsole, people: People, wrong: dict[str, object]
) -> None:
    import json

    admin = console.client(await people("admin"))

    answer = await admin.post(
        "/api/v1/people", content=json.dumps(ADA | wrong), headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "a good password" not in answer.text
    assert "x" * 100 not in answer.text


async def test_a_change_is_made_whole_or_not_at_all(console: RunningConsole, people: People) -> None:
    root = await people("admin", person_id="root")
    admin = console.client(root)

    answer = await admin.patch("/api/v1/people/root", json={"name": "Other", "role": "viewer"})
    shown = await admin.get("/api/v1/people/root")

    assert answer.status_code == 409  # the last administrator stays one
    assert shown.json()["name"] == "Root"


async def test_the_last_administrator_cannot_be_disabled(console: RunningConsole, people: People) -> None:
    admin = console.client(await people("admin", person_id="root"))

    refused = await admin.patch("/api/v1/people/root", json={"disabled": True})
    await people("admin", person_id="other")
    let_go = await admin.patch("/api/v1/people/root", json={"disabled": True})

    assert (refused.status_code, let_go.status_code) == (409, 200)


async def test_every_act_leaves_one_row_in_the_trail(console: RunningConsole, people: People) -> None:
    admin = console.client(await people("admin", person_id="root"))
    await admin.post("/api/v1/people", json=ADA)
    await admin.patch("/api/v1/people/ada", json={"role": "reviewer", "slices": ["law"]})
    await admin.post("/api/v1/people/ada/tokens", json={"name": "for a script"})
    await admin.patch("/api/v1/people/ada", json={"password": "another password"})

    trail = (await admin.get("/api/v1/audit")).json()["acts"]

    assert [(one["person_id"], one["act"], one["subject"]) for one in reversed(trail)] == [
        ("root", "person.added", "ada"),
        ("root", "person.role", "ada"),
        ("root", "person.skills", "ada"),
        ("root", "token.issued", "ada"),
        ("root", "person.password", "ada"),
    ]
    assert "pfs_" not in str(trail)
    assert "another password" not in str(trail)


async def test_the_trail_is_read_in_pages_and_by_what_was_done(
    console: RunningConsole, people: People
) -> None:
    admin = console.client(await people("admin", person_id="root"))
    for number in range(5):
        await admin.post("/api/v1/people", json=ADA | {"person_id": f"p{number}"})

    first = (await admin.get("/api/v1/audit", params={"limit": 2})).json()
    second = (await admin.get("/api/v1/audit", params={"limit": 2, "before": first["next"]})).json()
    about = (await admin.get("/api/v1/audit", params={"subject": "p0", "act": "person.added"})).json()

    assert [one["subject"] for one in first["acts"] + second["acts"]] == ["p4", "p3", "p2", "p1"]
    assert [one["subject"] for one in about["acts"]] == ["p0"]


@pytest.mark.parametrize(
    "edit",
    ["update audit_trail set act = 'nothing'", "delete from audit_trail", "truncate audit_trail"],
)
async def test_the_trail_can_only_be_added_to(console: RunningConsole, people: People, edit: str) -> None:
    await console.logged_in(await people())

    with pytest.raises(asyncpg.RestrictViolationError):
        await console.pool.execute(edit)


async def test_an_act_that_fails_leaves_no_row(console: RunningConsole, people: People) -> None:
    admin = console.client(await people("admin", person_id="root"))

    await admin.patch("/api/v1/people/root", json={"slices": ["law"], "role": "viewer"})

    assert (await admin.get("/api/v1/audit")).json()["acts"] == []
