"""Credentials: what is given to people, and the hash that is kept of it."""

from hashlib import sha256

from itsdangerous import BadSignature, Signer

from prefstream.schemas.errors import BadInput

#: By which people and scanners of repositories know one.
TOKEN_PREFIX = "pfs_"  # noqa: S105  a prefix, no token
COOKIE = "prefstream_session"
#: Nobody needs to be asked about what is longer.
_MOST_CHARACTERS = 300


def hash_of(credential: str) -> bytes:
    """Return the hash that the tables keep; what it is made of has 256 bits of chance in it."""
    return sha256(credential.encode("utf-8", "surrogateescape")).digest()


def signed(session_id: str, secret_key: str) -> str:
    """Return what the cookie says of a session."""
    return _signer(secret_key).sign(session_id).decode()


def unsigned(cookie: str, secret_key: str) -> str | None:
    """Return the session that a cookie names, if we signed it."""
    if len(cookie) > _MOST_CHARACTERS:
        return None
    try:
        return _signer(secret_key).unsign(cookie).decode()
    except (BadSignature, UnicodeError):
        return None


def bearer(header: str) -> str | None:
    """Return the token of an `Authorization` header.

    >>> bearer("Bearer pfs_abc"), bearer("Basic abc")
    ('pfs_abc', None)
    """
    kind, _, token = header.partition(" ")
    token = token.strip()
    good = kind.lower() == "bearer" and token.startswith(TOKEN_PREFIX) and len(token) <= _MOST_CHARACTERS
    return token if good else None


def _signer(secret_key: str) -> Signer:
    if not secret_key:
        raise BadInput("the console has no key to sign cookies with; set PREFSTREAM_CONSOLE__SECRET_KEY")
    return Signer(secret_key, salt="prefstream.session", digest_method=sha256)
