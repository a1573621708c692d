"""What is done about people, each act with its row in the audit trail; the API and the command line share it.

The connection that is given stands in a transaction. `by` is who does it; `None`: the command line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import audit, people, sessions, tokens
from prefstream.adapters.postgres.console.people import NewPerson, Person
from prefstream.console.credentials import TOKEN_PREFIX, hash_of
from prefstream.domain.people import Role
from prefstream.schemas.errors import BadInput


class Unknown(BadInput):
    """There is no such thing."""


class Conflicting(BadInput):
    """It does not go together with what is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token, told once."""

    token_id: str
    token: str
    expires_at: datetime | None


async def add(connection: Connection, by: str | None, new: NewPerson, slices: Sequence[str] = ()) -> Person:
    """Add a person.

    Raises:
        Conflicting: The id or the address is taken.
    """
    if not await people.add(connection, new):
        raise Conflicting(f"the name {new.person_id!r} or the address is taken; choose another")
    await people.set_skills(connection, new.person_id, slices)
    detail = {"role": new.role, "slices": list(slices), "simulated": new.simulated}
    await audit.note(connection, by, "person.added", new.person_id, detail)
    return await found(connection, new.person_id)


async def found(connection: Connection, person_id: str) -> Person:
    """Return a person.

    Raises:
        Unknown: There is none of this id.
    """
    person = await people.person_named(connection, person_id)
    if person is None:
        raise Unknown(f"there is no person {person_id!r}; `prefstream people list` names them")
    return person


async def give_role(connection: Connection, by: str | None, person_id: str, role: Role) -> None:
    """Give a person another role.

    Raises:
        Unknown: There is none of this id.
        Conflicting: Nobody would be left to administer.
    """
    before = await found(connection, person_id)
    if before.role != role:
        await _keep_an_admin(connection, before)
        await people.set_role(connection, person_id, role)
        await audit.note(connection, by, "person.role", person_id, {"from": before.role, "to": role})


async def rename(
    connection: Connection, by: str | None, person_id: str, *, name: str, email: str | None
) -> None:
    """Give a person another name and address.

    Raises:
        Unknown: There is none of this id.
        Conflicting: The address is another's.
    """
    await found(connection, person_id)
    if email and await connection.fetchval(
        "select true from people where lower(email) = lower($1) and person_id <> $2", email, person_id
    ):
        raise Conflicting("the address is taken; choose another")
    await people.set_name(connection, person_id, name=name, email=email)
    await audit.note(connection, by, "person.renamed", person_id)


async def give_password(connection: Connection, by: str | None, person_id: str, password_hash: str) -> None:
    """Give a person another password; all their sessions end.

    Raises:
        Unknown: There is none of this id.
    """
    await found(connection, person_id)
    await people.set_password(connection, person_id, password_hash)
    await sessions.end_all(connection, person_id)
    await audit.note(connection, by, "person.password", person_id)


async def disable(connection: Connection, by: str | None, person_id: str, *, disabled: bool = True) -> None:
    """Keep a person out, at once and with all their tokens, or let them in again.

    Raises:
        Unknown: There is none of this id.
        Conflicting: Nobody would be left to administer.
    """
    before = await found(connection, person_id)
    if disabled:
        await _keep_an_admin(connection, before)
        await sessions.end_all(connection, person_id)
    await people.set_disabled(connection, person_id, disabled=disabled)
    await audit.note(connection, by, "person.disabled" if disabled else "person.enabled", person_id)


async def give_skills(connection: Connection, by: str | None, person_id: str, slices: Sequence[str]) -> None:
    """Say which slices a person may label; none: all of them.

    Raises:
        Unknown: There is none of this id.
    """
    await found(connection, person_id)
    await people.set_skills(connection, person_id, slices)
    await audit.note(connection, by, "person.skills", person_id, {"slices": sorted(set(slices))})


async def issue_token(
    connection: Connection,
    by: str | None,
    person_id: str,
    *,
    name: str,
    days: float | None,
    secret: Callable[[], str],
) -> IssuedToken:
    """Make a token for a person; only its hash is kept.

    Raises:
        Unknown: There is none of this id.
    """
    await found(connection, person_id)
    token, token_id = TOKEN_PREFIX + secret(), secret()[:12]
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    await tokens.issue(
        connection,
        token_hash=hash_of(token),
        token_id=token_id,
        person_id=person_id,
        name=name,
        expires_at=expires_at,
    )
    await audit.note(connection, by, "token.issued", person_id, {"token_id": token_id, "name": name})
    return IssuedToken(token_id=token_id, token=token, expires_at=expires_at)


async def revoke_token(connection: Connection, by: str | None, person_id: str, token_id: str) -> None:
    """Take a token back.

    Raises:
        Unknown: The person has no such token, or it was taken back before.
    """
    if not await tokens.revoke(connection, person_id=person_id, token_id=token_id):
        raise Unknown(f"{person_id!r} has no token {token_id!r} that is good")
    await audit.note(connection, by, "token.revoked", person_id, {"token_id": token_id})


async def _keep_an_admin(connection: Connection, person: Person) -> None:
    """Refuse to take the last administrator away.

    Raises:
        Conflicting: Nobody would be left to administer.
    """
    if person.role is not Role.ADMIN or person.disabled_at is not None:
        return
    # Locked, or two administrators could dismiss each other at the same time.
    rows = await connection.fetch(
        "select person_id from people where role = 'admin' and disabled_at is null order by 1 for update"
    )
    if {row["person_id"] for row in rows} <= {person.person_id}:
        raise Conflicting(f"{person.person_id!r} is the last administrator; make another one first")
