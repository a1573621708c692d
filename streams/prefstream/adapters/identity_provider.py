"""An OpenID Connect provider: where people log in elsewhere, and what it says about them."""

import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from prefstream.schemas.errors import BadInput, Unavailable

#: Signatures that prove something; "none" and those by a shared secret do not.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_TIMEOUT_S = 10.0
#: Seconds for which keys and addresses of the provider are remembered.
_KEPT_S = 3600.0
#: Bad tokens must not make us ask for the keys more often than this.
_KEYS_AT_LEAST_S = 60.0
#: Clocks may differ by this much.
_LEEWAY_S = 60
_MOST_BYTES = 1_000_000
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class NotProven(BadInput):
    """The provider did not prove who logs in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The console as the provider knows it."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A login under way; all three are chance that nobody can guess."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who logged in, as the provider says."""

    #: The same for ever, and of nobody else: issuer and subject.
    subject: str
    #: Only if the provider has verified it.
    email: str | None
    name: str
    #: What they like to be called, e.g. their user name; chosen by themselves.
    nickname: str


class IdentityProvider:
    """Speaks with one provider; its addresses and keys are asked for when they are needed first."""

    def __init__(self, registration: Registration) -> None:
        parts = urlsplit(registration.issuer)
        if parts.scheme != "https" and not _on_this_machine(parts.hostname or ""):
            raise BadInput(
                f"the identity provider {registration.issuer} must be reached by https; correct it"
            )
        self._registration = registration
        self._kept_until_s = 0.0
        self._asked_s = 0.0
        self._metadata: Mapping[str, Any] = {}
        self._keys: KeySet | None = None

    async def address(self, attempt: Attempt) -> str:
        """Return where to send the browser.

        Raises:
            Unavailable: The provider does not answer.
        """
        metadata = await self._known()
        query = {
            "response_type": "code",
            "client_id": self._registration.client_id,
            "redirect_uri": self._registration.redirect_uri,
            "scope": "openid email profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": _challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        endpoint: str = metadata["authorization_endpoint"]
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def identity(self, code: str, attempt: Attempt) -> Identity:
        """Return who logged in.

        Args:
            code: What the browser brought back.
            attempt: The login that this browser began.

        Raises:
            NotProven: The code or the token is not good.
            Unavailable: The provider does not answer.
        """
        metadata = await self._known()
        answer = await self._exchanged(metadata, code, attempt)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise NotProven("the identity provider sent no id token; it must be allowed the scope openid")
        try:
            return self._read(token, attempt)
        except NotProven:
            if time.monotonic() - self._asked_s < _KEYS_AT_LEAST_S:
                raise
        # The provider may have changed its keys since we asked for them.
        self._kept_until_s = 0.0
        await self._known()
        return self._read(token, attempt)

    def _read(self, token: str, attempt: Attempt) -> Identity:
        """Check the id token (OpenID Connect Core 1.0, 3.1.3.7) and read it."""
        issuer, client_id = self._registration.issuer, self._registration.client_id
        registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": attempt.nonce},
            azp={"essential": False, "value": client_id},
        )
        assert self._keys is not None, "asked for with the metadata"
        try:
            claims = jwt.decode(token, self._keys, algorithms=_ALGORITHMS).claims
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            raise NotProven(f"the identity provider's token is not good: {error}") from error
        verified = claims.get("email_verified") is True
        email = claims.get("email")
        return Identity(
            subject=f"{issuer} {claims['sub']}",
            email=str(email) if verified and email else None,
            name=str(claims.get("name") or claims.get("preferred_username") or ""),
            nickname=str(claims.get("preferred_username") or email or claims["sub"]),
        )

    async def _exchanged(self, metadata: Mapping[str, Any], code: str, attempt: Attempt) -> Mapping[str, Any]:
        told = self._registration
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": told.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        ways = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        headers = {}
        if told.client_secret and "client_secret_basic" in ways:
            # Both are form-encoded before they are joined (RFC 6749, 2.3.1).
            joined = f"{quote(told.client_id, safe='')}:{quote(told.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {b64encode(joined.encode()).decode()}"
        else:
            form |= {"client_id": told.client_id}
            form |= {"client_secret": told.client_secret} if told.client_secret else {}
        async with _client() as client:
            return await _document(
                client.post(metadata["token_endpoint"], data=form, headers=headers), refused=NotProven
            )

    async def _known(self) -> Mapping[str, Any]:
        """Return the provider's addresses; its keys are asked for with them."""
        if time.monotonic() < self._kept_until_s:
            return self._metadata
        issuer = self._registration.issuer
        async with _client() as client:
            address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
            metadata = await _document(client.get(address), refused=Unavailable)
            if metadata.get("issuer") != issuer:
                raise Unavailable(f"the identity provider {issuer} calls itself {metadata.get('issuer')!r}")
            if lacking := [name for name in _ENDPOINTS if not isinstance(metadata.get(name), str)]:
                raise Unavailable(f"the identity provider {issuer} does not say its {', '.join(lacking)}")
            keys = await _document(client.get(metadata["jwks_uri"]), refused=Unavailable)
        try:
            self._keys = KeySet.import_key_set(keys)  # type: ignore[arg-type]  # it is checked there
        except (JoseError, KeyError, ValueError, TypeError) as error:
            raise Unavailable(
                f"the keys of the identity provider {issuer} cannot be read: {error}"
            ) from error
        self._metadata, self._asked_s = metadata, time.monotonic()
        self._kept_until_s = self._asked_s + _KEPT_S
        return metadata


def _client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False)


async def _document(asked: Any, *, refused: type[Exception]) -> Mapping[str, Any]:
    """Return the JSON object that is answered; `refused` is raised for a 4xx."""
    try:
        answer: httpx2.Response = await asked
    except (httpx2.HTTPError, OSError) as error:
        raise Unavailable(f"the identity provider does not answer: {type(error).__name__}") from error
    if 400 <= answer.status_code < 500:
        raise refused(f"the identity provider refuses this with {answer.status_code}; try again")
    try:
        document = answer.json() if answer.is_success and len(answer.content) <= _MOST_BYTES else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Unavailable(f"the identity provider answers {answer.status_code} and no JSON object")
    return document


def _challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636).

    >>> _challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _on_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
