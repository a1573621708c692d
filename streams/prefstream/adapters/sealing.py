"""The deployment's own key, under which the keys of owners can be kept.

Without one they stand in the database as they are: whoever has all of the database can read all of it, and
erasing protects what is elsewhere (exports of the archive, copies without the table `content_keys`).
With one, a copy of the whole database is of no use without the file either.
"""

import base64
import binascii
from functools import lru_cache
from pathlib import Path
from typing import Final

from prefstream.adapters.settings import Settings
from prefstream.domain.erasure.sealed import KEY_BYTES, OwnerKey
from prefstream.schemas.errors import BadInput

#: Completes the random id of a key, which is used once, to a nonce.
_NONCE_END: Final = bytes(4)


def wrapping_key() -> bytes | None:
    """Return the key that the settings name; `None`: they name none.

    Raises:
        BadInput: The file cannot be read or is no key.
    """
    path = Settings().sealing_key_file
    return None if path is None else key_in(path)


@lru_cache(maxsize=4)
def key_in(path: Path) -> bytes:
    """Return the key in a file: 32 bytes in hex or Base64.

    Raises:
        BadInput: The file cannot be read or is no key.
    """
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the sealing key {path} cannot be read: {error}") from error
    for read in (bytes.fromhex, lambda said: base64.b64decode(said, validate=True)):
        try:
            key = read(text)
        except (ValueError, binascii.Error):
            continue
        if len(key) == KEY_BYTES:
            return key
    raise BadInput(f"{path} is no sealing key: write 32 random bytes in hex, e.g. openssl rand -hex 32")


def wrapped(one: OwnerKey, master: bytes) -> bytes:
    """Return an owner's key under the deployment's."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(master).encrypt(one.key_id + _NONCE_END, one.key, one.key_id)


def unwrapped(key_id: bytes, value: bytes, master: bytes | None) -> bytes:
    """Return an owner's key from what the database has.

    Raises:
        BadInput: The deployment's key is not set, or is another one.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if master is None:
        raise BadInput(
            "content is sealed under a key that is kept in a file; name it by PREFSTREAM_SEALING_KEY_FILE"
        )
    try:
        return AESGCM(master).decrypt(key_id + _NONCE_END, value, key_id)
    except InvalidTag as error:
        raise BadInput("PREFSTREAM_SEALING_KEY_FILE is not the key that content was sealed under") from error
