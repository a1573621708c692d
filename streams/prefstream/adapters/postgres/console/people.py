"""People: who there is, what they are and which slices they may label."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.people import Role

_SELECT = """
select p.person_id, p.name, p.email, p.role, p.simulated, p.language, p.disabled_at, p.paused_at,
p.paused_until, p.paused_why, p.created_at, p.password_hash is not null as has_password,
coalesce((select array_agg(s.slice order by s.slice) from skills s where s.person_id = p.person_id), '{}')
  as slices
from people p
"""
_ALL = _SELECT + "where p.person_id > $1 order by p.person_id limit $2"
_ONE = _SELECT + "where p.person_id = $1"
_LOGIN = """
select person_id, password_hash from people
where (person_id = $1 or lower(email) = lower($1)) and disabled_at is null
order by person_id = $1 desc limit 1
"""
_BY_SUBJECT = "select person_id from people where oidc_subject = $1"
_BY_EMAIL = "select person_id from people where lower(email) = lower($1) and oidc_subject is null"
_INSERT = """
insert into people (person_id, name, email, role, password_hash, oidc_subject, simulated, language)
values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person, or a service, as the console knows them."""

    #: The name that labels carry.
    person_id: str
    name: str
    email: str | None
    role: Role
    simulated: bool
    language: str
    disabled_at: datetime | None
    paused_at: datetime | None
    paused_until: datetime | None
    paused_why: str | None
    created_at: datetime
    has_password: bool
    #: Slices the person may label; none named: all.
    slices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Somebody who is to be known."""

    person_id: str
    name: str
    role: Role
    email: str | None = None
    password_hash: str | None = None
    oidc_subject: str | None = None
    simulated: bool = False
    language: str = "en"


async def person_named(source: Connection | asyncpg.Pool, person_id: str) -> Person | None:
    """Return a person."""
    row = await source.fetchrow(_ONE, person_id)
    return _person(row) if row else None


async def everybody(
    source: Connection | asyncpg.Pool, *, after: str = "", limit: int = 1000
) -> Sequence[Person]:
    """Return people in the order of their ids, those after one of them."""
    return [_person(row) for row in await source.fetch(_ALL, after, limit)]


async def count(source: Connection | asyncpg.Pool) -> int:
    """Return how many people there are."""
    return int(await source.fetchval("select count(*) from people"))


async def add(connection: Connection, person: NewPerson) -> bool:
    """Add a person; return whether the id, the address and the subject were free."""
    said: str = await connection.execute(
        _INSERT,
        person.person_id,
        person.name,
        person.email,
        person.role,
        person.password_hash,
        person.oidc_subject,
        person.simulated,
        person.language,
    )
    return said.endswith(" 1")


async def login(source: Connection | asyncpg.Pool, name: str) -> tuple[str, str | None] | None:
    """Return id and hash of the password of whom this id or address names, if they are not disabled."""
    row = await source.fetchrow(_LOGIN, name)
    return (row["person_id"], row["password_hash"]) if row else None


async def known_elsewhere(connection: Connection, *, subject: str, email: str | None) -> str | None:
    """Return the person of a subject of the identity provider, else of an address, which is then bound."""
    person_id: str | None = await connection.fetchval(_BY_SUBJECT, subject)
    if person_id is None and email:
        person_id = await connection.fetchval(_BY_EMAIL, email)
        if person_id is not None:
            await connection.execute(
                "update people set oidc_subject = $2 where person_id = $1", person_id, subject
            )
    return person_id


async def set_role(connection: Connection, person_id: str, role: Role) -> None:
    """Give a person another role."""
    await connection.execute("update people set role = $2 where person_id = $1", person_id, role)


async def set_name(connection: Connection, person_id: str, *, name: str, email: str | None) -> None:
    """Give a person another name and address."""
    await connection.execute(
        "update people set name = $2, email = $3 where person_id = $1", person_id, name, email
    )


async def set_password(connection: Connection, person_id: str, password_hash: str) -> None:
    """Give a person another password."""
    await connection.execute(
        "update people set password_hash = $2 where person_id = $1", person_id, password_hash
    )


async def set_disabled(connection: Connection, person_id: str, *, disabled: bool) -> None:
    """Keep a person out, or let them in again."""
    await connection.execute(
        "update people set disabled_at = case when $2 then coalesce(disabled_at, now()) end "
        "where person_id = $1",
        person_id,
        disabled,
    )


async def set_skills(connection: Connection, person_id: str, slices: Sequence[str]) -> None:
    """Say which slices a person may label; none: all of them."""
    await connection.execute("delete from skills where person_id = $1", person_id)
    await connection.execute(
        "insert into skills (person_id, slice) select $1, unnest($2::text[])", person_id, sorted(set(slices))
    )


def _person(row: asyncpg.Record) -> Person:
    values: dict[str, Any] = dict(row)
    return Person(**values | {"role": Role(values["role"]), "slices": tuple(values["slices"])})
