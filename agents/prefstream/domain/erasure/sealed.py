"""Sealed bytes: AES-256-GCM under the keys of their owners, the same bytes for the same content.

    0x01 | number of owners (1) | key id of each (8) | nonce (12) | ciphertext and tag (16 more)

The nonce is a keyed hash of the event's id and the digest of its content (as in SIV constructions): sealing
the same again gives the same bytes, so that a rebuilt archive equals the one before, and other content never
meets the same nonce. The secret comes from the keys of all owners by keyed BLAKE2b (RFC 7693), a
pseudorandom function that takes both keys of a label as its 64 bytes of key and costs a sixth of HKDF:
one destroyed key of them is enough to take the content away.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b, sha256
from typing import Final, NamedTuple, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from prefstream.schemas.codec import ERASED
from prefstream.schemas.errors import PrefstreamError

SEALED: Final = 1
#: Content belongs to one or two; the keys of more would not fit into one key.
_HEADS: Final = (b"", bytes((SEALED, 1)), bytes((SEALED, 2)))
KEY_BYTES: Final = 32
ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_PERSON: Final = b"prefstream seal1"


class OwnerKey(NamedTuple):
    """The key of one owner, and the random id by which sealed bytes name it."""

    key_id: bytes
    key: bytes


class Cipher:
    """Seals and opens what belongs to the same owners."""

    __slots__ = ("_aes", "_head", "_nonce_key")

    def __init__(self, head: bytes, secret: bytes) -> None:
        """Take what the bytes begin with and 64 secret bytes."""
        self._head = head
        self._aes = AESGCM(secret[:KEY_BYTES])
        self._nonce_key = secret[KEY_BYTES:]

    @classmethod
    def of(cls, keys: Sequence[OwnerKey]) -> Self:
        """Return the cipher of content that belongs to all of these."""
        joined = b"".join([one.key for one in keys])
        head = _HEADS[len(keys)] + b"".join([one.key_id for one in keys])
        return cls(head, blake2b(key=joined, person=_PERSON).digest())

    def sealed(self, event_id: bytes, value: bytes) -> tuple[bytes, bytes]:
        """Return the sealed bytes and the SHA-256 of the plain ones."""
        digest = sha256(value).digest()
        nonce = blake2b(event_id + digest, key=self._nonce_key, digest_size=_NONCE_BYTES).digest()
        head = self._head
        return b"".join((head, nonce, self._aes.encrypt(nonce, value, head))), digest

    def opened(self, value: bytes) -> bytes:
        """Return the plain bytes.

        Raises:
            PrefstreamError: They were changed, or sealed under other keys.
        """
        start = len(self._head)
        nonce, rest = value[start : start + _NONCE_BYTES], value[start + _NONCE_BYTES :]
        try:
            return self._aes.decrypt(nonce, rest, self._head)
        except InvalidTag as error:
            raise PrefstreamError(
                "sealed content does not open: the archive or the table content_keys was changed"
            ) from error


def is_sealed(value: bytes | None) -> bool:
    """Return whether these bytes have to be opened before they can be read."""
    return value is not None and value[:1] == b"\x01"


def key_ids(value: bytes) -> tuple[bytes, ...]:
    """Return the ids of the keys under which bytes are sealed."""
    places = (2 + ID_BYTES * number for number in range(value[1]))
    return tuple(value[at : at + ID_BYTES] for at in places)


def unsealed(value: bytes, keys: Mapping[bytes, bytes]) -> bytes:
    """Return the plain bytes of sealed ones; `ERASED` where one of their keys is gone.

    Args:
        value: Sealed bytes.
        keys: Those keys that are there, by id.

    >>> key = OwnerKey(b"8 bytes!", bytes(32))
    >>> value, digest = Cipher.of([key]).sealed(b"16 bytes of uuid", b'{"a":1}')
    >>> unsealed(value, {key.key_id: key.key}), unsealed(value, {}) == ERASED
    (b'{"a":1}', True)
    """
    found = [OwnerKey(one, keys[one]) for one in key_ids(value) if one in keys]
    if not found or len(found) < value[1]:
        return ERASED
    return Cipher.of(found).opened(value)
