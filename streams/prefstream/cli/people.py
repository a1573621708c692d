"""`prefstream people`: who may use the console."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from prefstream.cli.console import note, print_json, say

if TYPE_CHECKING:
    from prefstream.adapters.postgres.connection import Connection

app = typer.Typer(help="Let people and services into the console.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON document for machines.")]
Who = Annotated[str, typer.Argument(metavar="NAME", help="The person's id, as labels carry it.")]
Roles = Annotated[str, typer.Option(help="viewer, annotator, reviewer, qa_lead, admin or service.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password and show it once.")]
T = TypeVar("T")


@app.command()
def add(  # noqa: PLR0913, PLR0917  one option each
    name: Who,
    role: Roles = "annotator",
    full_name: Annotated[str, typer.Option(help="What pages call them; empty: the id.")] = "",
    email: Annotated[str, typer.Option(help="Logs in too, and is known to an identity provider.")] = "",
    slice_: Annotated[
        list[str] | None, typer.Option("--slice", help="A slice they may label; give it again. Default: all.")
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the pages, e.g. en or de.")] = "en",
    generate: Generate = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="They log in elsewhere, or by tokens alone.")
    ] = False,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Not a person: all it does says so.")
    ] = False,
    json: Json = False,
) -> None:
    """Let somebody in; the password is asked for, or made with --generate.

    Example: prefstream people add ada --role admin --generate
    """
    from prefstream.adapters.postgres.console.people import NewPerson
    from prefstream.console import people_acts

    checked = _role(role)
    password = None if no_password or checked == "service" else _password(generate=generate)
    new = NewPerson(
        person_id=_person_id(name),
        name=full_name or name,
        role=checked,
        email=email or None,
        password_hash=_hashed(password),
        simulated=simulated,
        language=language,
    )
    person = _done(lambda connection: people_acts.add(connection, None, new, slice_ or ()))
    told: dict[str, Any] = {"person_id": person.person_id, "role": person.role}
    _tell(told, password if generate else None, json=json)


@app.command("list")
def list_(json: Json = False) -> None:
    """List who may use the console.

    Example: prefstream people list
    """
    from dataclasses import asdict

    from prefstream.adapters.postgres.console.people import everybody

    found = _done(lambda connection: everybody(connection, limit=100_000))
    if json:
        print_json({"people": [asdict(one) for one in found]})
        return
    for one in found:
        state = "disabled" if one.disabled_at else "paused" if one.paused_at else ""
        slices = ", ".join(one.slices) or "all slices"
        say(f"{one.person_id:<24} {one.role:<10} {slices:<24} {state}".rstrip())
    if not found:
        note("nobody yet: prefstream people add NAME --role admin --generate")


@app.command("role")
def role_(name: Who, role: Annotated[str, typer.Argument(help="The new role.")], json: Json = False) -> None:
    """Give somebody another role.

    Example: prefstream people role ada reviewer
    """
    from prefstream.console import people_acts

    checked = _role(role)
    _done(lambda connection: people_acts.give_role(connection, None, name, checked))
    _tell({"person_id": name, "role": checked}, None, json=json)


@app.command()
def password(name: Who, generate: Generate = False, json: Json = False) -> None:
    """Give somebody another password; their sessions end.

    Example: prefstream people password ada --generate
    """
    from prefstream.console import people_acts

    chosen = _password(generate=generate)
    password_hash = _hashed(chosen) or ""
    _done(lambda connection: people_acts.give_password(connection, None, name, password_hash))
    _tell({"person_id": name}, chosen if generate else None, json=json)


@app.command()
def skills(
    name: Who,
    slices: Annotated[list[str] | None, typer.Argument(help="Slices; none: all of them.")] = None,
    json: Json = False,
) -> None:
    """Say which slices somebody may label.

    Example: prefstream people skills ada law medicine
    """
    from prefstream.console import people_acts

    _done(lambda connection: people_acts.give_skills(connection, None, name, slices or ()))
    _tell({"person_id": name, "slices": slices or []}, None, json=json)


@app.command()
def disable(
    name: Who,
    undo: Annotated[bool, typer.Option("--undo", help="Let them in again.")] = False,
    json: Json = False,
) -> None:
    """Keep somebody out from now on; what they labelled stays.

    Example: prefstream people disable ada
    """
    from prefstream.console import people_acts

    _done(lambda connection: people_acts.disable(connection, None, name, disabled=not undo))
    _tell({"person_id": name, "disabled": not undo}, None, json=json)


@app.command()
def token(
    name: Who,
    for_: Annotated[str, typer.Option("--for", help="What it is for.")] = "command line",
    days: Annotated[float, typer.Option(help="Days until it ends; 0: it does not.", min=0)] = 90.0,
    revoke: Annotated[str, typer.Option(help="Take the token of this id back instead.")] = "",
    json: Json = False,
) -> None:
    """Make a token for the API and show it once, or take one back.

    Example: prefstream people token loader --for nightly
    """
    import secrets

    from prefstream.console import people_acts

    if revoke:
        _done(lambda connection: people_acts.revoke_token(connection, None, name, revoke))
        _tell({"person_id": name, "revoked": revoke}, None, json=json)
        return
    issued = _done(
        lambda connection: people_acts.issue_token(
            connection,
            None,
            name,
            name=for_,
            days=days or None,
            secret=lambda: secrets.token_urlsafe(32),
        )
    )
    if json:
        print_json({"person_id": name, "token_id": issued.token_id, "token": issued.token})
    else:
        say(issued.token)
        note(f"token {issued.token_id} of {name}; it is not shown again")


def _done(act: "Callable[[Connection], Awaitable[T]]") -> T:
    """Do something in one transaction on the deployment's database."""
    from prefstream.adapters.postgres.connection import connect
    from prefstream.adapters.settings import Settings
    from prefstream.adapters.signals import run_to_the_end
    from prefstream.streams.places import find_places

    places = find_places(Settings())

    async def work() -> T:
        connection = await connect(places.dsn.get_secret_value())
        try:
            async with connection.transaction():
                return await act(connection)
        finally:
            await connection.close()

    return run_to_the_end(work)


def _role(role: str) -> Any:
    from prefstream.domain.people import Role
    from prefstream.schemas.errors import BadInput

    if role not in list(Role):
        raise BadInput(f"there is no role {role!r}; there are {', '.join(Role)}")
    return Role(role)


def _person_id(name: str) -> str:
    import re

    from prefstream.domain.people import PERSON_ID
    from prefstream.schemas.errors import BadInput

    if not re.fullmatch(PERSON_ID, name):
        raise BadInput(
            f"{name!r} cannot name a person: letters, digits and . _ @ + - only, at most 100, "
            "and a letter or digit first"
        )
    return name


def _password(*, generate: bool) -> str:
    if generate:
        import secrets

        return secrets.token_urlsafe(15)
    chosen: str = typer.prompt("password", hide_input=True, confirmation_prompt=True, err=True)
    return chosen


def _hashed(password: str | None) -> str | None:
    from prefstream.cli.console_command import need_server

    need_server()
    from prefstream.console.passwords import hashed

    return None if password is None else hashed(password)


def _tell(told: dict[str, Any], password: str | None, *, json: bool) -> None:
    if json:
        print_json(told | ({"password": password} if password else {}))
        return
    say(", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in told.items()))
    if password:
        say(f"password: {password}")
        note("it is not shown again")
