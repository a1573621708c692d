"""Passwords: argon2id, in threads of their own, as slow for names that nobody has."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from prefstream.schemas.errors import BadInput

if TYPE_CHECKING:
    from argon2 import PasswordHasher

FEWEST_CHARACTERS = 12
MOST_CHARACTERS = 1000
#: Hashed at once; each takes 64 MiB and a core.
_AT_ONCE = 2


def hashed(password: str) -> str:
    """Return the hash of a password that somebody chose.

    Raises:
        BadInput: It is too short, or longer than any password.
    """
    if not FEWEST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise BadInput(f"a password has {FEWEST_CHARACTERS} to {MOST_CHARACTERS} characters; choose another")
    try:
        return _hasher().hash(password)
    except UnicodeEncodeError as error:
        raise BadInput("the password holds half a character; choose another") from error


async def hashed_aside(password: str) -> str:
    """Do as `hashed` without holding the loop up."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), hashed, password)


async def right(password: str, password_hash: str | None) -> bool:
    """Return whether this is the password; it takes as long where there is none."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), _right, password, password_hash)


def _right(password: str, password_hash: str | None) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > MOST_CHARACTERS:
        return False
    try:
        _hasher().verify(password_hash or _nobodys(), password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return password_hash is not None


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobodys() -> str:
    return _hasher().hash("the password of nobody")


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="argon2")
