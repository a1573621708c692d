"""Logging in by an OpenID Connect provider: there and back, and whom of ours its word means."""

import re
from http import HTTPStatus
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer

from prefstream.adapters.identity_provider import Attempt, Identity, IdentityProvider, Registration
from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import people
from prefstream.adapters.postgres.console.people import NewPerson
from prefstream.console import people_acts
from prefstream.console.credentials import hash_of
from prefstream.console.parts import Parts, TheParts
from prefstream.console.problems import Problem
from prefstream.console.sessions import begin_session, local_path, over_https
from prefstream.domain.people import Role

router = APIRouter(prefix="/login/oidc", include_in_schema=False)

COOKIE = "prefstream_login"
#: Seconds that somebody may take to log in elsewhere.
_TAKES_S = 600
_STRANGE = re.compile(r"[^a-z0-9._-]+")


@router.get("")
async def go(request: Request, parts: TheParts, next: str = "/") -> RedirectResponse:  # noqa: A002
    """Send the browser to the provider; a cookie remembers which login this is."""
    attempt = Attempt(state=parts.secret(), nonce=parts.secret(), verifier=parts.secret() + parts.secret())
    address = await _provider(request, parts).address(attempt)
    answer = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    said = orjson.dumps([attempt.state, attempt.nonce, attempt.verifier, local_path(next)]).decode()
    answer.set_cookie(
        COOKIE,
        _serializer(parts).dumps(said),
        max_age=_TAKES_S,
        path=router.prefix,
        httponly=True,
        samesite="lax",
        secure=over_https(request, parts),
    )
    return answer


@router.get("/back")
async def back(
    request: Request,
    parts: TheParts,
    code: Annotated[str, Query(max_length=5000)] = "",
    state: Annotated[str, Query(max_length=500)] = "",
    iss: Annotated[str, Query(max_length=500)] = "",
    error: Annotated[str, Query(max_length=500)] = "",
) -> RedirectResponse:
    """Take the browser back in: only if this login began here, and the provider proves who it is."""
    attempt, to = _attempt(request, parts)
    if not state or state != attempt.state or iss not in {"", parts.settings.console.oidc_issuer}:
        raise _refused("this login did not begin here; begin again")
    if error or not code:
        raise _refused("the identity provider let nobody in; begin again, or log in with a password")
    identity = await _provider(request, parts).identity(code, attempt)
    async with parts.pool.acquire() as connection, connection.transaction():
        person_id = await _ours(connection, parts, identity)
    answer = RedirectResponse(to, HTTPStatus.SEE_OTHER)
    await begin_session(request, answer, parts, person_id)
    answer.delete_cookie(COOKIE, path=router.prefix)
    return answer


async def _ours(connection: Connection, parts: Parts, identity: Identity) -> str:
    """Return whom of ours the provider means; whom it does not, becomes one only if the settings say so."""
    person_id = await people.known_elsewhere(connection, subject=identity.subject, email=identity.email)
    if person_id is not None:
        person = await people_acts.found(connection, person_id)
        if person.disabled_at is not None:
            raise _refused("you may not log in any more; ask an administrator")
        return person_id
    role = parts.settings.console.oidc_new_role
    if not role:
        raise _refused(
            "the identity provider knows you, but nobody has let you in here; ask an administrator"
        )
    new = NewPerson(
        person_id=_free_id(identity),
        name=(identity.name or identity.nickname)[:200],
        role=Role(role),
        email=identity.email,
        oidc_subject=identity.subject,
    )
    return (await people_acts.add(connection, None, new)).person_id


def _free_id(identity: Identity) -> str:
    """Return an id that nobody else can come by: a nickname is chosen by whoever bears it."""
    plain = _STRANGE.sub("-", identity.nickname.partition("@")[0].lower()).strip("-._")[:60]
    return f"{plain or 'person'}-{hash_of(identity.subject).hex()[:8]}"


def _attempt(request: Request, parts: Parts) -> tuple[Attempt, str]:
    try:
        said = _serializer(parts).loads(request.cookies.get(COOKIE, ""), max_age=_TAKES_S)
    except BadSignature as error:
        raise _refused("this login did not begin here, or took too long; begin again") from error
    state, nonce, verifier, to = orjson.loads(said)
    return Attempt(state=state, nonce=nonce, verifier=verifier), to


def _provider(request: Request, parts: Parts) -> IdentityProvider:
    console = parts.settings.console
    if not console.oidc_issuer:
        raise Problem(404, "no identity provider is set up here; log in with a password")
    known: IdentityProvider | None = getattr(request.app.state, "identity_provider", None)
    if known is None:
        ours = console.public_url or f"{request.url.scheme}://{request.url.netloc}"
        known = IdentityProvider(
            Registration(
                issuer=console.oidc_issuer,
                client_id=console.oidc_client_id,
                client_secret=console.oidc_client_secret.get_secret_value(),
                redirect_uri=f"{ours.rstrip('/')}{router.prefix}/back",
            )
        )
        request.app.state.identity_provider = known
    return known


def _serializer(parts: Parts) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        parts.settings.console.secret_key.get_secret_value(), salt="prefstream.login"
    )


def _refused(detail: str) -> Problem:
    return Problem(403, detail, kind="login_refused")
