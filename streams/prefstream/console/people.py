"""People over HTTP, for administrators: who there is, what they may do, their tokens."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from prefstream.adapters.postgres.console import people, tokens
from prefstream.adapters.postgres.console.people import NewPerson, Person
from prefstream.console import passwords, people_acts
from prefstream.console.documents import problems
from prefstream.console.parts import TheParts
from prefstream.console.principals import Administers
from prefstream.domain.people import PERSON_ID, Role
from prefstream.schemas.ids import Identifier

router = APIRouter(prefix="/api/v1/people", tags=["people"], responses=problems(404, 409))

PersonId = Annotated[str, Field(pattern=PERSON_ID)]
Named = Annotated[str, Path(pattern=PERSON_ID, description="The person's id.")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Email = Annotated[str, Field(max_length=300, pattern=r"^[^@\s]+@[^@\s]+$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$")]
Password = Annotated[
    SecretStr, Field(min_length=passwords.FEWEST_CHARACTERS, max_length=passwords.MOST_CHARACTERS)
]
Slices = Annotated[list[Identifier], Field(max_length=1000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PersonToAdd(_Body):
    """Somebody who is to be let in."""

    person_id: PersonId
    name: Name
    role: Role
    email: Email | None = None
    #: Without one they log in by the identity provider or by tokens alone.
    password: Password | None = None
    #: Slices they may label; none: all of them.
    slices: Slices = []
    simulated: bool = False
    language: Language = "en"


class PersonChange(_Body):
    """What is to be changed about somebody; what is left out stays."""

    name: Name | None = None
    email: Email | None = None
    role: Role | None = None
    slices: Slices | None = None
    password: Password | None = None
    disabled: bool | None = None


class PersonShown(BaseModel):
    """Somebody, as administrators see them."""

    model_config = ConfigDict(from_attributes=True)

    person_id: str
    name: str
    email: str | None
    role: Role
    slices: list[str]
    simulated: bool
    language: str
    has_password: bool
    disabled_at: datetime | None
    paused_at: datetime | None
    paused_until: datetime | None
    paused_why: str | None
    created_at: datetime


class PeopleShown(BaseModel):
    """A page of people."""

    people: list[PersonShown]
    #: Ask with this as `after` for more; `None`: these are all.
    next: str | None


class TokenToIssue(_Body):
    """A token that is to be made."""

    #: What it is for.
    name: Name
    #: Days until it ends; `None`: it does not.
    days: Annotated[float, Field(gt=0, le=3660)] | None = 90


class TokenIssued(BaseModel):
    """A token, told this once."""

    model_config = ConfigDict(from_attributes=True)

    token_id: str
    token: str
    expires_at: datetime | None


class TokenShown(BaseModel):
    """What is known of a token."""

    token_id: str
    name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@router.get("", summary="List people")
async def list_people(
    parts: TheParts,
    _admin: Administers,
    after: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> PeopleShown:
    """Return people in the order of their ids."""
    found = await people.everybody(parts.pool, after=after, limit=limit)
    more = found[-1].person_id if len(found) == limit else None
    return PeopleShown(people=[_shown(one) for one in found], next=more)


@router.post("", status_code=HTTPStatus.CREATED, summary="Let somebody in")
async def add_person(person: PersonToAdd, parts: TheParts, admin: Administers) -> PersonShown:
    """Add a person, or a service, with a role."""
    password_hash = await _hashed(person.password)
    new = NewPerson(
        person_id=person.person_id,
        name=person.name,
        role=person.role,
        email=person.email,
        password_hash=password_hash,
        simulated=person.simulated,
        language=person.language,
    )
    async with parts.pool.acquire() as connection, connection.transaction():
        return _shown(await people_acts.add(connection, admin.person_id, new, person.slices))


@router.get("/{person_id}", summary="Show somebody")
async def show_person(person_id: Named, parts: TheParts, _admin: Administers) -> PersonShown:
    """Return a person."""
    async with parts.pool.acquire() as connection:
        return _shown(await people_acts.found(connection, person_id))


@router.patch("/{person_id}", summary="Change somebody")
async def change_person(
    person_id: Named, change: PersonChange, parts: TheParts, admin: Administers
) -> PersonShown:
    """Change name, role, slices or password, disable or enable; all of it or nothing."""
    by, password_hash = admin.person_id, await _hashed(change.password)
    async with parts.pool.acquire() as connection, connection.transaction():
        before = await people_acts.found(connection, person_id)
        if change.name is not None or "email" in change.model_fields_set:
            email = change.email if "email" in change.model_fields_set else before.email
            await people_acts.rename(connection, by, person_id, name=change.name or before.name, email=email)
        if change.role is not None:
            await people_acts.give_role(connection, by, person_id, change.role)
        if change.slices is not None:
            await people_acts.give_skills(connection, by, person_id, change.slices)
        if password_hash is not None:
            await people_acts.give_password(connection, by, person_id, password_hash)
        if change.disabled is not None:
            await people_acts.disable(connection, by, person_id, disabled=change.disabled)
        return _shown(await people_acts.found(connection, person_id))


@router.get("/{person_id}/tokens", summary="List somebody's tokens")
async def list_tokens(person_id: Named, parts: TheParts, _admin: Administers) -> list[TokenShown]:
    """Return what is known of a person's tokens; never the tokens."""
    async with parts.pool.acquire() as connection:
        await people_acts.found(connection, person_id)
        return [TokenShown.model_validate(one) for one in await tokens.tokens_of(connection, person_id)]


@router.post("/{person_id}/tokens", status_code=HTTPStatus.CREATED, summary="Make a token")
async def issue_token(
    person_id: Named, token: TokenToIssue, parts: TheParts, admin: Administers
) -> TokenIssued:
    """Make a token for a person; the answer says it this once."""
    async with parts.pool.acquire() as connection, connection.transaction():
        issued = await people_acts.issue_token(
            connection, admin.person_id, person_id, name=token.name, days=token.days, secret=parts.secret
        )
    return TokenIssued.model_validate(issued)


@router.delete(
    "/{person_id}/tokens/{token_id}", status_code=HTTPStatus.NO_CONTENT, summary="Take a token back"
)
async def revoke_token(
    person_id: Named,
    token_id: Annotated[str, Path(max_length=100)],
    parts: TheParts,
    admin: Administers,
) -> None:
    """Take a token back; it is refused from now on."""
    async with parts.pool.acquire() as connection, connection.transaction():
        await people_acts.revoke_token(connection, admin.person_id, person_id, token_id)


async def _hashed(password: SecretStr | None) -> str | None:
    return None if password is None else await passwords.hashed_aside(password.get_secret_value())


def _shown(person: Person) -> PersonShown:
    values: dict[str, Any] = {name: getattr(person, name) for name in PersonShown.model_fields}
    return PersonShown(**values)
