"""An issuer of id tokens on loopback that says whatever a test wants, also what no honest one would."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey


@dataclass(slots=True)
class Issuer:
    """What it says, and what it was asked."""

    address: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first"}))
    #: What goes over the claims of an honest token; `None` takes a claim away.
    claims: dict[str, Any] = field(default_factory=dict)
    #: Signs with this instead of the key that it publishes.
    signs_with: RSAKey | OctKey | None = None
    algorithm: str = "RS256"
    #: Sends this instead of a token.
    token: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    #: The nonce and the challenge that the login brought.
    nonce: str = ""
    challenge: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)

    async def configuration(self, _request: web.Request) -> web.Response:
        """Say where things are."""
        said = {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/jwks",
        }
        return web.json_response(said | self.metadata)

    async def keys(self, _request: web.Request) -> web.Response:
        """Publish the key."""
        return web.json_response({"keys": [self.key.as_dict(private=False)]})

    async def exchange(self, request: web.Request) -> web.Response:
        """Give a token for a code, if the verifier fits the challenge of the login."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form | {"authorization": request.headers.get("Authorization", "")})
        digest = sha256(form.get("code_verifier", "").encode()).digest()
        if urlsafe_b64encode(digest).rstrip(b"=").decode() != self.challenge:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": self._token()})

    def _token(self) -> str:
        if self.token is not None:
            return self.token
        now = int(time.time())
        honest = {
            "iss": self.address,
            "aud": "console",
            "sub": "ada",
            "exp": now + 300,
            "iat": now,
            "nonce": self.nonce,
            "email": "ada@example.org",
            "email_verified": True,
        }
        claims = {name: value for name, value in (honest | self.claims).items() if value is not None}
        key = self.signs_with or self.key
        header = {"alg": self.algorithm, "kid": self.key.kid}
        return jwt.encode(header, claims, key, algorithms=[self.algorithm])


def unsigned_token(claims: dict[str, Any]) -> str:
    """Return a token that nobody signed."""

    def part(value: dict[str, Any]) -> str:
        return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}."


@asynccontextmanager
async def running_issuer() -> AsyncIterator[Issuer]:
    """Run an issuer for as long as the block lasts."""
    issuer = Issuer()
    app = web.Application()
    app.add_routes(
        [
            web.get("/.well-known/openid-configuration", issuer.configuration),
            web.get("/jwks", issuer.keys),
            web.post("/token", issuer.exchange),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        issuer.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield issuer
    finally:
        await runner.cleanup()
