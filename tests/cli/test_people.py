"""`prefstream people`: the first administrator and everybody after."""

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from prefstream.adapters.postgres.migrations import upgrade
from tests.cli.command import Ended, prefstream
from tests.running_parts import execute

pytestmark = pytest.mark.postgres


@pytest.fixture
def dsn(postgres_dsn: str) -> str:
    """Give the DSN of a database at the newest schema."""

    async def migrated() -> None:
        connection = await asyncpg.connect(postgres_dsn)
        try:
            await upgrade(connection)
        finally:
            await connection.close()

    asyncio.run(migrated())
    return postgres_dsn


def people(folder: Path, dsn: str, *arguments: str) -> Ended:
    return prefstream(folder, "people", *arguments, PREFSTREAM_POSTGRES__DSN=dsn)


def told(ended: Ended) -> Any:
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_the_first_administrator_gets_a_password_that_is_shown_once(tmp_path: Path, dsn: str) -> None:
    added = told(people(tmp_path, dsn, "add", "ada", "--role", "admin", "--generate", "--json"))
    (listed,) = told(people(tmp_path, dsn, "list", "--json"))["people"]

    assert len(added["password"]) >= 20
    assert (listed["person_id"], listed["role"], listed["has_password"]) == ("ada", "admin", True)
    assert added["password"] not in json.dumps(listed)
    (row,) = execute(dsn, "select password_hash from people")
    assert row["password_hash"].startswith("$argon2id$")


def test_a_service_has_tokens_and_no_password(tmp_path: Path, dsn: str) -> None:
    added = told(people(tmp_path, dsn, "add", "loader", "--role", "service", "--json"))
    issued = told(people(tmp_path, dsn, "token", "loader", "--for", "nightly", "--days", "7", "--json"))
    revoked = told(people(tmp_path, dsn, "token", "loader", "--revoke", issued["token_id"], "--json"))

    assert "password" not in added
    assert issued["token"].startswith("pfs_")
    assert revoked == {"person_id": "loader", "revoked": issued["token_id"]}
    assert execute(dsn, "select 1 from api_tokens where revoked_at is null") == []


def test_what_is_changed_is_in_the_trail_as_done_at_the_command_line(tmp_path: Path, dsn: str) -> None:
    people(tmp_path, dsn, "add", "ada", "--no-password")
    told(people(tmp_path, dsn, "role", "ada", "reviewer", "--json"))
    told(people(tmp_path, dsn, "skills", "ada", "law", "medicine", "--json"))
    told(people(tmp_path, dsn, "password", "ada", "--generate", "--json"))
    told(people(tmp_path, dsn, "disable", "ada", "--json"))

    trail = execute(dsn, "select person_id, act, subject from audit_trail order by n")

    assert [tuple(row) for row in trail] == [
        (None, "person.added", "ada"),
        (None, "person.role", "ada"),
        (None, "person.skills", "ada"),
        (None, "person.password", "ada"),
        (None, "person.disabled", "ada"),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "a b", "--no-password"), "cannot name a person"),
        (("add", "ada", "--role", "god", "--no-password"), "there is no role 'god'; there are viewer"),
        (("role", "nobody", "viewer"), "there is no person 'nobody'"),
        (("token", "nobody"), "there is no person 'nobody'"),
        (("disable", "nobody"), "there is no person 'nobody'"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    tmp_path: Path, dsn: str, arguments: tuple[str, ...], said: str
) -> None:
    ended = people(tmp_path, dsn, *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_name_is_given_once_and_the_last_administrator_stays(tmp_path: Path, dsn: str) -> None:
    people(tmp_path, dsn, "add", "ada", "--role", "admin", "--no-password")

    again = people(tmp_path, dsn, "add", "ada", "--no-password")
    dismissed = people(tmp_path, dsn, "role", "ada", "viewer")

    assert (again.code, dismissed.code) == (2, 2)
    assert "is taken" in again.err
    assert "is the last administrator" in dismissed.err
