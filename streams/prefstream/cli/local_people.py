"""Accounts that commands make for themselves in a deployment of this machine."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prefstream.adapters.postgres.connection import Connection
    from prefstream.adapters.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAdmin:
    """An administrator made by a command."""

    person_id: str
    password: str
    #: Good for a day.
    token: str


def local_admin(settings: "Settings", person_id: str) -> LocalAdmin:
    """Make an administrator, or give one that was made before a new password, and return how to log in.

    It is marked as simulated: a label given with it enters no release.

    Raises:
        Unavailable: Nothing runs here, or the database is away.
    """
    import secrets

    from prefstream.adapters.postgres.connection import connect
    from prefstream.adapters.signals import run_to_the_end
    from prefstream.console import passwords
    from prefstream.streams.places import find_places

    places, password = find_places(settings), secrets.token_urlsafe(9)
    password_hash = passwords.hashed(password)

    async def make() -> str:
        connection = await connect(places.dsn.get_secret_value())
        try:
            async with connection.transaction():
                return await _made(connection, person_id, password_hash)
        finally:
            await connection.close()

    return LocalAdmin(person_id=person_id, password=password, token=run_to_the_end(make))


async def _made(connection: "Connection", person_id: str, password_hash: str) -> str:
    import secrets

    from prefstream.adapters.postgres.console.people import NewPerson, person_named
    from prefstream.console import people_acts
    from prefstream.domain.people import Role

    if await person_named(connection, person_id) is None:
        new = NewPerson(person_id=person_id, name=person_id, role=Role.ADMIN, simulated=True)
        await people_acts.add(connection, None, new)
    await people_acts.give_password(connection, None, person_id, password_hash)
    issued = await people_acts.issue_token(
        connection,
        None,
        person_id,
        name="made by a command",
        days=1,
        secret=lambda: secrets.token_urlsafe(32),
    )
    return issued.token
