"""Sealed bytes: the same for the same, opened only with all their keys."""

from hashlib import blake2b, sha256

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher as Ciphers
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.erasure.sealed import Cipher, OwnerKey, is_sealed, key_ids, unsealed
from prefstream.schemas.codec import ERASED, decode
from prefstream.schemas.errors import Erased, PrefstreamError

PAIR, PERSON = OwnerKey(b"pair-key", b"\x01" * 32), OwnerKey(b"ben's id", b"\x02" * 32)
KEYS = {PAIR.key_id: PAIR.key, PERSON.key_id: PERSON.key}
EVENT = bytes(range(16))


@given(st.binary(max_size=3000))
def test_what_is_sealed_opens_again(value: bytes) -> None:
    for owners in ([PAIR], [PAIR, PERSON]):
        sealed, digest = Cipher.of(owners).sealed(EVENT, value)
        assert is_sealed(sealed)
        assert key_ids(sealed) == tuple(one.key_id for one in owners)
        assert unsealed(sealed, KEYS) == value
        assert digest == sha256(value).digest()


def test_the_same_content_gives_the_same_bytes_and_other_content_another_nonce() -> None:
    once, again = (Cipher.of([PAIR]).sealed(EVENT, b"{}")[0] for _ in range(2))
    other = Cipher.of([PAIR]).sealed(EVENT, b"[]")[0]
    assert once == again
    assert once[10:22] != other[10:22]


@pytest.mark.parametrize("left", [{}, {PAIR.key_id: PAIR.key}, {PERSON.key_id: PERSON.key}])
def test_one_destroyed_key_of_two_takes_the_content_away(left: dict[bytes, bytes]) -> None:
    sealed, _ = Cipher.of([PAIR, PERSON]).sealed(EVENT, b"secret")
    assert unsealed(sealed, left) == ERASED
    with pytest.raises(Erased):
        decode(unsealed(sealed, left))


def test_every_changed_byte_is_found() -> None:
    sealed, _ = Cipher.of([PAIR]).sealed(EVENT, b"secret")
    for place in range(10, len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(PrefstreamError, match="does not open"):
            unsealed(bytes(changed), KEYS)


def test_another_implementation_opens_it_as_the_format_says() -> None:
    sealed, digest = Cipher.of([PAIR, PERSON]).sealed(EVENT, b"secret")
    secret = blake2b(key=PAIR.key + PERSON.key, person=b"prefstream seal1", digest_size=64).digest()
    nonce = blake2b(EVENT + digest, key=secret[32:], digest_size=12).digest()
    head = b"\x01\x02" + PAIR.key_id + PERSON.key_id
    encryptor = Ciphers(algorithms.AES(secret[:32]), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(head)
    text = encryptor.update(b"secret") + encryptor.finalize()
    assert sealed == head + nonce + text + encryptor.tag


@pytest.mark.parametrize("value", [b'{"type":1}', ERASED, b"", None])
def test_plain_and_erased_values_are_not_sealed(value: bytes | None) -> None:
    assert not is_sealed(value)
